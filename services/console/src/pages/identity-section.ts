/** One mail address beside several phones: who is it? */
import type { IdentityConflict } from '../data/problems.ts';
import { html, type Content, type Html } from '../html.ts';
import { counted, type Clock } from '../words/time.ts';
import { askForm } from './ask.ts';
import { phoneWords, time, typed } from './parts.ts';

const LEADS: [string, string, string] = ['заявка', 'заявки', 'заявок'];
const SALES: [string, string, string] = ['покупка', 'покупки', 'покупок'];
/** Shown at once; the next ones move up as these are decided. */
const SHOWN = 10;

export const CONFLICT_COUNT: [string, string, string] = ['адрес', 'адреса', 'адресов'];

/** The lines of the section, and in its place the question that is being asked. */
export function conflictLines(
  conflicts: readonly IdentityConflict[],
  ask: { key: string; form: Html } | undefined,
  clock: Clock,
): Html {
  const lines = conflicts.slice(0, SHOWN).map((conflict) => line(conflict, ask, clock));
  return html`<ul class="items">
    ${lines}${conflicts.length > SHOWN && html`<li><span class="soft">и ещё ${conflicts.length - SHOWN}</span><span></span></li>`}
  </ul>`;
}

function line(
  { id, email, noticedAt, people }: IdentityConflict,
  ask: { key: string; form: Html } | undefined,
  clock: Clock,
): Html {
  const buttons = html`<div class="row">
    <a class="btn" href="/problems?ask=identity&group=${id}#ask">Один человек</a>
    <form method="post" action="/problems/identity">
      <input type="hidden" name="conflict" value="${id}" />
      <button class="btn btn-quiet" name="decided" value="different">Разные люди</button>
    </form>
  </div>`;
  return html`<li class="identity">
    <span
      >${typed(email, 80)}
      ${people.map((each) => html`<span class="sub">${personWords(each)}</span>`)}</span
    >${time(noticedAt, clock)} ${ask?.key === id ? ask.form : buttons}
  </li>`;
}

function personWords({
  phone,
  leadId,
  name,
  leads,
  sales,
}: IdentityConflict['people'][number]): Content {
  const who = typed(name, 60) ?? (leadId ? 'Без имени' : 'Ученик');
  const facts = [leads && counted(leads, LEADS), sales > 0 && counted(sales, SALES)].filter(
    (fact) => typeof fact === 'string',
  );
  return html`${phone === null ? 'без телефона' : phoneWords(phone)}:
  ${leadId ? html`<a href="/leads/${leadId}">${who}</a>` : who}${facts.length > 0 && `, ${facts.join(', ')}`}`;
}

export function askSame({ id, people }: IdentityConflict): Html {
  return askForm({
    action: '/problems/identity',
    hidden: [
      ['conflict', id],
      ['decided', 'same'],
    ],
    back: '/problems',
    question: 'Это один человек?',
    will: [
      `В отчётах и в истории ${counted(people.length, ['человек станет', 'человека станут', 'человек станут'])} одним`,
      'Покупки засчитаются рекламе, с которой он пришёл впервые или в последний раз',
    ],
    willNot: ['Сделки в AmoCRM не изменятся', 'Разделить обратно нельзя'],
    button: 'Объединить',
  });
}

/** Проблемы: what waits for a person, grouped by its cause. */
import type { Verdict } from '@leadwire/operations/dead-letters/redrive';
import {
  MOST_SHOWN,
  type IdentityConflict,
  type NamedLead,
  type Unknown,
} from '../data/problems.ts';
import type { AttributionConflict } from '../data/attribution.ts';
import { html, type Content, type Html } from '../html.ts';
import { amount, counted, type Clock } from '../words/time.ts';
import { askForm } from './ask.ts';
import { ATTRIBUTION_COUNT, attributionLines } from './attribution-section.ts';
import type { DeadGroup } from './dead-groups.ts';
import { CONFLICT_COUNT, conflictLines } from './identity-section.ts';
import { empty, icon, notice, time, typed } from './parts.ts';

export interface ProblemsShown {
  groups: readonly DeadGroup[];
  /** Undefined while the broker does not answer. */
  isBrokerAway: boolean;
  names: ReadonlyMap<string, NamedLead>;
  held: readonly NamedLead[];
  unknown: readonly Unknown[];
  conflicts: readonly IdentityConflict[];
  tags: readonly AttributionConflict[];
  /** What is being asked, by the group that it is about. */
  ask?: { key: string; form: Html } | undefined;
  told?: Content;
  isOwner: boolean;
  clock: Clock;
}

const MESSAGES: [string, string, string] = ['сообщение', 'сообщения', 'сообщений'];
const LEADS: [string, string, string] = ['заявка', 'заявки', 'заявок'];
/** Leads of a group that are named on the page. */
const NAMED = 10;

export function problemsPage(shown: ProblemsShown): Html {
  const { groups, held, unknown, conflicts, tags, told, isBrokerAway } = shown;
  const letters = groups.reduce((sum, { letters: own }) => sum + own.length, 0);
  const all = letters + held.length + unknown.length + conflicts.length + tags.length;
  const lede =
    all === 0
      ? 'Решать нечего.'
      : html`<b>${amount(all)}${held.length === MOST_SHOWN && '+'} ждут вашего решения.</b> Ничего
          не потеряно: всё лежит и уйдёт, как только вы скажете.`;
  const sections = [
    ...groups.map((group) => deadSection(group, shown)),
    unknown.length > 0 && unknownSection(shown),
    ...heldSections(shown),
    conflicts.length > 0 && conflictSection(shown),
    tags.length > 0 && tagSection(shown),
  ];
  const calm = html`<section class="card">
    ${empty('circle-check', 'Всё разобрано', 'Когда что-нибудь не получится, оно появится здесь с объяснением и кнопкой.')}
  </section>`;
  const away =
    isBrokerAway &&
    notice(
      'Очередь не отвечает: того, что не удалось обработать, сейчас не видно. Заявки принимаются и не теряются.',
      false,
    );
  return html`<div class="head">
      <div>
        <h1>Проблемы</h1>
        <p class="lede">${lede}</p>
      </div>
    </div>
    <div class="stack">${told}${away}${all === 0 && !isBrokerAway ? calm : sections}</div>`;
}

function section(options: {
  id: string;
  tone: string;
  icon: string;
  title: Content;
  count: string;
  text: Content;
  body: Content;
}): Html {
  const { id, tone, icon: name, title, count, text, body } = options;
  return html`<section class="card cause" aria-labelledby="${id}">
    <div class="cause-head">
      <span class="knot knot-${tone}">${icon(name)}</span>
      <h2 id="${id}">${title} <span class="cause-n">${count}</span></h2>
      <p>${text}</p>
    </div>
    <div class="cause-body">${body}</div>
  </section>`;
}

const leadLine = ({ id, name }: NamedLead, at: string | null, clock: Clock, more?: Content) =>
  html`<li>
    <span><a href="/leads/${id}">${typed(name, 80) ?? 'Без имени'}</a>${more}</span
    >${at ? time(at, clock) : html`<span></span>`}
  </li>`;

function deadSection(group: DeadGroup, shown: ProblemsShown): Html {
  const { ask, names, isOwner, clock } = shown;
  const { key, letters } = group;
  const newest = [...letters].reverse().slice(0, NAMED);
  const lines = newest.map((letter) => {
    const lead = names.get(letter.leadId ?? '');
    const at = letter.at.toISOString();
    if (lead) return leadLine(lead, at, clock);
    return html`<li>
      <span>${typed(letter.subject.split('.')[0], 40)} № ${letter.seq}</span>${time(at, clock)}
    </li>`;
  });
  const query = (what: string) => `/problems?ask=${what}&group=${encodeURIComponent(key)}#ask`;
  const buttons = html`<div class="row row-fill">
    <a class="btn" href="${query('redrive')}">Отправить ещё раз</a>
    ${isOwner && html`<a class="btn btn-quiet" href="${query('drop')}">Убрать совсем</a>`}
  </div>`;
  const [last] = newest;
  const body = html`${ask?.key === key ? ask.form : buttons}
    <ul class="items">
      ${lines}${letters.length > NAMED && html`<li><span class="soft">и ещё ${amount(letters.length - NAMED)}</span><span></span></li>`}
    </ul>
    ${
      last &&
      html`<details class="what">
        <summary>Подробности</summary>
        <p class="tech">${typed(last.error, 400)}</p>
      </details>`
    }`;
  return section({
    id: `dead-${key.replace(/\W/g, '-')}`,
    tone: 'bad',
    icon: 'octagon-x',
    title: `${group.title}: ${group.cause}`,
    count: counted(letters.length, MESSAGES),
    text: group.meaning,
    body,
  });
}

/** What the broker's ledger foresees, in numbers. */
export function askRedrive(group: DeadGroup, verdicts: readonly Verdict[]): Html {
  const count = (act: Verdict['act']) => verdicts.filter((each) => each.act === act).length;
  const [again, settled, left] = [count('redrive'), count('settle'), count('leave')];
  const all = counted(verdicts.length, MESSAGES);
  return askForm({
    action: '/problems/redrive',
    hidden: [['group', group.key]],
    back: '/problems',
    question: `Отправить ${all}?`,
    will: again > 0 ? [html`<b>${amount(again)}</b> уйдёт заново`] : [],
    willNot: [
      settled > 0 && html`<b>${amount(settled)}</b> уже решено иначе: просто уберём отсюда`,
      left > 0 && html`<b>${amount(left)}</b> останется: могло уже дойти, решайте по заявке`,
      'Что уже отправлено, второй раз не уйдёт',
    ].filter((line) => line !== false),
    button: again > 0 ? `Отправить ${counted(again, MESSAGES)}` : 'Убрать решённое',
  });
}

export function askDrop(group: DeadGroup): Html {
  const count = group.letters.length;
  return askForm({
    action: '/problems/drop',
    hidden: [['group', group.key]],
    back: '/problems',
    question: `Убрать ${counted(count, MESSAGES)} совсем?`,
    will: [],
    willNot: ['Это не будет отправлено никогда, вернуть нельзя', 'Сами заявки останутся'],
    typed: { label: `Напишите число, ${count}`, name: 'sure' },
    button: `Убрать ${counted(count, MESSAGES)}`,
  });
}

function unknownSection({ unknown, clock }: ProblemsShown): Html {
  const lines = unknown.map(({ lead, channel, at }) =>
    leadLine(
      lead,
      at,
      clock,
      html` <span class="sub">${channel === 'sms' ? 'SMS' : 'письмо'}</span>`,
    ),
  );
  return section({
    id: 'unknown',
    tone: 'warn',
    icon: 'unknown',
    title: 'Неизвестно, дошло ли',
    count: counted(unknown.length, MESSAGES),
    text: 'Сервис отправки не может сказать, ушло ли сообщение. Откройте заявку: позвоните человеку или отправьте ещё раз.',
    body: html`<ul class="items">
      ${lines}
    </ul>`,
  });
}

function conflictSection({ conflicts, ask, clock }: ProblemsShown): Html {
  return section({
    id: 'identities',
    tone: 'warn',
    icon: 'unknown',
    title: 'Одна почта, разные телефоны',
    count: `${conflicts.length === MOST_SHOWN ? 'больше ' : ''}${counted(conflicts.length, CONFLICT_COUNT)}`,
    text: 'Это может быть один человек с двумя номерами, семья или опечатка. Пока вы не решите, в отчётах это разные люди. Письма, SMS и сделки от этого не зависят.',
    body: conflictLines(conflicts, ask, clock),
  });
}

function tagSection({ tags, clock }: ProblemsShown): Html {
  return section({
    id: 'tags',
    tone: 'warn',
    icon: 'unknown',
    title: 'Метки не сходятся',
    count: `${tags.length === MOST_SHOWN ? 'больше ' : ''}${counted(tags.length, ATTRIBUTION_COUNT)}`,
    text: 'У ученика записана одна реклама, а в его заявке другая. Отчёты считают по заявке. Решите, что должно стоять у ученика.',
    body: attributionLines(tags, clock),
  });
}

const HELD: Readonly<Record<string, readonly [string, string]>> = {
  honeypot: [
    'В карантине: похоже на бота',
    'Заполнено поле, которого человек не видит. Им ничего не отправлено.',
  ],
  flood: [
    'Придержано: слишком много сразу',
    'Заявки пришли гораздо чаще обычного. Им ничего не отправлено, пока вы не решите.',
  ],
  challenge: [
    'В карантине: проверка не пройдена',
    'Форма не подтвердила, что её заполнял человек. Им ничего не отправлено.',
  ],
};

function heldSections({ held, ask, isOwner, clock }: ProblemsShown): Html[] {
  const reasons = [...new Set(held.map(({ quarantine }) => quarantine ?? 'honeypot'))];
  return reasons.map((reason) => {
    const own = held.filter(({ quarantine }) => (quarantine ?? 'honeypot') === reason);
    const [title, text] = HELD[reason] ?? [`Придержано: ${reason}`, 'Им ничего не отправлено.'];
    const all =
      isOwner &&
      html`<div class="row row-fill">
        <a class="btn" href="/problems?ask=release&group=${reason}#ask">Пропустить все</a>
      </div>`;
    return section({
      id: `held-${reason}`,
      tone: 'hold',
      icon: 'shield-alert',
      title,
      count: `${own.length === MOST_SHOWN ? 'больше ' : ''}${counted(own.length, LEADS)}`,
      text,
      body: html`${ask?.key === reason ? ask.form : all}
        <ul class="items">
          ${own.slice(0, NAMED * 2).map((lead) => leadLine(lead, lead.created_at, clock))}
        </ul>`,
    });
  });
}

export function askRelease(reason: string, count: number): Html {
  const leads = counted(count, LEADS);
  return askForm({
    action: '/problems/release',
    hidden: [['group', reason]],
    back: '/problems',
    question: `Пропустить ${leads}?`,
    will: ['Уйдут письма и SMS, создадутся сделки, узнают группы в Telegram'],
    willNot: ['Кому уже пропускали, второй раз не уйдёт'],
    typed: { label: `Напишите число, ${count}`, name: 'sure' },
    button: `Пропустить ${leads}`,
  });
}

/** Two subjects or texts of one campaign: begun, waited for, and which one won. */
import type {
  CampaignView,
  SubjectTestView,
  TemplateView,
} from '@leadwire/operations/campaigns/campaign-view';
import { html, type Html } from '../html.ts';
import { textTitle } from '../words/campaigns.ts';
import { moment, type Clock } from '../words/time.ts';
import { card, field } from './campaign-cards.ts';
import { status, typed } from './parts.ts';

/** Two subjects, or two texts, on a part of the list. */
export function subjectsForm(
  campaign: CampaignView,
  people: number,
  templates: readonly TemplateView[],
): Html | undefined {
  if (campaign.channel !== 'email' || people < 10) return undefined;
  const line = (name: string, label: string) =>
    field(
      name,
      label,
      html`<input class="input" id="${name}" name="${name}" required maxlength="150" />`,
    );
  const mails = templates.filter(({ channels }) => channels.includes('email'));
  const choice = (name: string, label: string, chosen: string | undefined) =>
    field(
      name,
      label,
      html`<select class="input" id="${name}" name="${name}">
        ${mails.map((each) => html`<option value="${each.name}" ${each.name === chosen && html` selected`}>${textTitle(each)}</option>`)}
      </select>`,
    );
  const other = mails.find(({ name }) => name !== campaign.template)?.name;
  return card(
    'subjects',
    'Проба двух вариантов',
    html`<p class="hint">
        Половина пробы получит А, половина Б. Остальные сами получат то, по чему больше переходят.
      </p>
      ${tryForm(campaign, people, { word: 'тем', key: 's', fields: [line('a', 'Тема А'), line('b', 'Тема Б')] })}
      ${mails.length > 1 && tryForm(campaign, people, { word: 'текст', key: 't', fields: [choice('textA', 'Текст А', campaign.template), choice('textB', 'Текст Б', other)] })}`,
  );
}

interface Tried {
  /** The beginning of the word. */
  word: 'тем' | 'текст';
  /** Keeps the fields of the two forms apart. */
  key: string;
  fields: Html[];
}

function tryForm(campaign: CampaignView, people: number, { word, key, fields }: Tried): Html {
  const two = word === 'тем' ? 'две темы' : 'два текста';
  const withTwo = word === 'тем' ? 'двумя темами' : 'двумя текстами';
  const input = (name: string, mode: string, value: string) =>
    html`<input
      class="input"
      id="${key}-${name}"
      name="${name}"
      inputmode="${mode}"
      value="${value}"
      required
      autocomplete="off"
    />`;
  return html`<details class="what">
    <summary>Попробовать ${two}</summary>
    <form class="stack-s" method="post" action="/campaigns/${campaign.id}/subjects">
      ${fields}
      ${field(`${key}-share`, 'На скольких пробуем, % списка', input('share', 'numeric', '20'))}
      ${field(`${key}-wait`, 'Сколько часов ждём переходов', input('wait', 'decimal', '4'))}
      ${field(`${key}-sure`, `Сколько всего людей получит письмо: напишите ${people}`, input('sure', 'numeric', ''))}
      <button class="btn btn-danger-final">Запустить с ${withTwo}</button>
    </form>
  </details>`;
}

const nameOfA = ({ subjectA, templateA }: SubjectTestView) => subjectA ?? templateA;
const nameOfB = ({ subjectB, templateB }: SubjectTestView) => subjectB ?? templateB;
const headOf = ({ templateA }: SubjectTestView) => (templateA === null ? 'Две темы' : 'Два текста');

export function waitingCard(test: SubjectTestView, clock: Clock): Html {
  const line = (id: string, name: string | null) =>
    html`<li><a href="/campaigns/${id}">${typed(name, 150)}</a><span></span></li>`;
  const { aId, bId, decideAt } = test;
  return card(
    'subjects',
    headOf(test),
    html`<ul class="items">
        ${line(aId, nameOfA(test))}${line(bId, nameOfB(test))}
      </ul>
      <p>
        ${decideAt ? `Лучший вариант выберем ${moment(decideAt, clock)}, и он сам уйдёт остальным.` : 'Оба варианта сейчас уходят.'}
      </p>`,
  );
}

/** On the page of any of the three campaigns. */
export function triedSubjects(test: SubjectTestView | null, clock: Clock): Html | undefined {
  if (!test) return undefined;
  const won = status({
    tone: 'good',
    icon: 'circle-check',
    word: test.templateA === null ? 'победила' : 'победил',
  });
  const line = (which: 'a' | 'b', id: string, subject: string | null) =>
    html`<li>
      <a href="/campaigns/${id}">${typed(subject, 150)}</a>
      <span>${test.winner === which && test.decidedAt && won}</span>
    </li>`;
  const { decideAt, decidedAt } = test;
  const rest = decidedAt
    ? 'Остальные'
    : decideAt
      ? `Выбор ${moment(decideAt, clock)}`
      : 'Остальные ждут';
  return html`<section class="card w-5" aria-labelledby="h-subjects">
    <div class="card-head"><h2 id="h-subjects">${headOf(test)}</h2></div>
    <ul class="items">
      ${line('a', test.aId, nameOfA(test))}${line('b', test.bId, nameOfB(test))}
      <li><a href="/campaigns/${test.id}">${rest}</a><span></span></li>
    </ul>
  </section>`;
}

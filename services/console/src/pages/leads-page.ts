/** Заявки: the list, its search and its filters. */
import { patternsOf } from '@leadwire/operations/leads/lead-list';
import type { Filters, LeadRow } from '../data/leads.ts';
import { html, type Content, type Html } from '../html.ts';
import { kindWords, paymentWords, sourceWords } from '../words/reasons.ts';
import { dealStatus, messageStatus } from '../words/status.ts';
import { amount, type Clock } from '../words/time.ts';
import type { ListChoice } from './lead-choice.ts';
import { PERIODS } from './lead-choice.ts';
import { contactActs, empty, icon, phoneWords, status, time, typed } from './parts.ts';

export interface LeadsShown {
  rows: readonly LeadRow[];
  /** Undefined past the first page. */
  total: number | null;
  troubled: number | null;
  /** There are more than `total`. */
  isMore: boolean;
  filters: Filters;
  choice: ListChoice;
  /** Where the whole of it is a file. */
  fileHref: string;
  /** Where the next rows are. */
  nextHref: string | undefined;
  isFirst: boolean;
  hasContacts: boolean;
  dealUrl: (dealId: number | null) => string | undefined;
  clock: Clock;
}

/** Counting goes no further: a person needs no exact number beyond it. */
export const COUNT_UP_TO = 5_001;

const shownCount = (count: number) =>
  count >= COUNT_UP_TO ? `больше ${amount(COUNT_UP_TO - 1)}` : amount(count);

export function leadsPage(shown: LeadsShown): Html {
  const { choice, hasContacts, isFirst } = shown;
  const period = PERIODS[choice.period].inWords;
  return html`<div class="head">
      <div>
        <h1>Заявки</h1>
        ${lede(shown, period)}
      </div>
      <a class="btn btn-quiet" href="${shown.fileHref}">${icon('download', 'icon-s')} CSV</a>
    </div>
    <form class="stack" role="search" method="post" action="/leads">
      ${hasContacts && searchField(choice)}
      <div class="filters" role="group" aria-label="Фильтры">
        ${filterParts(shown)}
        ${isFirst && html`<span class="live desk" role="status">новые появляются сами</span>`}
      </div>
    </form>
    <div id="live" ${isFirst && html` data-live`}>${table(shown, period)}</div>`;
}

function lede({ total, troubled, isMore }: LeadsShown, period: string): Content {
  // None among the newest says nothing of those that were not looked at.
  if (total === null || (isMore && total === 0)) return undefined;
  const problems = troubled ? `, из них ${shownCount(troubled)} с проблемами` : '';
  const count = isMore ? `больше ${amount(total)}` : shownCount(total);
  return html`<p class="lede"><b>${count} ${period}</b>${problems}.</p>`;
}

const searchField = (choice: ListChoice) =>
  html`<div class="row">
    <div class="search">
      ${icon('search')}<input
        type="search"
        name="words"
        value="${choice.words}"
        aria-label="Поиск по имени, телефону или почте"
        placeholder="Имя, телефон или почта"
        autocomplete="off"
        maxlength="100"
      />
    </div>
    <button class="btn desk">Найти</button>
  </div>`;

function filterParts({ filters, choice }: LeadsShown): Content {
  const periods = Object.entries(PERIODS).map(
    ([value, { word }]) =>
      html`<label class="check"
        ><input
          type="radio"
          name="period"
          value="${value}"
          ${value === choice.period && html` checked`}
        />${word}</label
      >`,
  );
  return [
    pop(PERIODS[choice.period].word, 'Период', choice.period !== '30', periods),
    choices('Источник', 'sources', filters.sources, choice.sources, sourceWords),
    choices('Форма', 'kinds', filters.kinds, choice.kinds, kindWords),
    choices('Страница', 'campaigns', filters.campaigns, choice.campaigns, (name) => name),
    choices('Этап', 'stages', filters.stages, choice.stages, (name) => name),
    choices('Оплата', 'payments', filters.payments, choice.payments, paymentWords),
    choices('Менеджер', 'managers', filters.managers, choice.managers, managerWords(filters)),
    pop('Ещё', 'Ещё', choice.troubled || choice.quarantined, [
      flag('troubled', 'Только с проблемами', choice.troubled),
      flag('quarantined', 'Только в карантине', choice.quarantined),
    ]),
    choice.isNarrowed &&
      html`<a class="chip" href="/leads">${icon('x', 'icon-s')} Сбросить всё</a>`,
  ];
}

/** Somebody whose recent leads are gone is not named in what there is to choose. */
const managerWords = (filters: Filters) => (id: string) =>
  id === ''
    ? 'Без менеджера'
    : (filters.managers.find(({ value }) => value === id)?.name ?? 'Другой менеджер');

const flag = (name: string, word: string, isSet: boolean) =>
  html`<label class="check"
    ><input type="checkbox" name="${name}" value="1" ${isSet && html` checked`} />${word}</label
  >`;

function choices(
  word: string,
  name: string,
  known: Filters['sources'],
  chosen: readonly string[],
  words: (value: string) => string,
): Content {
  // One that was chosen stays to be taken back, also when no recent lead has it.
  const gone = chosen.filter((value) => !known.some((each) => each.value === value));
  const all = [...known, ...gone.map((value) => ({ value, count: 0, name: null }))];
  if (all.length < 2 && chosen.length === 0) return undefined;
  const boxes = all.map(
    ({ value, count }) =>
      html`<label class="check"
        ><input
          type="checkbox"
          name="${name}"
          value="${value}"
          ${chosen.includes(value) && html` checked`}
        />${typed(words(value), 40)}<span class="n">${amount(count)}</span></label
      >`,
  );
  const [only] = chosen;
  const shown = chosen.length === 1 && only !== undefined ? words(only) : word;
  const summary = chosen.length > 1 ? `${word}: ${chosen.length}` : shown;
  return pop(summary, word, chosen.length > 0, boxes);
}

function pop(summary: string, legend: string, isSet: boolean, boxes: Content): Html {
  return html`<details class="pop-root">
    <summary class="chip${isSet ? ' is-set' : ''}">
      ${typed(summary, 30)} ${icon('chevron-down', 'icon-s')}
    </summary>
    <fieldset class="pop">
      <legend class="unseen">${legend}</legend>
      ${boxes}
      <div class="pop-foot"><button class="btn btn-primary">Показать</button></div>
    </fieldset>
  </details>`;
}

function table(shown: LeadsShown, period: string): Html {
  const { rows, nextHref, isFirst } = shown;
  if (rows.length === 0) return nothing(shown, period);
  const columns: [string, string][] = [
    ['Человек', ''],
    ['Откуда', 'from'],
    ['Форма', 'wide'],
    ['Письмо', ''],
    ['SMS', ''],
    ['Сделка', ''],
  ];
  const head = columns.map(
    ([word, classes]) => html`<th role="columnheader" scope="col" class="${classes}">${word}</th>`,
  );
  return html`<div class="table-box leads-box">
      <table class="table table-cards leads" role="table" aria-label="Заявки, новые сверху">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col" aria-sort="descending">Время</th>
            ${head}
            ${shown.hasContacts && html`<th role="columnheader" scope="col" class="acts">Связаться</th>`}
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${rows.map((row) => leadRow(row, shown))}
        </tbody>
      </table>
    </div>
    <nav class="pager row" aria-label="Страницы">
      ${!isFirst && html`<a class="btn" href="/leads">К новым</a>`}
      ${nextHref && html`<a class="btn" href="${nextHref}">Показать раньше</a>`}
    </nav>`;
}

function nothing({ choice }: LeadsShown, period: string): Html {
  const all = html`<a class="btn" href="/leads">Показать все</a>`;
  if (choice.words) {
    const text = patternsOf(choice.words)
      ? html`${period === 'всего' ? 'Нет' : `${period[0]?.toUpperCase()}${period.slice(1)} нет`}
        заявок с «${typed(choice.words, 60)}». Номер можно писать как угодно, пробелы не важны.`
      : 'Для поиска нужны хотя бы две буквы или цифры.';
    return html`<section class="card">${empty('search', 'Ничего не нашлось', text, all)}</section>`;
  }
  const text = choice.isNarrowed
    ? 'С такими фильтрами заявок нет.'
    : 'Как только кто-нибудь оставит заявку, она появится здесь сама.';
  return html`<section class="card">
    ${empty('inbox', choice.isNarrowed ? 'Ничего не нашлось' : 'Заявок пока нет', text, choice.isNarrowed ? all : undefined)}
  </section>`;
}

/** Who it is: the name, or the number of the lead for whoever may not see names. */
export const personName = (row: Pick<LeadRow, 'id' | 'name'>, hasContacts: boolean) =>
  hasContacts ? (typed(row.name, 80) ?? 'Без имени') : `Заявка ${row.id.slice(-6).toUpperCase()}`;

function leadRow(row: LeadRow, { hasContacts, dealUrl, clock }: LeadsShown): Html {
  const contact = row.phone ? phoneWords(row.phone) : row.email;
  const cell = (classes: string, content: Content) =>
    html`<td role="cell" class="${classes}">${content}</td>`;
  const named = (name: string, content: Content) =>
    html`<span class="cell-name">${name}</span>${content}`;
  return html`<tr role="row" data-row="${row.id}">
    ${cell('time', row.created_at && time(row.created_at, clock))}
    <th role="rowheader" scope="row" class="person">
      <a href="/leads/${row.id}">${personName(row, hasContacts)}</a>
      ${contact && html`<span class="sub">${typed(contact, 60)}</span>`}
    </th>
    ${cell('from', html`${typed(sourceWords(row.utm_source), 40)} ${row.utm_content && html`<span class="sub">${typed(row.utm_content, 40)}</span>`}`)}
    ${cell('wide cards-skip', kindWords(row.kind))}
    ${cell('mail', named('Письмо', status(mailStatusOf(row, clock))))}
    ${cell('sms', named('SMS', status(smsStatusOf(row, clock))))}
    ${cell('deal', named('Сделка', html`${status(dealStatus(row))}${managerOf(row)}`))}
    ${hasContacts && cell('acts', contactActs(row.phone, dealUrl(row.amocrm_deal_id)))}
  </tr>`;
}

const managerOf = ({ manager }: LeadRow): Content =>
  manager &&
  html`<span class="sub"
    >${icon('hand', 'icon-s')}
    <span class="unseen">Взял(а) в работу: </span>${typed(manager, 40)}</span
  >`;

/** Messages are planned within moments; a lead without any after that gets none. */
const PLANNED_MS = 5 * 60_000;

const isFresh = ({ kind, created_at: at }: LeadRow, clock: Clock) =>
  kind !== 'request' && at !== null && clock.now().getTime() - Date.parse(at) < PLANNED_MS;

export const mailStatusOf = (row: LeadRow, clock: Clock) =>
  messageStatus(
    {
      status: row.email_status,
      isComing: isFresh(row, clock),
      dueAt: row.email_due,
      deliveredAt: row.email_delivered_at,
      openedAt: row.email_opened_at,
      clickedAt: row.email_clicked_at,
      bouncedAt: row.email_bounced_at,
      reason: row.email_error,
    },
    row.quarantined,
    clock,
  );

export const smsStatusOf = (row: LeadRow, clock: Clock) =>
  messageStatus(
    {
      status: row.sms_status,
      isComing: isFresh(row, clock),
      dueAt: row.sms_due,
      deliveredAt: row.sms_delivered_at,
      clickedAt: row.sms_clicked_at,
      reason: row.sms_error,
    },
    row.quarantined,
    clock,
  );

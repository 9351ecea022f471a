/** Отчёты: one sentence, the sums beside those of before, then the table. */
import {
  ratiosOf,
  type Grouping,
  type Ratios,
  type Report,
  type ReportQuery,
} from '@leadwire/operations/reports/report';
import { groupingWords } from '@leadwire/operations/reports/report-words';
import { html, type Content, type Html } from '../html.ts';
import { sourceWords } from '../words/reasons.ts';
import { amount } from '../words/time.ts';
import { empty, icon, typed } from './parts.ts';
import { funnel, shortDay, trendChart } from './report-chart.ts';
import { LAST_DAYS, reportHref, type ReportChoice } from './report-choice.ts';
import { percent, reportTable } from './report-table.ts';

export interface ReportShown {
  report: Report;
  before: Report;
  /** The period that it is compared with. */
  then: Pick<ReportQuery, 'since' | 'until'>;
  choice: ReportChoice;
  isOwner: boolean;
  isOwnTags: boolean;
  cohorts: Content;
  told?: Content;
}

const DAY_WORDS: Readonly<Record<(typeof LAST_DAYS)[number], string>> = {
  7: '7 дней',
  30: '30 дней',
  90: '90 дней',
  365: 'Год',
};

export function reportsPage(shown: ReportShown): Html {
  const { report, before, then, choice, isOwner, told } = shown;
  const { total } = report;
  const isEmpty =
    total.leads === 0 && total.sales === 0 && total.refunds === 0 && total.spend === null;
  const spendButton = isOwner && html`<a class="btn" href="/reports/spend">Внести расход</a>`;
  return html`<div class="head">
      <div>
        <h1>Отчёты</h1>
        <p class="lede">${isEmpty ? 'За эти дни ничего не было.' : lede(shown)}</p>
      </div>
      ${spendButton && html`<div class="row">${spendButton}</div>`}
    </div>
    <div class="stack">
      ${told}${chooser(shown)}
      ${
        isEmpty
          ? html`<section class="card">
              ${empty('chart-no-axes-column', 'Пока пусто', shown.isOwnTags ? 'Заявок с вашими метками за эти дни нет. Выберите другой период.' : 'Заявок и продаж за эти дни нет. Выберите другой период.')}
            </section>`
          : html`${stats(report, before)}
              <div class="grid">
                <section class="card card-col w-7" aria-labelledby="h-trend">
                  <div class="card-head">
                    <h2 id="h-trend">Заявки по дням</h2>
                    <ul class="legend">
                      ${key('line', periodWords(choice))}${key('line line-then', periodWords(then))}
                    </ul>
                  </div>
                  ${trendChart(report, before, choice, then)}
                </section>
                <section class="card w-5" aria-labelledby="h-fun">
                  <div class="card-head">
                    <h2 id="h-fun">Путь до покупки</h2>
                    <p class="soft">% от заявок</p>
                  </div>
                  ${funnel(total)}${stages(report)}
                </section>
              </div>
              ${reportTable(report, choice)}${shown.cohorts}`
      }
    </div>`;
}

const UNKNOWN: Ratios = { cpl: null, cac: null, romi: null };

const key = (classes: string, word: string) =>
  html`<li>
    <svg class="key" aria-hidden="true">
      <line class="${classes}" x1="1" x2="17" y1="5" y2="5"></line>
    </svg>
    ${word}
  </li>`;

/** «1–25 ноя» or «28 окт – 26 ноя» */
function periodWords({ since, until }: Pick<ReportQuery, 'since' | 'until'>): string {
  return since === until ? shortDay(since) : `${shortDay(since)} – ${shortDay(until)}`;
}

function lede({ report }: ReportShown): Content {
  const { paid, total } = report;
  const { sales, revenue, spend } = total;
  if (paid?.spend) {
    const back = Math.round((paid.revenue / paid.spend) * 100);
    const verdict = back >= 100 ? 'Реклама окупается' : 'Реклама пока не окупается';
    return html`<b>${verdict}: на каждые 100 ₸ расхода пришло ${amount(back)} ₸ выручки.</b> Продажи
      за эти дни ещё прибавятся: они считаются по дню заявки.`;
  }
  const sold =
    sales > 0
      ? html`<b>Продаж ${amount(sales)} на ${amount(Math.round(revenue))} ₸.</b>`
      : html`<b>Продаж по этим заявкам пока нет.</b>`;
  return html`${sold}${spend === null && ' Расход не внесён, поэтому цены заявки и окупаемости здесь нет.'}`;
}

function chooser({ choice, report, isOwnTags }: ReportShown): Html {
  const link = (isHere: boolean, href: string, word: string) =>
    html`<a href="${href}" ${isHere && html` aria-current="true"`}>${word}</a>`;
  const periods = LAST_DAYS.map((lastDays) =>
    link(choice.lastDays === lastDays, reportHref(choice, { lastDays }), DAY_WORDS[lastDays]),
  );
  const parts = (Object.keys(groupingWords) as Grouping[])
    .filter((by) => !isOwnTags || by !== 'targetologist')
    .map((by) =>
      link(choice.by === by, reportHref(choice, { by, sort: undefined }), groupingWords[by]),
    );
  return html`<div class="filters" role="group" aria-label="Что показать">
    <nav class="seg" aria-label="Период">${periods}</nav>
    ${ownPeriod(choice)}
    <nav class="seg seg-wrap" aria-label="Разрез">${parts}</nav>
    ${filterChips(choice, report)}
    <nav class="seg" aria-label="Касание">
      ${link(choice.touch === 'first', reportHref(choice, { touch: 'first' }), 'Первое касание')}
      ${link(choice.touch === 'last', reportHref(choice, { touch: 'last' }), 'Последнее')}
    </nav>
  </div>`;
}

/** What it is narrowed to; a click takes it away again. */
function filterChips(choice: ReportChoice, report: Report): Content {
  const { source, campaign, manager } = choice;
  const chip = (word: string, value: string, change: Partial<ReportChoice>) =>
    html`<a class="chip is-set" href="${reportHref(choice, change)}"
      >${word}: ${typed(value, 40)} ${icon('x', 'icon-s')}<span class="unseen">, убрать</span></a
    >`;
  return [
    source !== undefined &&
      chip('Источник', sourceWords(source), {
        source: undefined,
        campaign: undefined,
        by: 'source',
      }),
    campaign !== undefined &&
      chip('Кампания', campaign || 'без кампании', { campaign: undefined, by: 'campaign' }),
    manager !== undefined &&
      chip('Менеджер', report.manager ?? 'без менеджера', { manager: undefined, by: 'manager' }),
  ];
}

function ownPeriod(choice: ReportChoice): Html {
  const { since, until, by, touch, source, campaign, manager, lastDays } = choice;
  const hidden = Object.entries({ by, touch, source, campaign, manager }).flatMap(
    ([name, value]) =>
      value === undefined ? [] : html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  const field = (name: string, word: string, value: string) =>
    html`<div class="field">
      <label for="${name}">${word}</label
      ><input class="input" type="date" id="${name}" name="${name}" value="${value}" required />
    </div>`;
  return html`<details class="pop-root">
    <summary class="chip${lastDays === undefined ? ' is-set' : ''}">
      ${icon('calendar', 'icon-s')} ${periodWords(choice)}
    </summary>
    <form class="pop" method="get" action="/reports">
      ${field('since', 'С', since)}${field('until', 'По', until)} ${hidden}
      <div class="pop-foot"><button class="btn btn-primary">Показать</button></div>
    </form>
  </details>`;
}

function stats({ total: now, paid }: Report, { total: then, paid: paidThen }: Report): Html {
  // Of all leads together a price would be that of leads nobody has paid for as well.
  const [ratios, old] = [paid, paidThen].map((each) => (each ? ratiosOf(each) : UNKNOWN)) as [
    Ratios,
    Ratios,
  ];
  const money = (value: number | null) =>
    value === null ? '—' : `${amount(Math.round(value))}\u00A0₸`;
  const tile = (word: string, shown: string, was: Content) =>
    html`<div>
      <dt>${word}</dt>
      <dd>${shown}</dd>
      <dd>${was}</dd>
    </div>`;
  const cpl = tile('CPL', money(ratios.cpl), change(ratios.cpl, old.cpl, 'down'));
  return html`<dl class="stats">
    ${tile('Заявки', amount(now.leads), change(now.leads, then.leads, 'up'))}
    ${tile('Продажи', amount(now.sales), change(now.sales, then.sales, 'up'))}
    ${tile('Выручка', money(now.revenue), change(now.revenue, then.revenue, 'up'))}
    ${tile('Расход', money(now.spend), now.spend === null ? 'не внесён' : change(now.spend, then.spend, 'none'))}
    ${cpl}
    ${tile('ROMI', percent(ratios.romi), `по выручке${old.romi === null ? '' : `, было ${percent(old.romi)}`}`)}
  </dl>`;
}

function change(now: number | null, then: number | null, good: 'up' | 'down' | 'none'): Content {
  if (now === null || then === null) return 'раньше неизвестно';
  const was = `было ${amount(Math.round(then))}`;
  if (then === 0 || Math.round(now) === Math.round(then)) return was;
  const isUp = now > then;
  const tone = good === 'none' ? '' : (good === 'up') === isUp ? ' good' : ' bad';
  const by = Math.round((Math.abs(now - then) / then) * 100);
  return html`<span class="delta${tone}">${isUp ? '↑' : '↓'} ${amount(by)}&nbsp;%</span> ${was}`;
}

function stages({ stages: found }: Report): Content {
  if (found.length === 0) return undefined;
  return html`<h3 class="stages-head">Где сделки сейчас</h3>
    <ul class="lines">
      ${found.slice(0, 8).map(({ stage, count }) => html`<li><span>${typed(stage, 60) ?? 'Этап неизвестен'}</span> <span>${amount(count)}</span></li>`)}
    </ul>`;
}

/** Leads by day beside the period before, and the way from a lead to a sale. */
import {
  addDays,
  daysIn,
  type Report,
  type ReportQuery,
  type Sums,
} from '@leadwire/operations/reports/report';
import { html, type Html } from '../html.ts';
import { amount } from '../words/time.ts';

const TOP = 10;
const BOTTOM = 86;
const MONTHS = ['янв', 'фев', 'мар', 'апр', 'мая', 'июн', 'июл', 'авг', 'сен', 'окт', 'ноя', 'дек'];

/** «1 ноя» */
export function shortDay(day: string): string {
  const [, month = '1', date = '1'] = day.split('-');
  return `${Number(date)}\u00A0${MONTHS[Number(month) - 1] ?? ''}`;
}

type Period = Pick<ReportQuery, 'since' | 'until'>;

/** How many leads each day of the period had, those without any too. */
function leadsByDay({ days }: Report, period: Period): number[] {
  const known = new Map(days.map(({ day, leads }) => [day, leads]));
  return Array.from({ length: daysIn(period) }, (_, n) => known.get(addDays(period.since, n)) ?? 0);
}

export function trendChart(report: Report, before: Report, period: Period, then: Period): Html {
  const own = leadsByDay(report, period);
  const past = leadsByDay(before, then);
  const most = ceiling(Math.max(4, ...own, ...past));
  const x = (n: number) => ((n / Math.max(1, own.length - 1)) * 100).toFixed(2);
  const y = (value: number) => (BOTTOM - (value / most) * (BOTTOM - TOP)).toFixed(2);
  const line = (values: readonly number[]) =>
    values.map((value, n) => `${n === 0 ? 'M' : 'L'}${x(n)} ${y(value)}`).join('');
  const marks = [1, 2, 3, 4].map((part) => (most / 4) * part);
  const ticks = [
    ...new Set([0, 1, 2, 3, 4].map((part) => Math.round(((own.length - 1) / 4) * part))),
  ];
  const last = own.length - 1;
  return html`<svg class="chart" role="img" aria-labelledby="c-trend-t c-trend-d">
      <title id="c-trend-t">Заявки по дням</title>
      <desc id="c-trend-d">
        Всего ${amount(report.total.leads)}, за столько же дней до этого
        ${amount(before.total.leads)}.
      </desc>
      <line class="base-line" x1="0" x2="100%" y1="${BOTTOM}%" y2="${BOTTOM}%"></line>
      ${marks.map((value) => html`<line class="grid-line" x1="0" x2="100%" y1="${y(value)}%" y2="${y(value)}%"></line><text x="0" y="${y(value)}%" dx="-10" dy="4" text-anchor="end">${amount(value)}</text>`)}
      <svg
        viewBox="0 0 100 100"
        preserveAspectRatio="none"
        width="100%"
        height="100%"
        overflow="visible"
      >
        <path class="line line-then" d="${line(past)}"></path>
        <path class="area" d="${line(own)}L${x(last)} ${BOTTOM}L0 ${BOTTOM}Z"></path>
        <path class="line" d="${line(own)}"></path>
      </svg>
      ${ticks.map((n) => html`<text x="${x(n)}%" y="100%" dy="-2" text-anchor="${n === 0 ? 'start' : n === last ? 'end' : 'middle'}">${shortDay(addDays(period.since, n))}</text>`)}
    </svg>
    ${dayTable(own, past, period)}`;
}

/** The least of 4, 8, 20, 40, 80, 200, … that holds it, so that its quarters are round. */
function ceiling(value: number): number {
  for (let scale = 1; ; scale *= 10) {
    const found = [4, 8, 20, 40].find((step) => step * scale >= value);
    if (found !== undefined) return found * scale;
  }
}

function dayTable(own: readonly number[], past: readonly number[], { since }: Period): Html {
  // Of a year nobody reads every day.
  const step = Math.max(1, Math.ceil(own.length / 31));
  const rows = own.flatMap((_, n) => {
    if (n % step !== 0) return [];
    const sum = (values: readonly number[]) =>
      values.slice(n, n + step).reduce((all, each) => all + each, 0);
    return html`<tr>
      <th scope="row">${step > 1 && 'с '}${shortDay(addDays(since, n))}</th>
      <td class="num">${amount(sum(own))}</td>
      <td class="num">${amount(sum(past))}</td>
    </tr>`;
  });
  return html`<details class="as-table">
    <summary>Показать числами</summary>
    <table class="table">
      <thead>
        <tr>
          <th scope="col">День</th>
          <th scope="col" class="num">Заявки</th>
          <th scope="col" class="num">Раньше</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </details>`;
}

export function funnel({ leads, reachable, delivered, clicked, deals, sales }: Sums): Html {
  const steps: readonly (readonly [string, number])[] = [
    ['Заявки', leads],
    ['Можно связаться', reachable],
    ['Письмо или SMS дошли', delivered],
    ['Перешли по ссылке', clicked],
    ['Есть сделка', deals],
    ['Продажи', sales],
  ];
  const share = (value: number) => (leads === 0 ? 0 : (value / leads) * 100);
  return html`<ol class="funnel">
    ${steps.map(
      ([word, value]) =>
        html`<li>
          <span>${word}</span>
          <span
            ><b>${amount(value)}</b>
            <span class="of">${Math.round(share(value))}&nbsp;%</span></span
          ><svg aria-hidden="true">
            <rect class="bar-bed" width="100%" height="12" rx="3"></rect>
            <rect
              class="bar-fill"
              width="${Math.min(100, share(value)).toFixed(1)}%"
              height="12"
              rx="3"
            ></rect>
          </svg>
        </li>`,
    )}
  </ol>`;
}

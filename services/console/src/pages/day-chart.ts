/** Leads of the day, summed up hour by hour, beside the usual day; the same numbers as a table for whoever wants them. */
import type { Today } from '../data/today.ts';
import { html, type Html } from '../html.ts';
import { amount, clockTime, type Clock } from '../words/time.ts';

const HOURS = 24;
/** The drawing's part of the height: above it the labels of the curve, below it the hours. */
const TOP = 10;
const BOTTOM = 86;

/** Sums at the end of each hour, the first of them 0 at midnight. */
function summed(hours: readonly { hour: number; count: number }[], divisor = 1): number[] {
  const sums = [0];
  for (let hour = 0; hour < HOURS; hour++) {
    const count = hours.find((each) => each.hour === hour)?.count ?? 0;
    sums.push((sums.at(-1) ?? 0) + count / divisor);
  }
  return sums;
}

export function dayChart(today: Today, clock: Clock): Html {
  const hasUsual = today.usualDays > 0;
  const usual = hasUsual ? summed(today.usual, today.usualDays) : [];
  const [hour = 0, minute = 0] = clockTime(clock.now(), clock).split(':').map(Number);
  const until = hour + minute / 60;
  const whole = summed(today.today);
  const count = whole.at(-1) ?? 0;
  const own = [
    ...whole.slice(0, hour + 1).map((sum, index) => [index, sum] as const),
    [until, count] as const,
  ];
  const usualAll = usual.at(-1) ?? 0;
  const most = niceCeiling(Math.max(4, count, usualAll));
  const x = (hours: number) => ((hours / HOURS) * 100).toFixed(2);
  const y = (value: number) => (BOTTOM - (value / most) * (BOTTOM - TOP)).toFixed(2);
  const line = (points: readonly (readonly [number, number])[]) =>
    points.map(([at, value], index) => `${index === 0 ? 'M' : 'L'}${x(at)} ${y(value)}`).join('');
  const marks = [1, 2, 3, 4].map((part) => (most / 4) * part);
  const said = `Сегодня пришло ${amount(count)}.${hasUsual ? ` В такой же день обычно ${amount(Math.round(usualAll))} за весь день.` : ''}`;
  return html`<svg class="chart" role="img" aria-labelledby="c-today-t c-today-d">
      <title id="c-today-t">Заявки сегодня нарастающим итогом</title>
      <desc id="c-today-d">${said}</desc>
      <line class="base-line" x1="0" x2="100%" y1="${BOTTOM}%" y2="${BOTTOM}%"></line>
      ${marks.map((value) => html`<line class="grid-line" x1="0" x2="100%" y1="${y(value)}%" y2="${y(value)}%"></line><text x="0" y="${y(value)}%" dx="-10" dy="4" text-anchor="end">${amount(value)}</text>`)}
      <svg
        viewBox="0 0 100 100"
        preserveAspectRatio="none"
        width="100%"
        height="100%"
        overflow="visible"
      >
        ${hasUsual && html`<path class="line line-then" d="${line(usual.map((sum, index) => [index, sum]))}"></path>`}
        <path class="area" d="${line(own)}L${x(until)} ${BOTTOM}L0 ${BOTTOM}Z"></path>
        <path class="line" d="${line(own)}"></path>
      </svg>
      ${[0, 6, 12, 18, 24].map((at) => html`<text x="${x(at)}%" y="100%" dy="-2" text-anchor="${at === 0 ? 'start' : at === HOURS ? 'end' : 'middle'}">${at}:00</text>`)}
      <circle class="dot" cx="${x(until)}%" cy="${y(count)}%" r="5"></circle>
    </svg>
    ${numbers(whole, usual, until)}`;
}

/** The least of 4, 8, 20, 40, 80, 200, … that holds it, so that its quarters are round. */
function niceCeiling(value: number): number {
  const steps = [4, 8, 20, 40];
  for (let scale = 1; ; scale *= 10) {
    const found = steps.find((step) => step * scale >= value);
    if (found !== undefined) return found * scale;
  }
}

function numbers(whole: readonly number[], usual: readonly number[], until: number): Html {
  const rows = [6, 9, 12, 15, 18, 21, 24].map(
    (hour) =>
      html`<tr>
        <th scope="row">к ${hour}:00</th>
        <td class="num">${hour <= until ? amount(whole[hour] ?? 0) : '—'}</td>
        <td class="num">${usual.length > 0 ? amount(Math.round(usual[hour] ?? 0)) : '—'}</td>
      </tr>`,
  );
  return html`<details class="as-table">
    <summary>Показать числами</summary>
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Час</th>
          <th scope="col" class="num">Сегодня</th>
          <th scope="col" class="num">Обычно</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </details>`;
}

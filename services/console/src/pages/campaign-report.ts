/** The report of a campaign: how far it came, what was followed and when, where there was trouble. */
import type { CampaignSummary } from '@leadwire/operations/campaigns/campaign-view';
import type { CampaignResult } from '@leadwire/operations/campaigns/compare';
import { html, type Content, type Html } from '../html.ts';
import { amount, counted } from '../words/time.ts';
import { status, typed } from './parts.ts';

const MOST_DOMAINS = 10;
const MOST_LINKS = 15;

export function statsOf({ campaign: { counts, channel }, summary }: CampaignResult): Html {
  const share = (part: number, of: number, what: string) =>
    of > 0 ? `${Math.round((part / of) * 100)} % ${what}` : '';
  const stat = (word: string, count: Content, note: string) =>
    html`<div>
      <dt>${word}</dt>
      <dd>${count}</dd>
      <dd>${note}</dd>
    </div>`;
  const { sales, cost, segments } = summary;
  return html`<dl class="stats stats-odd">
    ${stat('Доставлено', amount(counts.delivered), share(counts.delivered, counts.sent, 'отправленных'))}
    ${channel === 'email' && stat('Открыли', amount(counts.opened), share(counts.opened, counts.delivered, 'доставленных'))}
    ${stat('Перешли', amount(counts.clicked), share(counts.clicked, counts.delivered, 'доставленных'))}
    ${stat('Отписались', amount(summary.unsubscribed), counts.complained > 0 ? `и жалоб на спам: ${amount(counts.complained)}` : '')}
    ${stat('Купили за 14 дней', amount(sales.count), sales.count > 0 ? `${amount(Math.round(sales.amount))} ₸` : '')}
    ${cost !== null && stat('Стоило', `${amount(Math.round(cost))} ₸`, `${counted(segments ?? 0, ['часть', 'части', 'частей'])} SMS`)}
  </dl>`;
}

/** Undefined where nothing has been followed yet. */
export function linksCard({ summary: { links } }: CampaignResult): Html | undefined {
  if (links.length === 0) return undefined;
  const most = Math.max(1, ...links.map(({ people }) => people));
  const rows = links.slice(0, MOST_LINKS).map(
    ({ link, people, clicks, early }) =>
      html`<li>
        <span>${linkName(link)} <span class="sub">${clickWords(clicks, early)}</span></span>
        <b>${amount(people)}</b
        ><svg aria-hidden="true">
          <rect class="bar-bed" width="100%" height="12" rx="3"></rect>
          <rect
            class="bar-fill"
            width="${((people / most) * 100).toFixed(1)}%"
            height="12"
            rx="3"
          ></rect>
        </svg>
      </li>`,
  );
  return html`<section class="card w-7" aria-labelledby="h-links">
    <div class="card-head">
      <h2 id="h-links">Ссылки</h2>
      <span class="sub">людей</span>
    </div>
    <ol class="funnel links">
      ${rows}
    </ol>
    <p class="hint">
      Проверки почтовых сервисов открывают ссылки сами: до доставки или в первые 2 секунды после
      неё. В людях их нет.
    </p>
  </section>`;
}

function linkName(link: string): Content {
  if (link === 'unsubscribe') return 'Отписаться';
  return link === '' ? 'Ссылка не из текста' : typed(link.replace(/^https?:\/\//, ''), 120);
}

function clickWords(clicks: number, early: number): string {
  const checks = early > 0 ? `, проверок ${amount(early)}` : '';
  return `переходов ${amount(clicks)}${checks}`;
}

/** When people read it, hour by hour after their copy; undefined while nobody has. */
export function hoursCard({ summary: { hours } }: CampaignResult): Html | undefined {
  if (hours.length === 0) return undefined;
  const last = Math.max(5, ...hours.map(({ hour }) => hour));
  const by = (part: 'opened' | 'clicked') =>
    Array.from(
      { length: last + 1 },
      (_, hour) => hours.find((each) => each.hour === hour)?.[part] ?? 0,
    );
  const [opened, clicked] = [by('opened'), by('clicked')];
  const most = ceiling(Math.max(4, ...opened, ...clicked));
  return html`<section class="card w-5" aria-labelledby="h-hours">
    <div class="card-head"><h2 id="h-hours">Когда читали</h2></div>
    <ul class="legend">
      ${key('line', 'открыли')}${key('line line-2', 'перешли')}
    </ul>
    ${hoursChart(opened, clicked, most)}
    <details class="as-table">
      <summary>Показать числами</summary>
      ${hoursTable(opened, clicked)}
    </details>
  </section>`;
}

const key = (line: string, word: string) =>
  html`<li>
    <svg class="key" aria-hidden="true">
      <line class="${line}" x1="0" x2="100%" y1="50%" y2="50%"></line>
    </svg>
    ${word}
  </li>`;

const TOP = 10;
const BOTTOM = 86;

function hoursChart(opened: readonly number[], clicked: readonly number[], most: number): Html {
  const last = opened.length - 1;
  const x = (hour: number) => ((hour / last) * 100).toFixed(2);
  const y = (value: number) => (BOTTOM - (value / most) * (BOTTOM - TOP)).toFixed(2);
  const line = (values: readonly number[]) =>
    values.map((value, hour) => `${hour === 0 ? 'M' : 'L'}${x(hour)} ${y(value)}`).join('');
  // At the same distance each: hours that are rounded would stand unevenly.
  const step = Math.ceil(last / 4);
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, tick) => tick * step);
  const total = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0);
  return html`<svg class="chart" role="img" aria-labelledby="c-hours-t c-hours-d">
    <title id="c-hours-t">По часам после отправки</title>
    <desc id="c-hours-d">
      За первые ${amount(last + 1)} ч открыли ${amount(total(opened))}, перешли
      ${amount(total(clicked))}.
    </desc>
    <line class="base-line" x1="0" x2="100%" y1="${BOTTOM}%" y2="${BOTTOM}%"></line>
    ${[1, 2, 3, 4].map((part) => html`<line class="grid-line" x1="0" x2="100%" y1="${y((most / 4) * part)}%" y2="${y((most / 4) * part)}%"></line><text x="0" y="${y((most / 4) * part)}%" dx="-10" dy="4" text-anchor="end">${amount((most / 4) * part)}</text>`)}
    <svg
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      width="100%"
      height="100%"
      overflow="visible"
    >
      <path class="line" d="${line(opened)}"></path>
      <path class="line line-2" d="${line(clicked)}"></path>
    </svg>
    ${ticks.map((hour) => html`<text x="${x(hour)}%" y="100%" dy="-2" text-anchor="${hour === 0 ? 'start' : hour === last ? 'end' : 'middle'}">${hour}&nbsp;ч</text>`)}
  </svg>`;
}

/** The least of 4, 8, 20, 40, 80, 200, … that holds it, so that its quarters are round. */
function ceiling(value: number): number {
  for (let scale = 1; ; scale *= 10) {
    const found = [4, 8, 20, 40].find((step) => step * scale >= value);
    if (found !== undefined) return found * scale;
  }
}

function hoursTable(opened: readonly number[], clicked: readonly number[]): Html {
  const rows = opened.flatMap((count, hour) => {
    const follows = clicked[hour] ?? 0;
    if (count + follows === 0) return [];
    return html`<tr>
      <th scope="row">${hour + 1}-й</th>
      <td class="num">${amount(count)}</td>
      <td class="num">${amount(follows)}</td>
    </tr>`;
  });
  return html`<table class="table">
    <thead>
      <tr>
        <th scope="col">Час</th>
        <th scope="col" class="num">Открыли</th>
        <th scope="col" class="num">Перешли</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

type Domain = CampaignSummary['domains'][number];

/** Domains with trouble come first. */
export function domainsCard({ summary: { domains } }: CampaignResult): Html | undefined {
  if (domains.length === 0) return undefined;
  const rows = domains.slice(0, MOST_DOMAINS).map((each) => {
    const { domain, sent, delivered, opened } = each;
    return html`<li>
      <span
        >${typed(domain, 60)}
        <span class="sub"
          >ушло ${amount(sent)}, дошло ${amount(delivered)}, открыли ${amount(opened)}</span
        ></span
      >
      <span>${troubleOf(each)}</span>
    </li>`;
  });
  return html`<section class="card w-7" aria-labelledby="h-domains">
    <div class="card-head"><h2 id="h-domains">По почтовым сервисам</h2></div>
    <ul class="items">
      ${rows}
    </ul>
  </section>`;
}

function troubleOf({ bounced, failed, complained }: Domain): Content {
  const lost = bounced + failed;
  const words = [
    ...(lost > 0 ? [`не дошло ${amount(lost)}`] : []),
    ...(complained > 0 ? [`жалоб ${amount(complained)}`] : []),
  ];
  return words.length > 0 && status({ tone: 'bad', icon: 'octagon-x', word: words.join(', ') });
}

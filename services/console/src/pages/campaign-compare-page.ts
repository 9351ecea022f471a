/** Two campaigns side by side: the same measures of both, and where they differ. */
import {
  measuresOf,
  pointsBetween,
  type CampaignResult,
  type Measure,
  type MeasureName,
} from '@leadwire/operations/campaigns/compare';
import type { CampaignView } from '@leadwire/operations/campaigns/campaign-view';
import { html, type Content, type Html } from '../html.ts';
import { channelWord } from '../words/campaigns.ts';
import { amount, moment, type Clock } from '../words/time.ts';
import { backToCampaigns } from './campaigns-page.ts';
import { empty, typed } from './parts.ts';

const WORDS: Readonly<Record<MeasureName, string>> = {
  sent: 'Отправлено',
  delivered: 'Доставлено',
  bounced: 'Вернулось',
  opened: 'Открыли',
  clicked: 'Перешли',
  unsubscribed: 'Отписались',
  complained: 'Жалобы на спам',
  sales: 'Купили за 14 дней',
  revenue: 'Продажи, ₸',
  cost: 'Стоило, ₸',
};

export interface CompareShown {
  /** Those that have been sent, newest first: what can be chosen. */
  choice: readonly CampaignView[];
  first: CampaignResult | undefined;
  second: CampaignResult | undefined;
  clock: Clock;
}

export function comparePage({ choice, first, second, clock }: CompareShown): Html {
  return html`${backToCampaigns}
    <div class="head">
      <div>
        <h1>Сравнить рассылки</h1>
        <p class="lede">${first && second && verdict(first, second)}</p>
      </div>
    </div>
    <div class="stack">
      ${chooser(choice, first?.campaign.id, second?.campaign.id, clock)}
      ${first && second ? table(first, second) : html`<section class="card">${empty('chart-no-axes-column', 'Выберите две рассылки', 'Сравнивают те, которые уже уходили.')}</section>`}
    </div>`;
}

/** Which one more people followed a link of; nothing is said where too few have. */
function verdict(first: CampaignResult, second: CampaignResult): Content {
  const share = ({ campaign: { counts } }: CampaignResult) =>
    counts.delivered === 0 ? 0 : counts.clicked / counts.delivered;
  const [a, b] = [share(first), share(second)];
  if (a === b) return 'Переходят одинаково.';
  const better = a > b ? first : second;
  return html`<b>Чаще переходят из «${typed(better.campaign.name, 80)}»:</b>
    ${percent(Math.max(a, b))} против ${percent(Math.min(a, b))}.`;
}

const percent = (share: number) => `${amount(Math.round(share * 1_000) / 10)}\u00A0%`;

function chooser(
  choice: readonly CampaignView[],
  a: string | undefined,
  b: string | undefined,
  clock: Clock,
): Html {
  const select = (name: string, label: string, chosen: string | undefined) =>
    html`<div class="field">
      <label for="${name}">${label}</label
      ><select class="input" id="${name}" name="${name}">
        <option value="">—</option>
        ${choice.map(({ id, name: title, startedAt }) => html`<option value="${id}" ${id === chosen && html` selected`}>${title.slice(0, 60)}${startedAt && `, ${moment(startedAt, clock)}`}</option>`)}
      </select>
    </div>`;
  return html`<section class="card" aria-label="Какие">
    <form class="stack-s" method="get" action="/campaigns/compare">
      ${select('a', 'Первая', a)} ${select('b', 'Вторая', b)}
      <button class="btn btn-primary">Сравнить</button>
    </form>
  </section>`;
}

function table(first: CampaignResult, second: CampaignResult): Html {
  const [ones, others] = [measuresOf(first), measuresOf(second)];
  const rows = ones.flatMap((one, n) => {
    const other = others[n];
    return other && (one.value !== null || other.value !== null) ? line(one, other) : [];
  });
  const head = ({ campaign }: CampaignResult) =>
    html`<th role="columnheader" scope="col" class="num">
      <a href="/campaigns/${campaign.id}">${typed(campaign.name, 40)}</a>
      <span class="sub">${channelWord(campaign.channel)}</span>
    </th>`;
  return html`<div class="table-box">
      <table class="table table-cards" role="table" aria-label="Две рассылки">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">Что</th>
            ${head(first)}${head(second)}
            <th role="columnheader" scope="col" class="num">Разница, п. п.</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${rows}
        </tbody>
      </table>
    </div>
    <p class="hint">
      Отправлено: доля списка. Доставлено и вернулось: доля отправленных. Остальное: доля
      доставленных. Разница: вторая минус первая.
    </p>`;
}

function line(one: Measure, other: Measure): Html {
  const points = pointsBetween(one, other);
  const cell = ({ value, share }: Measure, name: string) =>
    html`<td role="cell" class="num">
      <span class="cell-name">${name}</span>${value === null ? '—' : amount(Math.round(value))}
      ${share !== null && html`<span class="sub">${percent(share)}</span>`}
    </td>`;
  return html`<tr role="row">
    <th role="rowheader" scope="row">${WORDS[one.name]}</th>
    ${cell(one, 'Первая')}${cell(other, 'Вторая')}
    <td role="cell" class="num">
      <span class="cell-name">Разница, п. п.</span>${points === null ? '—' : signed(points)}
    </td>
  </tr>`;
}

function signed(points: number): string {
  const rounded = Math.round(points * 10) / 10;
  return `${rounded > 0 ? '+' : ''}${amount(rounded)}`;
}

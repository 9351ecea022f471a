/** Рассылки: all of them, a new one, and the segments that they are sent to. */
import type {
  CampaignView,
  SegmentView,
  TemplateView,
} from '@leadwire/operations/campaigns/campaign-view';
import { html, type Content, type Html } from '../html.ts';
import { actorWords } from '../words/audit.ts';
import { campaignStatus, channelWord, textTitle } from '../words/campaigns.ts';
import { formOf } from '@leadwire/shared/runtime/russian';
import { amount, counted, type Clock } from '../words/time.ts';
import { empty, icon, notice, status, time, typed } from './parts.ts';
import { conditionFields, type Groups, type Named } from './segment-form.ts';

export const PEOPLE: [string, string, string] = ['человек', 'человека', 'человек'];

/** What could not be done, by lines; contacts are not in them. */
export const refusal = ([first, ...lines]: readonly string[]): Html | undefined =>
  first === undefined
    ? undefined
    : notice(
        html`${first}${lines.slice(0, 20).map((line) => html`<br />${typed(line, 200)}`)}`,
        false,
      );

export const backToCampaigns = html`<a class="back" href="/campaigns"
  >${icon('arrow-left', 'icon-s')} Рассылки</a
>`;

export function campaignsPage(
  campaigns: readonly CampaignView[],
  clock: Clock,
  told?: Content,
): Html {
  const add = html`<a class="btn btn-primary" href="/campaigns/new">Новая рассылка</a>`;
  const moving = campaigns.filter(({ status: state }) => state === 'running').length;
  const lede =
    moving > 0 ? html`<b>Сейчас идёт: ${amount(moving)}.</b>` : 'Сейчас ничего не уходит.';
  const nothing = html`<section class="card">
    ${empty('send', 'Рассылок ещё не было', 'Составьте текст, выберите людей, проверьте на себе и запустите.', add)}
  </section>`;
  return html`<div class="head">
      <div>
        <h1>Рассылки</h1>
        <p class="lede">${lede}</p>
      </div>
      <div class="row">
        <a class="btn" href="/campaigns/texts">Тексты</a
        ><a class="btn" href="/campaigns/segments">Сегменты</a
        ><a class="btn" href="/campaigns/sequences">Цепочки</a>${campaigns.length > 0 && add}
      </div>
    </div>
    <div class="stack" id="campaigns" data-live>
      ${told}${campaigns.length === 0 ? nothing : campaignTable(campaigns, clock)}
    </div>`;
}

function campaignTable(campaigns: readonly CampaignView[], clock: Clock): Html {
  const rows = campaigns.map((campaign) => {
    const { id, name, channel, counts, startedAt, scheduledFor, createdAt } = campaign;
    const when = startedAt ?? scheduledFor ?? createdAt;
    const people =
      counts.sent > 0
        ? `${amount(counts.sent)} из ${amount(counts.audience)}`
        : amount(counts.audience);
    return html`<li>
      <span
        ><a href="/campaigns/${id}">${typed(name, 80)}</a>
        <span class="sub"
          >${channelWord(channel)}${when && html`, ${time(when, clock)}`}, людей:
          ${people}${counts.opened > 0 && `, открыли ${amount(counts.opened)}`}</span
        ></span
      >
      <span>${status(campaignStatus(campaign))}</span>
    </li>`;
  });
  return html`<section class="card" aria-label="Все рассылки">
    <ul class="items">
      ${rows}
    </ul>
  </section>`;
}

export function newCampaignPage(templates: readonly TemplateView[], told?: Content): Html {
  return html`${backToCampaigns}
    <div class="head">
      <div>
        <h1>Новая рассылка</h1>
        <p class="lede">Сначала черновик: пока вы не запустите его, не уйдёт ничего.</p>
      </div>
    </div>
    <section class="card" aria-label="Черновик">
      ${told}
      <form class="stack-s" method="post" action="/campaigns">
        <div class="field">
          <label for="name">Название, для вас</label
          ><input class="input" id="name" name="name" required maxlength="200" />
        </div>
        <div class="field">
          <label for="channel">Как</label
          ><select class="input" id="channel" name="channel">
            <option value="email">письмом</option>
            <option value="sms">SMS</option>
          </select>
        </div>
        <div class="field">
          <label for="template">Текст</label
          ><select class="input" id="template" name="template">
            ${templates.map((each) => html`<option value="${each.name}">${textTitle(each)}</option>`)}
          </select>
        </div>
        <button class="btn btn-primary">Сделать черновик</button>
      </form>
    </section>`;
}

interface ListShown {
  title: string;
  lede?: string;
  /** The button for a new one; in the empty page, too. */
  add: Html;
  rows: readonly Html[];
  /** What stands there while there is none: an icon, a heading, what they are good for. */
  nothing: readonly [icon: string, title: string, words: string];
  told: Content;
}

/** Beside the campaigns: all of one kind of thing that they are made with. */
export function listPage({ title, lede, add, rows, nothing, told }: ListShown): Html {
  return html`${backToCampaigns}
    <div class="head">
      <div>
        <h1>${title}</h1>
        ${lede && html`<p class="lede">${lede}</p>`}
      </div>
      ${rows.length > 0 && add}
    </div>
    <div class="stack">
      ${told}
      <section class="card" aria-label="${title}">
        ${
          rows.length === 0
            ? empty(...nothing, add)
            : html`<ul class="items">
                ${rows}
              </ul>`
        }
      </section>
    </div>`;
}

export function segmentsPage(segments: readonly SegmentView[], clock: Clock, told?: Content): Html {
  const add = html`<a class="btn btn-primary" href="/campaigns/segments/new">Новый сегмент</a>`;
  const rows = segments.map(
    ({ id, name, changedAt, createdBy }) =>
      html`<li>
        <span
          ><a href="/campaigns/segments/${id}">${typed(name, 80)}</a>
          <span class="sub">${typed(actorWords(createdBy), 80)}</span></span
        >
        <span>${time(changedAt, clock)}</span>
      </li>`,
  );
  return listPage({
    title: 'Сегменты',
    add,
    rows,
    nothing: [
      'users',
      'Сегментов ещё нет',
      'Сегмент — это условия: откуда пришли, купили или нет, открыли ли письмо. Люди в нём всегда свежие.',
    ],
    told,
  });
}

export interface SegmentShown {
  segment?: SegmentView | undefined;
  name: string;
  groups: Groups;
  /** Those that a condition may name. */
  campaigns: readonly Named[];
  /** What it has now, for each channel. */
  counted?: readonly (readonly ['email' | 'sms', { people: number; reachable: number }])[];
  told?: Content;
  /** Empty groups to fill. */
  spareGroups?: number;
}

export function segmentPage(shown: SegmentShown): Html {
  const { segment, name, groups, campaigns, counted: found, told, spareGroups } = shown;
  const action = segment ? `/campaigns/segments/${segment.id}` : '/campaigns/segments';
  return html`<a class="back" href="/campaigns/segments"
      >${icon('arrow-left', 'icon-s')} Сегменты</a
    >
    <div class="head">
      <div><h1>${segment ? typed(segment.name, 120) : 'Новый сегмент'}</h1></div>
    </div>
    <section class="card" aria-label="Условия">
      ${told}
      <form class="stack-s" method="post" action="${action}" data-count>
        <div class="field">
          <label for="name">Название</label
          ><input class="input" id="name" name="name" maxlength="120" value="${name}" />
        </div>
        ${conditionFields(groups, campaigns, spareGroups)}
        ${segment && html`<input type="hidden" name="changedAt" value="${segment.changedAt}" />`}
        <p id="count" class="lede" role="status">${countWords(found)}</p>
        <div class="row row-fill">
          <button class="btn btn-primary" name="act" value="save">Сохранить</button
          ><button class="btn" name="act" value="count">Посчитать</button>
          ${segment && html`<button class="btn btn-danger" name="act" value="delete">Удалить</button>`}
        </div>
      </form>
    </section>`;
}

function countWords(found: SegmentShown['counted']): Content {
  if (!found) return 'Посчитайте, сколько в нём людей.';
  const parts = found.map(([channel, { people, reachable }]) => {
    const lost = people - reachable;
    const words = channel === 'email' ? 'письмо' : 'SMS';
    const get = formOf(reachable, ['получит', 'получат', 'получат']);
    return `${words} ${get} ${counted(reachable, PEOPLE)}${lost > 0 ? ` (ещё ${amount(lost)} писать нельзя)` : ''}`;
  });
  return html`<b>Сейчас:</b> ${parts.join(', ')}.`;
}

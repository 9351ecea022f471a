/** A campaign that has been started or planned: how far it is, and what became of everybody. */
import type {
  CampaignSummary,
  CampaignView,
  SubjectTestView,
} from '@leadwire/operations/campaigns/campaign-view';
import { html, type Content, type Html } from '../html.ts';
import { campaignStatus, channelWord, paceLabel } from '../words/campaigns.ts';
import { amount, counted, moment, span, type Clock } from '../words/time.ts';
import { askForm, type Ask } from './ask.ts';
import { PEOPLE, backToCampaigns } from './campaigns-page.ts';
import { triedSubjects } from './campaign-subjects.ts';
import { domainsCard, hoursCard, linksCard, statsOf } from './campaign-report.ts';
import { icon, status, typed } from './parts.ts';

export const campaignAsks = ['cancel', 'retry'] as const;
export type CampaignAsk = (typeof campaignAsks)[number];

export interface CampaignShown {
  campaign: CampaignView;
  summary: CampaignSummary;
  test: SubjectTestView | null;
  ask: CampaignAsk | undefined;
  told?: Content;
  clock: Clock;
}

export function campaignPage(shown: CampaignShown): Html {
  const { campaign, ask, told } = shown;
  return html`${backToCampaigns}
    <div class="head" id="head" data-live>
      <div>
        <h1>${typed(campaign.name, 120)}</h1>
        <p class="lede">${ledeOf(shown)}</p>
      </div>
      <div class="row">${buttons(campaign)}</div>
    </div>
    <div class="stack">
      ${told}${ask && askForm(asks[ask](campaign))}
      <div class="stack" id="progress" data-live>${progressCard(shown)}${statsOf(shown)}</div>
      <div class="grid" id="results" data-live>
        ${linksCard(shown)}${hoursCard(shown)}${domainsCard(shown)}${paceCard(campaign)}${triedSubjects(shown.test, shown.clock)}
      </div>
    </div>`;
}

function ledeOf({ campaign, clock }: CampaignShown): Content {
  const {
    counts,
    startedAt,
    finishedAt,
    scheduledFor,
    channel,
    progress,
    status: state,
  } = campaign;
  const done = html`<b>Отправлено ${amount(counts.sent)} из ${amount(counts.audience)}.</b>`;
  const what = channelWord(channel);
  if (state === 'scheduled' && scheduledFor) {
    return html`<b>Начнётся ${moment(scheduledFor, clock)}</b>, ${what},
      ${counted(counts.audience, PEOPLE)}.`;
  }
  const left = progress?.secondsLeft;
  if (state === 'running' && left) return html`${done} Осталось: ${span(left * 1_000)}.`;
  if (finishedAt) return html`${done} Закончена ${moment(finishedAt, clock)}, ${what}.`;
  return html`${done} ${startedAt && `Начата ${moment(startedAt, clock)}, ${what}.`}`;
}

function buttons({ id, status: state, counts, channel }: CampaignView): Content {
  const post = (act: string, word: string, name?: string) =>
    html`<form method="post" action="/campaigns/${id}/${act}">
      <button class="btn">${name && icon(name, 'icon-s')} ${word}</button>
    </form>`;
  const isOpen = ['scheduled', 'running', 'paused'].includes(state);
  return [
    state === 'running' && post('pause', 'Пауза', 'pause'),
    state === 'paused' && post('resume', 'Продолжить', 'arrow-up-right'),
    counts.failed > 0 &&
      state !== 'cancelled' &&
      html`<a class="btn" href="/campaigns/${id}?ask=retry#ask">Не ушедшие ещё раз</a>`,
    state === 'finished' && channel === 'email' && post('resend', 'Не открывшим ещё раз'),
    post('copy', 'Копия'),
    counts.sent > 0 && html`<a class="btn" href="/campaigns/compare?a=${id}">Сравнить</a>`,
    counts.audience > 0 &&
      html`<a class="btn btn-line" href="/campaigns/${id}/report.csv">Отчёт CSV</a>`,
    isOpen && html`<a class="btn btn-danger" href="/campaigns/${id}?ask=cancel#ask">Отменить</a>`,
  ];
}

const asks: Readonly<Record<CampaignAsk, (campaign: CampaignView) => Ask>> = {
  cancel: ({ id, counts }) => ({
    action: `/campaigns/${id}/cancel`,
    back: `/campaigns/${id}`,
    question: 'Отменить рассылку совсем?',
    will: [html`<b>${amount(counts.pending)}</b> не получат её никогда`],
    willNot: ['Кому ушло, у того останется'],
    typed: { label: `Напишите, сколько людей в рассылке: ${counts.audience}`, name: 'sure' },
    button: 'Отменить рассылку',
  }),
  retry: ({ id, counts }) => ({
    action: `/campaigns/${id}/retry`,
    back: `/campaigns/${id}`,
    question: `Отправить ещё раз тем, кому не ушло?`,
    will: [html`<b>${amount(counts.failed)}</b> получат ещё одну попытку`],
    willNot: ['Кому ушло, второй раз не уйдёт', 'О ком неизвестно, тех не трогаем'],
    button: `Отправить ${amount(counts.failed)}`,
  }),
};

function progressCard({ campaign }: CampaignShown): Html {
  const { counts } = campaign;
  const parts = [
    ['good', 'check', 'Отправлено', counts.sent],
    ['mute', 'circle-minus', 'Пропущено', counts.skipped],
    ['bad', 'octagon-x', 'Не ушло', counts.failed],
    ['warn', 'unknown', 'Неизвестно', counts.unknown],
    ['wait', 'clock-3', 'Ждут', counts.pending + counts.sending],
  ] as const;
  const all = Math.max(1, counts.audience);
  let at = 0;
  const bars = parts.slice(0, 4).map(([tone, , , count]) => {
    const [x, width] = [at, (count / all) * 100];
    at += width;
    return html`<rect
      class="fill-${tone}"
      x="${x.toFixed(2)}%"
      width="${width.toFixed(2)}%"
      height="100%"
    />`;
  });
  const lines = parts.map(
    ([tone, name, word, count]) =>
      html`<div>
        <dt>${status({ tone: count === 0 ? 'mute' : tone, icon: name, word })}</dt>
        <dd>${amount(count)}</dd>
      </div>`,
  );
  return html`<section class="card" aria-labelledby="h-prog">
    <div class="card-head">
      <h2 id="h-prog">Ход</h2>
      ${status(campaignStatus(campaign), true)}
    </div>
    <svg class="progress" role="img" aria-label="Обработано ${Math.round(at)} процентов">
      ${bars}
    </svg>
    <dl class="sum">
      ${lines}
      <div class="total">
        <dt>Всего</dt>
        <dd>${amount(counts.audience)}</dd>
      </div>
    </dl>
  </section>`;
}

function paceCard({ id, status: state, ratePerSecond }: CampaignView): Html | undefined {
  if (!['scheduled', 'running', 'paused'].includes(state)) return undefined;
  return html`<section class="card w-5" aria-labelledby="h-pace">
    <div class="card-head"><h2 id="h-pace">Темп</h2></div>
    <form class="stack-s" method="post" action="/campaigns/${id}/rate">
      <div class="field">
        <label for="rate">${paceLabel}</label
        ><input class="input" id="rate" name="rate" inputmode="decimal" value="${ratePerSecond}" />
      </div>
      <button class="btn">Изменить темп</button>
    </form>
  </section>`;
}

/** A draft, in the order in which it is made: what, to whom, when; then looked at, tried on oneself, started. */
import type {
  CampaignPreview,
  CampaignView,
  SegmentView,
  SubjectTestView,
  TemplateView,
} from '@leadwire/operations/campaigns/campaign-view';
import { formOf } from '@leadwire/shared/runtime/russian';
import { html, type Content, type Html } from '../html.ts';
import {
  channelWord,
  leftOutWords,
  paceLabel,
  variableWords,
  zoneWord,
} from '../words/campaigns.ts';
import { localOf } from '../words/local-time.ts';
import { amount, counted, moment, span, type Clock } from '../words/time.ts';
import { PEOPLE, backToCampaigns } from './campaigns-page.ts';
import { askForm } from './ask.ts';
import { card, field } from './campaign-cards.ts';
import { peopleCard } from './campaign-people.ts';
import { waitingCard, subjectsForm } from './campaign-subjects.ts';
import { icon, notice, typed } from './parts.ts';

export interface DraftShown {
  campaign: CampaignView;
  templates: readonly TemplateView[];
  segments: readonly SegmentView[];
  /** Undefined while the text cannot be made: something in it is missing. */
  preview: CampaignPreview | undefined;
  ask: 'start' | 'delete' | undefined;
  /** Two subjects of it that are being tried: this is the rest, which waits for the better one. */
  test: SubjectTestView | null;
  /** Where a test goes when nothing else is said. */
  ownAddress: string;
  told?: Content;
  clock: Clock;
}

const GET = ['Получит', 'Получат', 'Получат'] as const;
const PARTS = ['часть', 'части', 'частей'] as const;
const SIGNS = ['знак', 'знака', 'знаков'] as const;

/** What a draft begins with where a text asks for words. */
export const UNWRITTEN = '…';

/** Variables that are lists, and those that are moments. */
const LISTS = ['steps'];
const isMoment = (name: string) => /Date$/.test(name);

export function draftPage(shown: DraftShown): Html {
  const { campaign, told, ask } = shown;
  return html`${backToCampaigns}
    <div class="head">
      <div>
        <h1>${typed(campaign.name, 120)}</h1>
        <p class="lede">
          Черновик, ${channelWord(campaign.channel)}. Ничего не уйдёт, пока вы не запустите.
        </p>
      </div>
      <div class="row">
        <form method="post" action="/campaigns/${campaign.id}/copy">
          <button class="btn">Копия</button>
        </form>
        <a class="btn btn-danger" href="/campaigns/${campaign.id}?ask=delete#ask">Удалить</a>
      </div>
    </div>
    <div class="stack">
      ${told}${ask === 'delete' && askDelete(campaign)}
      <div class="grid">
        <div class="stack w-7">
          ${textCard(shown)}${peopleCard(shown.campaign, shown.segments)}${timesCard(shown)}
        </div>
        <div class="stack w-5">
          ${checkCard(shown)}${testCard(shown)}${startCard(shown)}${subjectsCard(shown)}
        </div>
      </div>
    </div>`;
}

const changedAt = ({ changedAt: at }: CampaignView) =>
  html`<input type="hidden" name="changedAt" value="${at}" />`;

function textCard({ campaign, templates }: DraftShown): Html {
  const template = templates.find(({ name }) => name === campaign.template);
  const fields = (template?.variables ?? []).map(({ name, required, perRecipient }) => {
    const label = `${variableWords[name] ?? name}${required && !perRecipient ? '' : ', можно пусто'}`;
    return field(`v-${name}`, label, variableInput(name, campaign));
  });
  const body = html`<form class="stack-s" method="post" action="/campaigns/${campaign.id}/text">
    ${changedAt(campaign)}
    ${field('name', 'Название, для вас', html`<input class="input" id="name" name="name" required maxlength="200" value="${campaign.name}" />`)}
    ${campaign.channel === 'email' && field('subject', 'Тема письма; пусто: как в тексте', html`<input class="input" id="subject" name="subject" maxlength="150" value="${campaign.subject}" />`)}
    ${fields}
    <button class="btn btn-primary">Сохранить текст</button>
  </form>`;
  return card('text', '1. Что', body);
}

function variableInput(name: string, { variables, timeZone }: CampaignView): Html {
  const value = variables[name];
  const id = `v-${name}`;
  if (LISTS.includes(name)) {
    const lines = Array.isArray(value) ? value.join('\n') : '';
    return html`<textarea class="input input-tall" id="${id}" name="${id}" rows="4">
${lines}</textarea>`;
  }
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  if (isMoment(name)) {
    return html`<input
      class="input"
      type="datetime-local"
      id="${id}"
      name="${id}"
      value="${localOf(text, timeZone)}"
    />`;
  }
  return html`<input class="input" id="${id}" name="${id}" value="${text}" />`;
}

function timesCard({ campaign }: DraftShown): Html {
  const { id, scheduledFor, quietHours, ratePerSecond, timeZone } = campaign;
  const body = html`<form class="stack-s" method="post" action="/campaigns/${id}/times">
    ${changedAt(campaign)}
    ${field('at', `Начать (время: ${zoneWord(timeZone)}); пусто: сразу после запуска`, html`<input class="input" type="datetime-local" id="at" name="at" value="${localOf(scheduledFor, timeZone)}" />`)}
    ${field('quiet', 'Тихие часы; пусто: без них', html`<input class="input" id="quiet" name="quiet" placeholder="21:00-09:00" pattern="[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]" value="${quietHours}" />`)}
    ${field('rate', paceLabel, html`<input class="input" id="rate" name="rate" inputmode="decimal" value="${ratePerSecond}" />`)}
    <button class="btn">Сохранить</button>
  </form>`;
  return card('times', '3. Когда', body);
}

/** A new draft stands in for what it asks for with dots: nobody is to get those. */
const isUnwritten = ({ variables }: CampaignView): boolean =>
  Object.values(variables)
    .flat()
    .some((value) => value === UNWRITTEN);

function checkCard({ campaign, preview, clock }: DraftShown): Html {
  if (!preview || isUnwritten(campaign)) {
    return card(
      'check',
      'Проверка',
      html`<p>Заполните текст, и здесь будет видно, что получат люди.</p>`,
    );
  }
  const { audience, leftOut, notes, sms, sample, takesSeconds } = preview;
  const out = Object.entries(leftOut).filter(([, people]) => people > 0);
  const typos = notes.typos.rows
    .slice(0, 5)
    .map(({ row, domain, probably }) => `строка ${row}: ${domain} (может быть, ${probably}?)`);
  const line = (name: string, tone: string, text: Content) =>
    html`<li>${icon(name, tone)} <span>${text}</span></li>`;
  const begins = campaign.scheduledFor;
  const lines = [
    audience === 0
      ? line('users', 'soft', 'Пока никто не получит: выберите, кому')
      : line('users', 'good', html`<b>${formOf(audience, GET)} ${counted(audience, PEOPLE)}</b>`),
    ...out.map(([reason, people]) =>
      line(
        'circle-minus',
        'soft',
        `Не получат ${amount(people)}: ${leftOutWords[reason] ?? reason}`,
      ),
    ),
    takesSeconds > 0 && line('clock-3', 'soft', `Отправка займёт: ${span(takesSeconds * 1_000)}`),
    begins && line('clock-3', 'soft', `Начнётся ${moment(begins, clock)}`),
    campaign.quietHours &&
      line(
        'circle-pause',
        'soft',
        `Тихие часы ${campaign.quietHours}: в это время ничего не уходит`,
      ),
    notes.nameless > 0 &&
      line(
        'triangle-alert',
        'warn',
        `Без имени: ${amount(notes.nameless)}, к ним обратимся без него`,
      ),
    notes.garbledNames.count > 0 &&
      line(
        'triangle-alert',
        'warn',
        `Имена с потерянными буквами: ${amount(notes.garbledNames.count)}`,
      ),
    notes.typos.count > 0 &&
      line(
        'triangle-alert',
        'warn',
        `Похоже на опечатку в адресе: ${amount(notes.typos.count)}. ${typos.join('; ')}`,
      ),
    sms &&
      line(
        'message-square',
        'soft',
        `SMS: ${counted(sms.segments, PARTS)}, около ${amount(Math.round(sms.estimate))}\u00a0₸. Самое длинное: ${counted(sms.longest.length, SIGNS)}, ${counted(sms.longest.segments, PARTS)}`,
      ),
  ];
  const text =
    sample &&
    html`<details class="what">
      <summary>Что получит первый из списка</summary>
      ${sample.subject && html`<p><b>${typed(sample.subject, 200)}</b></p>`}
      <pre class="letter">${sample.text}</pre>
    </details>`;
  return card(
    'check',
    'Проверка',
    html`<ul class="checks">
        ${lines}
      </ul>
      ${text}`,
  );
}

function testCard({ campaign, ownAddress }: DraftShown): Html {
  const isSms = campaign.channel === 'sms';
  const label = isSms ? 'Телефоны через запятую' : 'Адреса через запятую';
  const body = html`<form class="stack-s" method="post" action="/campaigns/${campaign.id}/test">
    ${field('to', label, html`<input class="input" id="to" name="to" required value="${isSms ? '' : ownAddress}" />`)}
    <button class="btn">Отправить мне</button>
  </form>`;
  return card('test', 'Проба на себе', body);
}

function startCard({ campaign, preview, ask }: DraftShown): Html {
  const people = isUnwritten(campaign) ? 0 : (preview?.audience ?? 0);
  const verb = campaign.scheduledFor ? 'Запланировать' : 'Запустить';
  if (people === 0) {
    return card('start', verb, html`<p>Сначала заполните текст и выберите, кому.</p>`);
  }
  const begin = html`<div class="row row-fill">
    <a class="btn btn-primary" href="/campaigns/${campaign.id}?ask=start#ask">${verb}…</a>
  </div>`;
  return card('start', verb, ask === 'start' ? askStart(campaign, people) : begin);
}

function subjectsCard({ campaign, preview, templates, test, clock }: DraftShown): Html | undefined {
  if (test && !test.decidedAt) return waitingCard(test, clock);
  return subjectsForm(campaign, preview?.audience ?? 0, templates);
}

function askStart(campaign: CampaignView, people: number): Html {
  const what = campaign.channel === 'sms' ? 'SMS' : 'письмо';
  const verb = campaign.scheduledFor ? 'Запланировать' : 'Запустить';
  return askForm({
    action: `/campaigns/${campaign.id}/start`,
    back: `/campaigns/${campaign.id}`,
    question: `${verb}: ${what} ${formOf(people, GET).toLowerCase()} ${counted(people, PEOPLE)}?`,
    will: ['Каждый получит его один раз'],
    willNot: ['Кто отписался или жаловался, не получит', 'Что ушло, вернуть нельзя'],
    typed: { label: `Напишите число, ${people}`, name: 'sure' },
    button: `${verb} для ${amount(people)}`,
  });
}

function askDelete(campaign: CampaignView): Html {
  return askForm({
    action: `/campaigns/${campaign.id}/delete`,
    back: `/campaigns/${campaign.id}`,
    question: 'Удалить черновик?',
    will: ['Текст и список пропадут совсем'],
    willNot: ['Никому ничего не уйдёт'],
    button: 'Удалить черновик',
  });
}

export const testTold = (sent: number, all: number): Html =>
  sent === all
    ? notice(`Проба отправлена: ${amount(sent)}.`, true)
    : notice(`Проба ушла на ${amount(sent)} из ${amount(all)}: остальные не приняты.`, false);

/** Заявка: everything about one lead, in the order in which it happened. */
import type { Lead, OtherLead } from '../data/leads.ts';
import { html, type Content, type Html } from '../html.ts';
import { issueWords, kindWords, paymentWords, sourceWords } from '../words/reasons.ts';
import { dealStatus } from '../words/status.ts';
import { clockTime, dayName, moment, type Clock } from '../words/time.ts';
import { storyOf, type Step, type Story } from './lead-story.ts';
import { personName } from './leads-page.ts';
import { contactActs, icon, phoneWords, status, time, typed } from './parts.ts';

export interface LeadShown extends Story {
  others: readonly OtherLead[];
  hasContacts: boolean;
  dealUrl: string | undefined;
  /** What may be done, as forms; a question that was asked, or what became of the last one. */
  actions?: Content;
  told?: Content;
}

export function leadPage(shown: LeadShown): Html {
  const { lead, hasContacts, dealUrl, clock, told } = shown;
  const steps = storyOf(shown);
  const number = lead.id.slice(-6).toUpperCase();
  return html`<a class="back" href="/leads">${icon('arrow-left', 'icon-s')} Заявки</a>
    <div class="head">
      <div>
        <h1>${personName(lead, hasContacts)}</h1>
        <p class="lede">${ledeOf(steps)}</p>
      </div>
      <p class="head-note">
        №
        ${number}${lead.created_at && html`, ${dayName(lead.created_at, clock)} в ${clockTime(lead.created_at, clock)}`}
      </p>
    </div>
    ${hasContacts && html`<div class="acts lead-acts">${contactActs(lead.phone, dealUrl)}</div>`}
    ${told}
    <div class="grid">
      <section class="card w-8" aria-labelledby="h-wire" id="live" data-live>
        <div class="card-head">
          <h2 id="h-wire">Что было</h2>
          <span class="live">обновляется само</span>
        </div>
        <ol class="wire">
          ${steps.map((step) => stepItem(step, clock))}
        </ol>
      </section>
      <div class="stack w-4">
        ${contactsCard(shown)}${answersCard(lead)}${othersCard(shown)}${actionsCard(shown)}
      </div>
    </div>`;
}

/** The last thing that needs somebody, else the last that happened. */
function ledeOf(steps: readonly Step[]): Content {
  const bad = steps.findLast(({ tone }) => tone === 'bad' || tone === 'warn' || tone === 'hold');
  const last = bad ?? steps.findLast(({ isNext }) => !isNext);
  return last && html`<b>${last.title}.</b>`;
}

function stepItem(step: Step, clock: Clock): Html {
  const { tone, icon: name, title, text, remedy, details = [], isNext } = step;
  const tones = {
    start: 'start',
    good: 'good',
    wait: 'wait',
    warn: 'warn',
    bad: 'bad',
    hold: 'hold',
    mute: '',
  };
  const knot = tones[tone] === '' ? 'knot' : `knot knot-${tones[tone]}`;
  const more = html`<details>
    <summary>Подробности</summary>
    <dl class="facts tech">
      ${details.map(
        ([term, value]) =>
          html`<dt>${term}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
  </details>`;
  const hasTime = !Number.isNaN(Date.parse(step.at));
  return html`<li${isNext && html` class="is-next"`}>
    ${hasTime ? time(step.at, clock) : html`<span class="when"></span>`}
    <span class="${knot}">${icon(name)}</span>
    <div class="what"><h3>${title}</h3>${text && html`<p>${text}</p>`}
      ${remedy && html`<div class="mend${tone === 'bad' ? '' : ' mend-warn'}"><p>${remedy}</p></div>`}
      ${details.length > 0 && more}</div></li>`;
}

function contactsCard({ lead, hasContacts, dealUrl, clock }: LeadShown): Html {
  const issues = (about: string) =>
    lead.contact_issues
      .filter((issue) => issue.startsWith(about))
      .map(
        (issue) =>
          html` <span class="st st-warn"
            >${icon('triangle-alert')} <span>${issueWords(issue)}</span></span
          >`,
      );
  const deal = dealStatus(lead);
  const shownDeal = dealUrl
    ? html`<a href="${dealUrl}" rel="noreferrer">№ ${lead.amocrm_deal_id}</a>, ${deal.word}`
    : status(deal);
  const contacts = html`<dt>Телефон</dt>
    <dd>${typed(lead.phone && phoneWords(lead.phone)) ?? '—'}${issues('phone')}</dd>
    <dt>Почта</dt>
    <dd>${typed(lead.email) ?? '—'}${issues('email')}</dd>
    <dt>Согласие</dt>
    <dd>${consentWords(lead, clock)}</dd>`;
  return html`<section class="card" aria-labelledby="h-who">
    <div class="card-head"><h2 id="h-who">Контакты</h2></div>
    <dl class="facts">
      ${hasContacts && contacts}
      ${
        lead.payment_method &&
        html`<dt>Оплата</dt>
          <dd>${typed(paymentWords(lead.payment_method))}</dd>`
      }
      <dt>Откуда</dt>
      <dd>${typed(sourceWords(lead.utm_source))}</dd>
      <dt>Сделка</dt>
      <dd>${shownDeal}</dd>
      <dt>Менеджер</dt>
      <dd>${managerWords(lead, clock)}</dd>
    </dl>
    ${!hasContacts && html`<p class="hint">Имена и контакты видят владелец и менеджеры.</p>`}
  </section>`;
}

/** Who has the lead, and since when. */
function managerWords({ manager, taken_at: at }: Lead, clock: Clock): Content {
  if (manager === null) return 'никто не взял';
  return html`${typed(manager, 60)} ${at && html`<span class="sub">с ${moment(at, clock)}</span>`}`;
}

/** When they agreed to the use of their data, and to which words. */
function consentWords({ consent_at, consent_text }: Lead, clock: Clock): Content {
  if (consent_at === null) return 'форма не сообщила';
  const words = consent_text && html`<span class="sub">«${typed(consent_text, 400)}»</span>`;
  return html`${moment(consent_at, clock)} ${words}`;
}

/** At most so many answers are shown, each cut: a form may send anything. */
const MOST_ANSWERS = 30;

function answersCard({ answers, kind }: Lead): Content {
  const rows = Object.entries(answers ?? {}).slice(0, MOST_ANSWERS);
  if (rows.length === 0) return undefined;
  const shown = rows.map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return html`<dt>${typed(name, 60)}</dt>
      <dd>${typed(text, 400)}</dd>`;
  });
  const title = kind === 'proftest' ? 'Ответы теста' : 'Ответы';
  return html`<section class="card" aria-labelledby="h-test">
    <div class="card-head"><h2 id="h-test">${title}</h2></div>
    <dl class="facts">${shown}</dl>
  </section>`;
}

function othersCard({ others, clock }: LeadShown): Content {
  if (others.length === 0) return undefined;
  const items = others.map(
    ({ id, kind, utm_source, created_at }) =>
      html`<li>
        <a class="name" href="/leads/${id}">${kindWords(kind)}</a>
        <span class="soft small">${created_at && moment(created_at, clock)}</span
        ><span class="sub">${typed(sourceWords(utm_source), 40)}</span>
      </li>`,
  );
  return html`<section class="card" aria-labelledby="h-more">
    <div class="card-head"><h2 id="h-more">Другие заявки</h2></div>
    <ul class="lines">
      ${items}
    </ul>
  </section>`;
}

function actionsCard({ actions }: LeadShown): Content {
  return (
    actions &&
    html`<section class="card" aria-labelledby="h-do">
      <div class="card-head"><h2 id="h-do">Действия</h2></div>
      <div class="stack-s">${actions}</div>
    </section>`
  );
}

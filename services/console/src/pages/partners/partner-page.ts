/** One partner: the link to give away, the commissions, and what is to be decided. */
import type { CommissionRow, Move } from '@leadwire/operations/referrals/referrals';
import type { Partner, PartnerRemark } from '../../data/partners.ts';
import { html, type Content, type Html } from '../../html.ts';
import {
  COMMISSIONS,
  SALES,
  THESE_COMMISSIONS,
  commissionStatus,
  remarkWords,
  tenge,
} from '../../words/partners.ts';
import { amount, counted, type Clock } from '../../words/time.ts';
import { askForm } from '../ask.ts';
import { card } from '../campaign-cards.ts';
import { contactActs, empty, icon, phoneWords, status, time, typed } from '../parts.ts';
import { backToPartners } from './partner-add-page.ts';
import { qrCode } from './qr-code.ts';

export interface PartnerShown {
  partner: Partner;
  commissions: readonly CommissionRow[];
  remarks: readonly PartnerRemark[];
  /** Undefined when the public address is not known. */
  link: string | undefined;
  isOwner: boolean;
  told?: Content;
  clock: Clock;
}

/** Shown on the page; the file has all of them. */
const MOST_ROWS = 200;

export function partnerPage(shown: PartnerShown): Html {
  const { partner, told } = shown;
  const { name, isActive, sales, clicks, leads, paid } = partner;
  return html`${backToPartners}
    <div class="head">
      <div>
        <h1>${typed(name, 120) ?? 'Без имени'}</h1>
        <p class="lede">
          ${!isActive && html`<b>Код выключен: новые продажи ему не засчитываются.</b> `}Переходов
          ${amount(clicks)}, заявок ${amount(leads)}, ${counted(sales, SALES)}, выплачено
          ${tenge(paid)}.
        </p>
      </div>
    </div>
    <div class="grid">
      <div class="stack w-7">${told}${commissionCard(shown)}${remarkCard(shown)}</div>
      <div class="stack w-5">${linkCard(shown)}${contactCard(partner)}</div>
    </div>`;
}

function linkCard({ partner, link }: PartnerShown): Html {
  const shownLink =
    link === undefined
      ? html`<p>
          Код <b>${typed(partner.code, 40)}</b>. Ссылка появится здесь, когда на сервере будет
          указан адрес форм (PUBLIC_BASE_URL).
        </p>`
      : html`<div class="field">
            <label for="link">Ссылка партнёра</label
            ><input class="input" id="link" value="${link}" readonly />
          </div>
          <div class="row row-fill">
            <button class="btn" type="button" data-copy="link" hidden>Скопировать</button>
          </div>
          ${qrCode(link, `QR-код ссылки ${link}`)}`;
  return card('link', 'Ссылка', shownLink);
}

function contactCard({ email, phone, createdAt }: Partner): Html {
  return card(
    'contact',
    'Контакты',
    html`<dl class="facts">
        <dt>Телефон</dt>
        <dd>${phone ? typed(phoneWords(phone), 60) : '—'}</dd>
        <dt>Почта</dt>
        <dd>${email ? html`<a href="mailto:${email}">${typed(email, 80)}</a>` : '—'}</dd>
        <dt>С нами с</dt>
        <dd>${createdAt.slice(0, 10).split('-').reverse().join('.')}</dd>
      </dl>
      <div class="acts">${contactActs(phone, undefined).slice(0, 3)}</div>`,
  );
}

/** What may become so. A held one is a person's decision of its own, never one of many. */
export const ripeFor = (to: Move, commissions: readonly CommissionRow[], only?: string) =>
  commissions.filter(({ id, status: state }) => {
    if (only !== undefined)
      return (
        id === only &&
        (to === 'approved' ? state === 'held' || state === 'pending' : state === 'approved')
      );
    return state === (to === 'approved' ? 'pending' : 'approved');
  });

export const sumOf = (commissions: readonly CommissionRow[]) =>
  commissions.reduce((sum, { commission }) => sum + commission, 0);

/** Before money is promised or said to have been paid. */
export function askMove(to: Move, partner: Partner, ripe: readonly CommissionRow[]): Html {
  const back = `/partners/${partner.id}`;
  const these = counted(ripe.length, THESE_COMMISSIONS);
  const sum = tenge(sumOf(ripe));
  const hidden = ripe.map(({ id }) => ['id', id] as const);
  if (to === 'approved') {
    return askForm({
      action: `${back}/approve`,
      back,
      hidden,
      question: `Одобрить ${these} на ${sum}?`,
      will: [`${sum} перейдёт в «К выплате»`],
      willNot: ['Деньги сами не уйдут: выплачиваете вы'],
      button: `Одобрить ${these}`,
    });
  }
  return askForm({
    action: `${back}/pay`,
    back,
    hidden,
    question: `Отметить ${these} на ${sum} как выплаченные?`,
    will: ['Так будет в списке, в файле и в отчётах'],
    willNot: ['Деньги сами не уйдут: отмечайте, когда перевели', 'Снять отметку нельзя'],
    typed: { label: `Напишите сумму, ${sum}`, name: 'sure' },
    button: 'Отметить выплаченными',
  });
}

function commissionCard({ partner, commissions, isOwner, clock }: PartnerShown): Html {
  if (commissions.length === 0) {
    return html`<section class="card">
      ${empty('handshake', 'Продаж ещё не было', 'Когда кто-нибудь купит по его ссылке, здесь появится комиссия.')}
    </section>`;
  }
  const bulk = (act: string, to: Move, word: string) => {
    const ripe = ripeFor(to, commissions);
    return (
      ripe.length > 0 &&
      html`<a class="btn" href="/partners/${partner.id}?ask=${act}#ask"
        >${word} ${counted(ripe.length, THESE_COMMISSIONS)}, ${tenge(sumOf(ripe))}</a
      >`
    );
  };
  const buttons = isOwner && [
    bulk('approve', 'approved', 'Одобрить'),
    bulk('pay', 'paid', 'Выплачено:'),
  ];
  const rows = commissions
    .slice(0, MOST_ROWS)
    .map((row) => commissionLine(row, partner, isOwner, clock));
  return card(
    'commissions',
    'Комиссии',
    html`<div class="row row-fill">${buttons}</div>
      <ul class="items">
        ${rows}
      </ul>
      <p class="card-foot">
        ${counted(commissions.length, COMMISSIONS)}${commissions.length > MOST_ROWS && `, показаны последние ${MOST_ROWS}; в файле все`}.
      </p>`,
  );
}

function commissionLine(
  row: CommissionRow,
  partner: Partner,
  isOwner: boolean,
  clock: Clock,
): Html {
  const { id, lead_id: leadId, product, amount: sale, commission, created_at: at } = row;
  return html`<li>
    <span
      ><b>${tenge(commission)}</b> с продажи ${tenge(sale)}
      <span class="sub"
        >${[typed(product, 60) ?? 'Без названия', html`, ${time(at, clock)}`]}${leadId && html`, <a href="/leads/${leadId}">заявка ${leadId.slice(-6).toUpperCase()}</a>`}</span
      >
      ${
        isOwner &&
        row.status === 'held' &&
        html`<a class="more-link" href="/partners/${partner.id}?ask=approve&id=${id}#ask"
          >Всё в порядке, одобрить</a
        >`
      }</span
    >
    <span>${status(commissionStatus(row))}</span>
  </li>`;
}

function remarkCard({ remarks, clock }: PartnerShown): Content {
  if (remarks.length === 0) return undefined;
  return card(
    'remarks',
    'Что стоит знать',
    html`<ul class="items">
      ${remarks.slice(0, 50).map(({ kind, createdAt }) => html`<li><span>${icon('triangle-alert', 'warn')} ${remarkWords(kind)}</span>${time(createdAt, clock)}</li>`)}
    </ul>`,
  );
}

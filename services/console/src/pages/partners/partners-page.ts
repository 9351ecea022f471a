/** Партнёры: everybody who brings others, what they have earned, and what the programme pays. */
import type { Partner, Partners } from '../../data/partners.ts';
import { html, type Content, type Html } from '../../html.ts';
import { SALES, tenge } from '../../words/partners.ts';
import { amount, counted } from '../../words/time.ts';
import { card } from '../campaign-cards.ts';
import { empty, icon, notice, typed } from '../parts.ts';

export interface PartnersShown extends Partners {
  isOwner: boolean;
  told?: Content;
}

const PEOPLE: [string, string, string] = ['партнёр', 'партнёра', 'партнёров'];

export function partnersPage({ partners, tiers, isOwner, told }: PartnersShown): Html {
  const sum = (of: (partner: Partner) => number) =>
    partners.reduce((all, each) => all + of(each), 0);
  const waiting = sum(({ pending, held }) => pending + held);
  const toPay = sum(({ approved }) => approved);
  const lede =
    partners.length === 0
      ? 'Партнёр получает ссылку и комиссию за каждого, кто по ней купил.'
      : html`${counted(partners.length, PEOPLE)},
          ${counted(
            sum(({ sales }) => sales),
            SALES,
          )}.
          <b>К выплате ${tenge(toPay)}</b>${waiting > 0 && `, ждёт одобрения ${tenge(waiting)}`}.`;
  const add = html`<a class="btn btn-primary" href="/partners/new">Добавить партнёра</a>`;
  const file =
    isOwner &&
    html`<a class="btn" href="/partners/csv" download
      >${icon('download', 'icon-s')} Комиссии CSV</a
    >`;
  return html`<div class="head">
      <div>
        <h1>Партнёры</h1>
        <p class="lede">${lede}</p>
      </div>
      ${partners.length > 0 && html`<div class="row">${file}${add}</div>`}
    </div>
    <div class="stack" id="partners" data-live>
      ${told}${
        partners.length === 0
          ? html`<section class="card">
              ${empty('handshake', 'Партнёров пока нет', 'Добавьте первого: он получит письмо и SMS о каждой комиссии, а вы увидите, кого он привёл.', add)}
            </section>`
          : partnerTable(partners)
      }
      ${tierCard(tiers, isOwner)}
    </div>`;
}

const COLUMNS: readonly (readonly [string, (partner: Partner) => string])[] = [
  ['Переходы', ({ clicks }) => amount(clicks)],
  ['Заявки', ({ leads }) => amount(leads)],
  ['Продажи', ({ sales }) => amount(sales)],
  ['Ждёт одобрения', ({ pending, held }) => sumOrDash(pending + held)],
  ['К выплате', ({ approved }) => sumOrDash(approved)],
  ['Выплачено', ({ paid }) => sumOrDash(paid)],
];
const sumOrDash = (sum: number) => (sum === 0 ? '—' : tenge(sum));

function partnerTable(partners: readonly Partner[]): Html {
  return html`<div class="table-box">
    <table class="table table-cards" role="table" aria-label="Партнёры, новые сверху">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">Партнёр</th>
          ${COLUMNS.map(([word]) => html`<th role="columnheader" scope="col" class="num">${word}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${partners.map(partnerRow)}
      </tbody>
    </table>
  </div>`;
}

function partnerRow(partner: Partner): Html {
  const { id, name, code, isActive, heldCount } = partner;
  return html`<tr role="row" data-row="${id}">
    <th role="rowheader" scope="row" class="person">
      <a href="/partners/${id}">${typed(name, 80) ?? 'Без имени'}</a>
      <span class="sub">код ${typed(code, 40)}${!isActive && ', выключен'}</span>
      ${
        heldCount > 0 &&
        html`<span class="st st-hold">${icon('hand')} <span>На проверке: ${heldCount}</span></span>`
      }
    </th>
    ${COLUMNS.map(([word, of]) => {
      const text = of(partner);
      return html`<td role="cell" class="num${text === '—' ? ' none' : ''}">
        <span class="cell-name">${word}</span>${text}
      </td>`;
    })}
  </tr>`;
}

function tierCard(tiers: Partners['tiers'], isOwner: boolean): Html {
  const lines = tiers.map(
    ({ fromSales, percent, amount: fixed }) =>
      html`<li>
        <span>с ${amount(fromSales)}-й продажи</span>
        <b
          >${[percent !== null && `${String(percent).replace('.', ',')} %`, fixed !== null && tenge(fixed)].filter((part) => part !== false).join(' и ')}</b
        >
      </li>`,
  );
  const none = notice('Комиссии не назначены: за продажи партнёров не начисляется ничего.', false);
  const number = (id: string, label: string, hint = '') =>
    html`<div class="field">
      <label for="tier-${id}">${label}</label
      ><input
        class="input"
        id="tier-${id}"
        name="${id}"
        inputmode="decimal"
        maxlength="12"
        autocomplete="off"
        placeholder="${hint}"
      />
    </div>`;
  const form = html`<details class="what">
    <summary>Назначить или изменить</summary>
    <form class="stack-s" method="post" action="/partners/tiers">
      ${number('from', 'С какой продажи партнёра', '1')}
      ${number('percent', 'Процент от суммы продажи', '10')}
      ${number('amount', 'И (или) сумма в тенге', '2000')}
      <button class="btn">Назначить комиссию</button>
      <p class="hint">Действует для следующих продаж; начисленное не меняется.</p>
    </form>
  </details>`;
  return card(
    'tiers',
    'Сколько платим',
    html`${
      tiers.length === 0
        ? none
        : html`<ul class="items">
            ${lines}
          </ul>`
    }${isOwner && form}`,
  );
}

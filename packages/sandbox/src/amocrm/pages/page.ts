/** The CRM tab: the pipelines as boards, a deal with its contact, notes and history beside them. */
import { html, type Html } from '../../pages/html.ts';
import type { ProviderPage } from '../../world/provider.ts';
import { boards } from './board.ts';
import { dealDetails } from './deal-details.ts';
import type { Parts } from '../store/edits.ts';
import type { RateLimit } from '../api/rate-limit.ts';

/** Makes the tab. */
export function createAmocrmPage(parts: Parts, rate: RateLimit): ProviderPage {
  const { store, settings } = parts;
  return {
    title: 'CRM',
    count: () => store.liveLeads().length,
    summary: () =>
      html`<span>AmoCRM</span>
        <span>Аккаунт: <b>${settings().accountName}</b></span>
        <span>Контактов: <b>${store.liveContacts().length}</b></span>
        <span>Запросов в секунду: <b>${settings().ratePerSecond}</b></span>
        ${settings().indexLagMs > 0 && html`<span>Поиск отстаёт: <b>${settings().indexLagMs / 1000} с</b></span>`}
        ${rate.state().blocked && blocked}`,
    list: (selected) =>
      html`${store.liveLeads().length === 0 && nothingYet}${boards(parts, selected)}`,
    item: (id) => {
      const lead = store.lead(id);
      return lead === undefined ? undefined : dealDetails(lead, parts);
    },
  };
}

const blocked: Html = html`<span class="bad"
  ><b class="bad">Доступ заблокирован:</b> слишком много отказов 429.
  <button type="button" class="small" data-post="/__sim/amocrm/unblock">
    Снять блокировку
  </button></span
>`;

const nothingYet = html`<div class="empty">
  <p><b>Сделок пока нет</b></p>
  <p>Оставьте заявку на <a href="/forms/">странице форм</a> — сделка появится в воронке ниже.</p>
</div>`;

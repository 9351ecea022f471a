/** Pipelines as kanban boards: a column for each stage, a card for each deal. */
import { html, showTime, type Html } from '../../pages/html.ts';
import type { AccountPipeline } from '../store/account.ts';
import type { Parts } from '../store/edits.ts';
import { LOST, WON, type Contact, type Lead } from '../store/records.ts';
import type { Status } from '../lifecycle/settings.ts';
import { viewContact, viewLead } from './views.ts';

/** A column shows so many of its deals, the latest first. */
const SHOWN_DEALS = 50;
const SHOWN_CONTACTS = 50;

/** Every pipeline that is the main one or has deals, and contacts that have none. */
export function boards(parts: Parts, selected?: string): Html {
  const leads = parts.store.liveLeads();
  const shown = parts.account
    .pipelines()
    .filter(({ id, main }) => main || leads.some((lead) => lead.pipelineId === id));
  return html`${shown.map((pipeline) => board(pipeline, leads, parts, selected))}
  ${lonelyContacts(parts)}`;
}

function board(
  pipeline: AccountPipeline,
  leads: Lead[],
  parts: Parts,
  selected: string | undefined,
): Html {
  const own = leads.filter(({ pipelineId }) => pipelineId === pipeline.id);
  return html`<section class="pipeline" aria-label="Воронка ${pipeline.name}">
    <h2>${pipeline.name} <small>${pipeline.id}${pipeline.archived && ' · в архиве'}</small></h2>
    <div class="board">
      ${parts.account.statuses(pipeline).map((status) => {
        const held = own.filter(({ statusId }) => statusId === status.id).reverse();
        return column(status, pipeline, held, parts, selected);
      })}
    </div>
  </section>`;
}

function column(
  status: Status,
  pipeline: AccountPipeline,
  leads: Lead[],
  parts: Parts,
  selected: string | undefined,
): Html {
  const isEnd = status.id === WON || status.id === LOST;
  const more = leads.length - SHOWN_DEALS;
  // Nothing can be put into the incoming stage.
  return html`<section
    class="column ${isEnd && 'end'}"
    style="--stage: ${status.color}"
    ${!status.incoming && html`data-stage="${status.id}" data-pipeline="${pipeline.id}"`}
  >
    <h3>${status.name} <span class="number">${leads.length}</span><small>${status.id}</small></h3>
    ${leads.slice(0, SHOWN_DEALS).map((lead) => card(lead, parts, selected === String(lead.id)))}
    ${more > 0 && html`<p class="more">и ещё ${more}</p>`}
  </section>`;
}

function card(lead: Lead, parts: Parts, isSelected: boolean): Html {
  const { name, tags, fields } = viewLead(lead, parts);
  const contact = parts.store.contact(lead.contactIds[0]);
  const notes = parts.store.notesOf('leads', lead.id).length;
  const utm = ['UTM_SOURCE', 'UTM_MEDIUM', 'UTM_CAMPAIGN'].flatMap((code) => fields[code] ?? []);
  return html`<a
    class="deal"
    href="/inbox/amocrm/${lead.id}"
    draggable="true"
    data-deal="${lead.id}"
    data-focus="deal-${lead.id}"
    ${isSelected && html`aria-current="true"`}
  >
    <b class="deal-name">${name}</b>
    ${contact && person(contact, parts)}
    ${tags.length > 0 && html`<span class="chips">${tags.map((tag) => html`<span class="chip">${tag}</span>`)}</span>`}
    ${utm.length > 0 && html`<span class="deal-line" title="UTM">↗ ${utm.join(' / ')}</span>`}
    <span class="deal-foot"
      ><time>${showTime(lead.createdAt * 1000)}</time
      >${notes > 0 && html`<span title="Примечаний: ${notes}">✎ ${notes}</span>`}${lead.price > 0 && html`<b>${showPrice(lead.price)}</b>`}</span
    >
  </a>`;
}

function person(contact: Contact, parts: Parts): Html {
  const { name, phones, emails } = viewContact(contact, parts);
  return html`<span class="deal-line">${name === '' ? 'Без имени' : name}</span>
    ${phones.length > 0 && html`<span class="deal-line">${phones.join(', ')}</span>`}
    ${emails.length > 0 && html`<span class="deal-line">${emails.join(', ')}</span>`}`;
}

/** Tenge without fractions: AmoCRM's budget is a whole number. */
export function showPrice(price: number): string {
  return `${price.toLocaleString('ru-RU')} ₸`;
}

function lonelyContacts(parts: Parts): Html | null {
  const { store } = parts;
  const lonely = store.liveContacts().filter(({ id }) => store.leadsOf(id).length === 0);
  if (lonely.length === 0) return null;
  return html`<section class="pipeline">
    <h2>Контакты без сделок <small>${lonely.length}</small></h2>
    <ul class="people">
      ${lonely
        .slice(-SHOWN_CONTACTS)
        .reverse()
        .map((contact) => html`<li class="deal">${person(contact, parts)}</li>`)}
    </ul>
  </section>`;
}

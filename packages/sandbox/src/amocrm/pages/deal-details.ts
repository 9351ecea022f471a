/** One deal in full: where it stands, whose it is, what hangs on it, and how it got here. */
import { html, showTime, type Html } from '../../pages/html.ts';
import { showPrice } from './board.ts';
import type { Parts } from '../store/edits.ts';
import type { Contact, Lead, Note } from '../store/records.ts';
import { viewContact, viewLead } from './views.ts';

/** Makes the pane; everything in it follows what happens. */
export function dealDetails(lead: Lead, parts: Parts): Html {
  return html`<div data-live="deal" class="deal-details">
    ${head(lead, parts)} ${lead.contactIds.map((id) => contactCard(parts.store.contact(id), parts))}
    ${tasks(lead, parts)} ${notes(parts.store.notesOf('leads', lead.id), parts)}
    ${history(lead, parts)}
  </div>`;
}

function head(lead: Lead, parts: Parts): Html {
  const { name, tags, fields, price } = viewLead(lead, parts);
  return html`<div class="item-head">
    <h2>${name}</h2>
    ${lead.isDeleted ? html`<p class="bad">Сделка удалена.</p>` : stageChoice(lead, parts)}
    <dl>
      <dt>Номер</dt>
      <dd>${lead.id}</dd>
      ${
        price > 0 &&
        html`<dt>Бюджет</dt>
          <dd>${showPrice(price)}</dd>`
      }
      <dt>Ответственный</dt>
      <dd>${userName(lead.responsibleUserId, parts)}</dd>
      <dt>Создана</dt>
      <dd>${showTime(lead.createdAt * 1000)}</dd>
      ${
        tags.length > 0 &&
        html`<dt>Теги</dt>
          <dd class="chips">${tags.map((tag) => html`<span class="chip">${tag}</span>`)}</dd>`
      }
      ${Object.entries(fields).map(
        ([field, values]) =>
          html`<dt>${field}</dt>
            <dd>${values.join(', ')}</dd>`,
      )}
    </dl>
    <p class="actions">
      ${
        lead.isDeleted
          ? html`<button
              type="button"
              class="small"
              data-focus="life"
              data-post="/__sim/amocrm/leads/${lead.id}/restore"
            >
              Восстановить
            </button>`
          : html`<button
              type="button"
              class="small"
              data-focus="life"
              data-delete="/__sim/amocrm/leads/${lead.id}"
            >
              Удалить сделку
            </button>`
      }
    </p>
  </div>`;
}

function stageChoice(lead: Lead, { account }: Parts): Html {
  return html`<label class="stage-choice"
    >Этап
    <select data-move="${lead.id}" data-focus="stage" autocomplete="off">
      ${account.pipelines().map(
        (pipeline) =>
          html`<optgroup label="${pipeline.name}">
            ${account.statuses(pipeline).map(({ id, name, incoming }) => {
              const isHere = pipeline.id === lead.pipelineId && id === lead.statusId;
              return html`<option
                value="${pipeline.id}:${id}"
                ${isHere && html`selected`}
                ${incoming && !isHere && html`disabled`}
              >
                ${name}
              </option>`;
            })}
          </optgroup>`,
      )}
    </select></label
  >`;
}

function contactCard(contact: Contact | undefined, parts: Parts): Html | null {
  if (contact === undefined) return null;
  const { id, name, phones, emails, tags } = viewContact(contact, parts);
  const others = parts.store.leadsOf(id).length - 1;
  return html`<section class="block">
    <h3>Контакт <small>${id}${contact.isDeleted && ' · удалён'}</small></h3>
    <p><b>${name === '' ? 'Без имени' : name}</b></p>
    <dl>
      ${
        phones.length > 0 &&
        html`<dt>Телефон</dt>
          <dd>${phones.join(', ')}</dd>`
      }
      ${
        emails.length > 0 &&
        html`<dt>Email</dt>
          <dd>${emails.join(', ')}</dd>`
      }
      ${
        tags.length > 0 &&
        html`<dt>Теги</dt>
          <dd>${tags.join(', ')}</dd>`
      }
      ${
        others > 0 &&
        html`<dt>Другие сделки</dt>
          <dd>${others}</dd>`
      }
    </dl>
  </section>`;
}

function notes(list: Note[], parts: Parts): Html {
  return html`<section class="block">
    <h3>Примечания <span class="number">${list.length}</span></h3>
    ${list.length === 0 && html`<p class="hint">Примечаний нет.</p>`}
    ${[...list].reverse().map((note) => {
      const { text } = note.params;
      return html`<article class="note">
        <p>${typeof text === 'string' ? text : note.noteType}</p>
        <small>${userName(note.createdBy, parts)}, ${showTime(note.createdAt * 1000)}</small>
      </article>`;
    })}
  </section>`;
}

function tasks({ id }: Lead, parts: Parts): Html | null {
  const own = parts.store.tasks.all().filter(({ entityId }) => entityId === id);
  if (own.length === 0) return null;
  return html`<section class="block">
    <h3>Задачи <span class="number">${own.length}</span></h3>
    ${own.map(
      ({ text, responsibleUserId, completeTill }) =>
        html`<article class="note">
          <p>${text}</p>
          <small>${userName(responsibleUserId, parts)}, до ${showTime(completeTill * 1000)}</small>
        </article>`,
    )}
  </section>`;
}

function history(lead: Lead, parts: Parts): Html {
  return html`<section class="block">
    <h3>История</h3>
    <ol class="history">
      ${[...lead.history]
        .reverse()
        .map(
          ({ at, by, text }) =>
            html`<li>${text}<small>${userName(by, parts)}, ${showTime(at * 1000)}</small></li>`,
        )}
    </ol>
  </section>`;
}

function userName(id: number, { settings }: Parts): string {
  return settings().users.find((user) => user.id === id)?.name ?? `Пользователь ${id}`;
}

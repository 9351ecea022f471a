/** One entity as a webhook tells it (docs "Webhooks format"): not the names of the API, and strings only. */
import type { Account } from '../store/account.ts';
import type { AmocrmStore } from '../store/amocrm-store.ts';
import type { Change } from '../store/edits.ts';
import type { Contact, EntityType, Lead, Note } from '../store/records.ts';
import type { AmocrmSettings } from './settings.ts';

/** The item of `change`; `null` values are left out by the form. */
export function hookItem(
  change: Change,
  settings: AmocrmSettings,
  account: Account,
  store: AmocrmStore,
): Record<string, unknown> {
  if (change.event === 'note') return { note: noteItem(change.note, settings) };
  if (change.of === 'contacts') {
    return {
      ...common(change.contact, 'contacts', settings, account),
      type: 'contact',
      linked_leads_id: Object.fromEntries(
        store.leadsOf(change.contact.id).map(({ id }) => [id, { ID: id }]),
      ),
    };
  }
  return leadItem(change, settings, account);
}

function leadItem(
  { event, lead, before }: { event: string; lead: Lead; before?: Lead },
  settings: AmocrmSettings,
  account: Account,
): Record<string, unknown> {
  // A deletion tells only where the lead was.
  const place = { id: lead.id, status_id: lead.statusId, pipeline_id: lead.pipelineId };
  if (event === 'delete') return place;
  const isElsewhere = before !== undefined && before.pipelineId !== lead.pipelineId;
  return {
    ...common(lead, 'leads', settings, account),
    ...place,
    ...(before !== undefined && { old_status_id: before.statusId }),
    ...(isElsewhere && { old_pipeline_id: before.pipelineId }),
    price: lead.price,
  };
}

function common(
  entity: Lead | Contact,
  type: EntityType,
  settings: AmocrmSettings,
  account: Account,
): Record<string, unknown> {
  return {
    id: entity.id,
    name: entity.name,
    responsible_user_id: entity.responsibleUserId,
    modified_user_id: entity.updatedBy,
    created_user_id: entity.createdBy,
    date_create: entity.createdAt,
    last_modified: entity.updatedAt,
    created_at: entity.createdAt,
    updated_at: entity.updatedAt,
    account_id: settings.accountId,
    tags: entity.tags.map(({ id, name }) => ({ id, name })),
    custom_fields: entity.fields.flatMap(({ fieldId, values }) => {
      const field = account.fieldBy(type, { id: fieldId });
      if (field === undefined) return [];
      const shown = values.map(({ value, enumId }) => ({ value, enum: enumId ?? null }));
      return [{ id: field.id, name: field.name, code: field.code, values: shown }];
    }),
  };
}

function noteItem(note: Note, settings: AmocrmSettings): Record<string, unknown> {
  return {
    id: note.id,
    // The codes of the older API: 1 is a contact, 2 a lead; note type 4 is a common one.
    element_type: note.entityType === 'leads' ? 2 : 1,
    element_id: note.entityId,
    note_type: note.noteType === 'common' ? 4 : note.noteType,
    text: note.params['text'] ?? '',
    date_create: note.createdAt,
    created_by: note.createdBy,
    account_id: settings.accountId,
  };
}

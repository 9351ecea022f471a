/** The account as tests and the page like to read it: names beside ids, fields by their code or name. */
import type { Parts } from '../store/edits.ts';
import type {
  Contact,
  EntityType,
  FieldValues,
  HistoryEntry,
  Lead,
  Note,
} from '../store/records.ts';

export type LeadView = {
  id: number;
  name: string;
  price: number;
  pipelineId: number;
  statusId: number;
  statusName: string;
  responsibleUserId: number;
  /** The main one first. */
  contactIds: number[];
  tags: string[];
  /** By code, or by name for fields without one. */
  fields: Record<string, string[]>;
  isDeleted: boolean;
  createdAt: number;
  updatedAt: number;
  history: HistoryEntry[];
};

export type ContactView = {
  id: number;
  name: string;
  phones: string[];
  emails: string[];
  fields: Record<string, string[]>;
  tags: string[];
  leadIds: number[];
  isDeleted: boolean;
};

export type NoteView = {
  id: number;
  entityType: EntityType;
  entityId: number;
  noteType: string;
  text: string;
  createdBy: number;
  createdAt: number;
};

/** A lead in words. */
export function viewLead(lead: Lead, parts: Parts): LeadView {
  const { id, name, price, pipelineId, statusId, responsibleUserId, contactIds } = lead;
  const { isDeleted, createdAt, updatedAt, history } = lead;
  return {
    id,
    name,
    price,
    pipelineId,
    statusId,
    statusName: stageName(lead, parts),
    responsibleUserId,
    contactIds,
    tags: lead.tags.map((tag) => tag.name),
    fields: named(lead.fields, 'leads', parts),
    isDeleted,
    createdAt,
    updatedAt,
    history,
  };
}

/** A contact in words. */
export function viewContact(contact: Contact, parts: Parts): ContactView {
  const { store } = parts;
  return {
    id: contact.id,
    name: contact.name,
    phones: store.valuesOf(contact, 'PHONE'),
    emails: store.valuesOf(contact, 'EMAIL'),
    fields: named(contact.fields, 'contacts', parts),
    tags: contact.tags.map(({ name }) => name),
    leadIds: store.leadsOf(contact.id).map(({ id }) => id),
    isDeleted: contact.isDeleted,
  };
}

/** A note in words. */
export function viewNote({ params, ...note }: Note): NoteView {
  const { id, entityType, entityId, noteType, createdBy, createdAt } = note;
  const text = typeof params['text'] === 'string' ? params['text'] : '';
  return { id, entityType, entityId, noteType, text, createdBy, createdAt };
}

/** The stage's name, or its id when it was deleted. */
export function stageName({ pipelineId, statusId }: Lead, { account }: Parts): string {
  const pipeline = account.pipeline(pipelineId);
  const status = pipeline && account.statuses(pipeline).find(({ id }) => id === statusId);
  return status?.name ?? String(statusId);
}

function named(
  held: FieldValues[],
  entity: EntityType,
  { account }: Parts,
): Record<string, string[]> {
  return Object.fromEntries(
    held.flatMap(({ fieldId, values }) => {
      const field = account.fieldBy(entity, { id: fieldId });
      if (field === undefined) return [];
      return [[field.code ?? field.name, values.map(({ value }) => String(value))]];
    }),
  );
}

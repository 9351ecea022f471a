/** The account's data: tables, ids in a fixed order, and what is read from them. */
import type { World } from '../../world/provider.ts';
import type { Table } from '../../world/store.ts';
import type { Account } from './account.ts';
import type { Company, Contact, EntityType, Lead, Note, Tag, Task } from './records.ts';

/** Where each kind of id begins; one more for every new thing, so a run repeats them. */
const FIRST_IDS = {
  lead: 30_000_001,
  contact: 40_000_001,
  company: 50_000_001,
  note: 60_000_001,
  task: 65_000_001,
  tag: 70_001,
  field: 870_001,
  hook: 1_001,
} as const;

export type AmocrmStore = {
  leads: Table<Lead>;
  contacts: Table<Contact>;
  companies: Table<Company>;
  notes: Table<Note>;
  tasks: Table<Task>;
  nextId(kind: keyof typeof FIRST_IDS): number;
  lead(id: unknown): Lead | undefined;
  contact(id: unknown): Contact | undefined;
  /** Leads and contacts that are not deleted. */
  liveLeads(): Lead[];
  liveContacts(): Contact[];
  leadsOf(contactId: number): Lead[];
  notesOf(entityType: EntityType, entityId: number): Note[];
  /** The tag of this name, made when it is new. */
  tagNamed(name: string): Tag;
  tagById(id: unknown): Tag | undefined;
  tags(): Tag[];
  /** Phones in digits and addresses in lower case: how the ledger names a person. */
  reachOf(contact: Contact): string[];
  valuesOf(contact: Contact, code: 'PHONE' | 'EMAIL'): string[];
};

/** Opens the tables in the world's store. */
export function createAmocrmStore({ store }: World, account: Account): AmocrmStore {
  const leads = store.table<Lead>('amocrm-leads');
  const contacts = store.table<Contact>('amocrm-contacts');
  const notes = store.table<Note>('amocrm-notes');
  const tags = store.table<Tag>('amocrm-tags');
  const counters = store.table<number>('amocrm-counters');
  const nextId: AmocrmStore['nextId'] = (kind) => {
    const id = counters.get(kind) ?? FIRST_IDS[kind];
    counters.put(kind, id + 1);
    return id;
  };
  const valuesOf: AmocrmStore['valuesOf'] = (contact, code) => {
    const field = account.fieldBy('contacts', { code });
    const held = contact.fields.find(({ fieldId }) => fieldId === field?.id);
    return (held?.values ?? []).map(({ value }) => String(value));
  };
  return {
    leads,
    contacts,
    companies: store.table<Company>('amocrm-companies'),
    notes,
    tasks: store.table<Task>('amocrm-tasks'),
    nextId,
    lead: (id) => leads.get(String(id)),
    contact: (id) => contacts.get(String(id)),
    liveLeads: () => leads.all().filter(({ isDeleted }) => !isDeleted),
    liveContacts: () => contacts.all().filter(({ isDeleted }) => !isDeleted),
    leadsOf: (contactId) =>
      leads.all().filter((lead) => !lead.isDeleted && lead.contactIds.includes(contactId)),
    notesOf: (entityType, entityId) =>
      notes.all().filter((note) => note.entityType === entityType && note.entityId === entityId),
    tagNamed: (name) => {
      const known = tags.all().find((tag) => tag.name.toLowerCase() === name.toLowerCase());
      if (known !== undefined) return known;
      const tag = { id: nextId('tag'), name };
      tags.put(String(tag.id), tag);
      return tag;
    },
    tagById: (id) => tags.get(String(id)),
    tags: () => tags.all(),
    reachOf: (contact) => [
      ...valuesOf(contact, 'PHONE').map((phone) => phone.replace(/\D/g, '')),
      ...valuesOf(contact, 'EMAIL').map((email) => email.toLowerCase()),
    ],
    valuesOf,
  };
}

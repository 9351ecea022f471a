/**
 * Writes: every change of a lead, a contact or a note goes through here, whoever makes it. One `edit` is one call:
 * it is on disk whole, its effects are in the ledger, and its webhooks leave afterwards, several leads in one.
 */
import type { World } from '../../world/provider.ts';
import type { Account } from './account.ts';
import type { AmocrmStore } from './amocrm-store.ts';
import { describeChange, isOther } from './change-words.ts';
import { LOST, WON, type Contact, type Lead, type Note, type Tag } from './records.ts';
import { reindex } from '../api/search.ts';
import type { AmocrmSettings } from '../lifecycle/settings.ts';

export type Author = { userId: number; by: 'api' | 'manager' };

/** Something that webhooks tell: the entity as it was after the change. */
export type Change =
  | { of: 'leads'; event: HookEvent; lead: Lead; before?: Lead }
  | { of: 'contacts'; event: HookEvent; contact: Contact }
  | { of: 'leads' | 'contacts'; event: 'note'; note: Note };
export type HookEvent = 'add' | 'update' | 'status' | 'responsible' | 'delete' | 'restore';

export type Parts = {
  world: World;
  settings: () => AmocrmSettings;
  account: Account;
  store: AmocrmStore;
  announce: (changes: Change[]) => void;
};

export type LeadDraft = Pick<Lead, 'name' | 'pipelineId' | 'statusId'> & Partial<Lead>;
export type ContactDraft = Pick<Contact, 'name'> & Partial<Contact>;

/** Makes one call's changes; `work` must not throw halfway. */
export function edit<Result>(parts: Parts, author: Author, work: (edits: Edits) => Result): Result {
  const edits = new Edits(parts, author);
  const result = parts.world.store.transaction(() => work(edits));
  parts.announce(edits.changes);
  parts.world.changed();
  return result;
}

export class Edits {
  readonly changes: Change[] = [];
  readonly #parts: Parts;
  readonly #author: Author;

  constructor(parts: Parts, author: Author) {
    this.#parts = parts;
    this.#author = author;
  }

  addLead(draft: LeadDraft): Lead {
    const { store } = this.#parts;
    const { name, pipelineId, statusId, ...rest } = draft;
    const lead: Lead = {
      ...this.#born(store.nextId('lead'), name),
      price: 0,
      pipelineId,
      statusId,
      lossReasonId: null,
      closedAt: isClosed(statusId) ? this.#now() : null,
      contactIds: [],
      companyIds: [],
      history: [],
      ...rest,
    };
    if (lead.name === '') lead.name = `Сделка #${lead.id}`;
    const written = this.#writeLead(lead, 'Сделка создана');
    this.#record('lead-created', written, { statusId, pipelineId });
    this.changes.push({ of: 'leads', event: 'add', lead: written });
    return written;
  }

  /** Applies `patch`; the same values again change only the time, and are told again. */
  changeLead(before: Lead, patch: Partial<Lead>): Lead {
    const moved = { ...before, ...patch };
    const isMoved = moved.statusId !== before.statusId || moved.pipelineId !== before.pipelineId;
    if (isMoved && patch.closedAt === undefined) {
      moved.closedAt = isClosed(moved.statusId) ? this.#now() : null;
    }
    const text = describeChange(before, moved, this.#parts.account);
    const after = this.#writeLead({ ...moved, ...this.#touched() }, text);
    if (isMoved) {
      const { statusId, pipelineId } = after;
      this.#record('lead-moved', after, { statusId, pipelineId, fromStatusId: before.statusId });
      this.changes.push({ of: 'leads', event: 'status', lead: after, before });
    } else if (text !== null) this.#record('lead-changed', after);
    if (after.responsibleUserId !== before.responsibleUserId) {
      this.changes.push({ of: 'leads', event: 'responsible', lead: after });
    }
    this.changes.push({ of: 'leads', event: 'update', lead: after });
    return after;
  }

  deleteLead(before: Lead): void {
    const lead = this.#writeLead(
      { ...before, ...this.#touched(), isDeleted: true },
      'Сделка удалена',
    );
    this.#record('lead-deleted', lead);
    this.changes.push({ of: 'leads', event: 'delete', lead });
  }

  restoreLead(before: Lead): void {
    const lead = this.#writeLead(
      { ...before, ...this.#touched(), isDeleted: false },
      'Сделка восстановлена',
    );
    this.#record('lead-restored', lead);
    this.changes.push({ of: 'leads', event: 'restore', lead });
  }

  addContact(draft: ContactDraft): Contact {
    const { store } = this.#parts;
    const { name, ...rest } = draft;
    const id = store.nextId('contact');
    const contact: Contact = {
      ...this.#born(id, name),
      firstName: '',
      lastName: '',
      companyIds: [],
      ...rest,
    };
    const written = this.#writeContact(contact);
    this.#recordContact('contact-created', written);
    this.changes.push({ of: 'contacts', event: 'add', contact: written });
    return written;
  }

  changeContact(before: Contact, patch: Partial<Contact>): Contact {
    const differs = Object.entries(patch).some(([key, value]) =>
      isOther(Reflect.get(before, key), value),
    );
    const contact = this.#writeContact({ ...before, ...patch, ...this.#touched() });
    if (differs) this.#recordContact('contact-changed', contact);
    this.changes.push({ of: 'contacts', event: 'update', contact });
    return contact;
  }

  deleteContact(before: Contact): void {
    const contact = this.#writeContact({ ...before, ...this.#touched(), isDeleted: true });
    this.#recordContact('contact-deleted', contact);
    this.changes.push({ of: 'contacts', event: 'delete', contact });
  }

  addCompany(name: string): number {
    const id = this.#parts.store.nextId('company');
    this.#parts.store.companies.put(String(id), { id, name });
    return id;
  }

  addNote(draft: Pick<Note, 'entityType' | 'entityId' | 'noteType' | 'params'>): Note {
    const { store, world } = this.#parts;
    const { userId, by } = this.#author;
    const note = { id: store.nextId('note'), ...draft, createdBy: userId, createdAt: this.#now() };
    store.notes.put(String(note.id), note);
    const lead = note.entityType === 'leads' ? store.lead(note.entityId) : undefined;
    const contact = note.entityType === 'contacts' ? store.contact(note.entityId) : undefined;
    world.effects.record({
      provider: 'amocrm',
      kind: 'note-added',
      id: String(note.id),
      by,
      to: contact ? store.reachOf(contact) : lead ? this.#reach(lead) : [],
      entityType: note.entityType,
      entityId: note.entityId,
      text: typeof note.params['text'] === 'string' ? note.params['text'] : '',
    });
    if (note.entityType !== 'companies') {
      this.changes.push({ of: note.entityType, event: 'note', note });
    }
    return note;
  }

  #now(): number {
    return Math.floor(this.#parts.world.clock.now() / 1000);
  }

  #touched() {
    return { updatedAt: this.#now(), updatedBy: this.#author.userId };
  }

  #born(id: number, name: string) {
    const { userId } = this.#author;
    const now = this.#now();
    return {
      id,
      name,
      responsibleUserId: userId,
      createdBy: userId,
      updatedBy: userId,
      createdAt: now,
      updatedAt: now,
      isDeleted: false,
      fields: [],
      tags: [],
      indexed: [],
    };
  }

  #writeLead(lead: Lead, text: string | null): Lead {
    const entry = { at: this.#now(), by: this.#author.userId, text: text ?? '' };
    const history = text === null ? lead.history : [...lead.history, entry];
    const words = [
      lead.name,
      String(lead.id),
      ...wordsOf(lead),
      ...lead.tags.map(({ name }) => name),
    ];
    const tags = this.#named(lead.tags);
    const written = { ...lead, tags, history, indexed: this.#indexed(lead, words) };
    this.#parts.store.leads.put(String(lead.id), written);
    return written;
  }

  #writeContact(contact: Contact): Contact {
    const words = [contact.name, String(contact.id), ...wordsOf(contact)];
    const tags = this.#named(contact.tags);
    const written = { ...contact, tags, indexed: this.#indexed(contact, words) };
    this.#parts.store.contacts.put(String(contact.id), written);
    return written;
  }

  /** Unknown names become tags of the account. */
  #named(tags: Tag[]): Tag[] {
    return tags.map((tag) => (tag.id === 0 ? this.#parts.store.tagNamed(tag.name) : tag));
  }

  /** What a manager types is in the index at once here: that is how a test plants what has been there for years. */
  #indexed(entity: Lead | Contact, words: string[]) {
    const now = this.#parts.world.clock.now();
    const lag = this.#author.by === 'manager' ? 0 : this.#parts.settings().indexLagMs;
    return reindex(entity.indexed, words, now + lag, now);
  }

  #reach(lead: Lead): string[] {
    const { store } = this.#parts;
    return lead.contactIds.flatMap((id) => {
      const contact = store.contact(id);
      return contact === undefined ? [] : store.reachOf(contact);
    });
  }

  #record(
    kind: 'lead-created' | 'lead-moved' | 'lead-changed' | 'lead-deleted' | 'lead-restored',
    lead: Lead,
    more: { statusId?: number; pipelineId?: number; fromStatusId?: number } = {},
  ): void {
    this.#parts.world.effects.record({
      provider: 'amocrm',
      kind,
      id: String(lead.id),
      by: this.#author.by,
      to: this.#reach(lead),
      name: lead.name,
      ...more,
    });
  }

  #recordContact(
    kind: 'contact-created' | 'contact-changed' | 'contact-deleted',
    contact: Contact,
  ): void {
    const { store, world } = this.#parts;
    world.effects.record({
      provider: 'amocrm',
      kind,
      id: String(contact.id),
      by: this.#author.by,
      to: store.reachOf(contact),
      name: contact.name,
    });
  }
}

const isClosed = (statusId: number): boolean => statusId === WON || statusId === LOST;

function wordsOf({ fields }: Lead | Contact): string[] {
  return fields.flatMap(({ values }) => values.map(({ value }) => String(value)));
}

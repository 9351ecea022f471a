/** `POST /api/v4/leads/complex`: leads with their contact and company in one call; the answer is a bare array. */
import { done, type FieldError } from './answers.ts';
import { embedded, readAll, readItems, readUnder, requestId } from './body.ts';
import { edit, type ContactDraft, type Edits, type LeadDraft, type Parts } from '../store/edits.ts';
import { checkFieldCount, readContact, readLead, type Input } from './entity-input.ts';
import { words } from './field-values.ts';
import { asDraft } from './lead-routes.ts';
import { LOST, WON, type Contact, type Lead } from '../store/records.ts';
import type { AmoRoute } from './route.ts';

/** Docs "Complex leads". */
const MOST_LEADS = 50;

type Draft = {
  lead: LeadDraft;
  /** A contact that exists, or one to be made. */
  contact: { id: number } | ContactDraft | null;
  company: { id: number } | { name: string } | null;
};

export const complexRoutes: AmoRoute[] = [
  {
    method: 'POST',
    path: /^\/api\/v4\/leads\/complex$/,
    handle: (request, parts) => {
      const items = readItems(request, MOST_LEADS);
      const drafts = readAll(items, (item, errors) => readDraft(item, parts, errors));
      // What this call makes is no duplicate of itself.
      const known = parts.settings().duplicateControl ? parts.store.liveContacts() : [];
      const made = edit(parts, parts.author, (edits) =>
        drafts.map((draft) => make(draft, edits, parts, known)),
      );
      return done(
        made.map((each, index) => ({
          ...each,
          request_id: [requestId(items[index] ?? {}, index)],
        })),
      );
    },
  },
];

function readDraft(item: Input, parts: Parts, errors: FieldError[]): Draft {
  checkFieldCount(item, '', errors);
  const lead = asDraft(readLead(item, { parts, errors }));
  return {
    lead,
    contact: readOneContact(item, parts, errors),
    company: readCompany(item, parts, errors),
  };
}

function readOneContact(item: Input, parts: Parts, errors: FieldError[]): Draft['contact'] {
  const contacts = embedded(item, 'contacts');
  const [contact] = contacts;
  if (contact === undefined) return null;
  if (contacts.length > 1) {
    const detail = 'This collection should contain 1 element or less.';
    errors.push({ code: 'TooMany', path: '_embedded.contacts', detail });
  }
  if (contact['id'] !== undefined) {
    const known = parts.store.contact(contact['id']);
    if (known !== undefined && !known.isDeleted) return { id: known.id };
    const path = '_embedded.contacts.0.id';
    errors.push({ code: 'NotSupportedChoice', path, detail: words.choice });
    return null;
  }
  checkFieldCount(contact, '_embedded.contacts.0.', errors);
  return readUnder('_embedded.contacts.0.', errors, (own) => {
    const { name = '', ...rest } = readContact(contact, { parts, errors: own });
    return { name, ...rest };
  });
}

function readCompany(item: Input, { store }: Parts, errors: FieldError[]): Draft['company'] {
  const [company] = embedded(item, 'companies');
  if (company === undefined) return null;
  if (company['id'] === undefined)
    return { name: typeof company['name'] === 'string' ? company['name'] : '' };
  const id = Number(company['id']);
  if (store.companies.get(String(id)) !== undefined) return { id };
  const path = '_embedded.companies.0.id';
  errors.push({ code: 'NotSupportedChoice', path, detail: words.choice });
  return null;
}

function make({ lead, contact, company }: Draft, edits: Edits, parts: Parts, known: Contact[]) {
  const twin = contact === null || 'id' in contact ? undefined : findTwin(contact, parts, known);
  const contactId = twin?.id ?? (contact === null ? null : contactIdOf(contact, edits));
  const companyId =
    company === null ? null : 'id' in company ? company.id : edits.addCompany(company.name);
  const open = twin && openLead(twin, lead.pipelineId, parts);
  if (open !== undefined) {
    return { id: open.id, contact_id: contactId, company_id: companyId, merged: true };
  }
  const { id } = edits.addLead({
    ...lead,
    contactIds: contactId === null ? [] : [contactId],
    companyIds: companyId === null ? [] : [companyId],
  });
  return { id, contact_id: contactId, company_id: companyId, merged: twin !== undefined };
}

function contactIdOf(contact: { id: number } | ContactDraft, edits: Edits): number {
  return 'name' in contact ? edits.addContact(contact).id : contact.id;
}

/** Duplicate control: the same phone, digit for digit, or the same address. */
function findTwin(draft: ContactDraft, { store }: Parts, known: Contact[]): Contact | undefined {
  const reach = store.reachOf({ fields: [], ...draft } as Contact);
  return known.find((contact) => store.reachOf(contact).some((each) => reach.includes(each)));
}

function openLead(contact: Contact, pipelineId: number, { store }: Parts): Lead | undefined {
  return store
    .leadsOf(contact.id)
    .find(
      (lead) => lead.pipelineId === pipelineId && lead.statusId !== WON && lead.statusId !== LOST,
    );
}

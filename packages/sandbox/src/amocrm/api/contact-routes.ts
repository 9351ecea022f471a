/** `/api/v4/contacts`: the fuzzy search, one, create, change. */
import { done, nothing, refuse } from './answers.ts';
import { readAll, readItems, readObject } from './body.ts';
import { edit, type Parts } from '../store/edits.ts';
import { readContact } from './entity-input.ts';
import { written, writtenOne } from './lead-routes.ts';
import {
  asked,
  baseOf,
  embeds,
  filterOf,
  listAnswer,
  readQuery,
  textOf,
  within,
  type Query,
} from './listing.ts';
import type { Contact } from '../store/records.ts';
import { showContact } from './render.ts';
import type { AmoRoute } from './route.ts';
import { finds, wordsAt } from './search.ts';

export const contactRoutes: AmoRoute[] = [
  {
    method: 'GET',
    path: /^\/api\/v4\/contacts$/,
    handle: (request, parts) => {
      const query = readQuery(request);
      const rows = parts.store.liveContacts().filter(contactFilter(query, parts));
      const show = shower(request.headers.host, query, parts);
      return listAnswer(request, 'contacts', rows, show);
    },
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/contacts\/(\d+)$/,
    handle: (request, parts, [id]) => {
      const contact = parts.store.contact(id);
      if (contact === undefined || contact.isDeleted) return nothing();
      return done(shower(request.headers.host, readQuery(request), parts)(contact));
    },
  },
  {
    method: 'POST',
    path: /^\/api\/v4\/contacts$/,
    handle: (request, parts) => {
      const items = readItems(request);
      const drafts = readAll(items, (item, errors) => readContact(item, { parts, errors }));
      const contacts = edit(parts, parts.author, (edits) =>
        drafts.map(({ name = '', ...rest }) => edits.addContact({ name, ...rest })),
      );
      return written(`${baseOf(request)}/api/v4/contacts`, 'contacts', contacts, items, false);
    },
  },
  {
    method: 'PATCH',
    path: /^\/api\/v4\/contacts$/,
    handle: (request, parts) => {
      const items = readItems(request);
      const patches = readAll(items, (item, errors) => {
        const contact = parts.store.contact(item['id']);
        if (contact !== undefined && !contact.isDeleted) {
          return { contact, patch: readContact(item, { parts, errors }, contact) };
        }
        errors.push({ code: 'NotFound', path: 'id', detail: 'Entity not found' });
        return null;
      });
      const contacts = edit(parts, parts.author, (edits) =>
        patches.flatMap((each) =>
          each === null ? [] : [edits.changeContact(each.contact, each.patch)],
        ),
      );
      return written(`${baseOf(request)}/api/v4/contacts`, 'contacts', contacts, items, true);
    },
  },
  {
    method: 'PATCH',
    path: /^\/api\/v4\/contacts\/(\d+)$/,
    handle: (request, parts, [id]) => {
      const item = readObject(request);
      const contact = parts.store.contact(id);
      if (contact === undefined || contact.isDeleted) throw refuse(404, 'Entity not found');
      const [patch = {}] = readAll([item], (_, errors) =>
        readContact(item, { parts, errors }, contact),
      );
      const changed = edit(parts, parts.author, (edits) => edits.changeContact(contact, patch));
      return writtenOne(`${baseOf(request)}/api/v4/contacts`, 'contacts', changed, parts);
    },
  },
];

function shower(host: string | undefined, query: Query, parts: Parts) {
  const withLeads = embeds(query).includes('leads');
  const base = `http://${host ?? '127.0.0.1'}/amocrm/api/v4`;
  return (contact: Contact) =>
    showContact(contact, parts, base, withLeads ? parts.store.leadsOf(contact.id) : undefined);
}

function contactFilter(query: Query, { settings, world }: Parts): (contact: Contact) => boolean {
  const filter = filterOf(query);
  const isNear = settings().search === 'near';
  const now = world.clock.now();
  const text = textOf(query, 'query');
  const ids = asked(filter['id']);
  const names = asked(filter['name']);
  const responsible = asked(filter['responsible_user_id']);
  return (contact) =>
    (text === '' || finds(wordsAt(contact.indexed, now), text, isNear)) &&
    (ids === null || ids.includes(String(contact.id))) &&
    (names === null || names.includes(contact.name)) &&
    (responsible === null || responsible.includes(String(contact.responsibleUserId))) &&
    within(contact.updatedAt, filter['updated_at']);
}

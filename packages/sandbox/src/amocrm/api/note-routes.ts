/** Notes and links: what hangs on leads and contacts. AmoCRM takes the same note twice. */
import type { ProviderAnswer, ProviderRequest } from '../../world/provider.ts';
import { done, nothing, refuse, type FieldError } from './answers.ts';
import { readAll, readItems, requestId } from './body.ts';
import { edit } from '../store/edits.ts';
import type { Input } from './entity-input.ts';
import { isRecord, words } from './field-values.ts';
import { asked, baseOf, filterOf, listAnswer, readQuery, within } from './listing.ts';
import type { EntityType, Note } from '../store/records.ts';
import { showNote } from './render.ts';
import type { AmoRoute, ApiParts } from './route.ts';

/** Which parameters a kind of note cannot be without (Kommo "Notes types"). */
const NOTE_PARAMS: Record<string, string[]> = {
  common: ['text'],
  call_in: ['phone'],
  call_out: ['phone'],
  service_message: ['service', 'text'],
  extended_service_message: ['service', 'text'],
  message_cashier: ['status', 'text'],
  geolocation: ['text', 'address'],
  sms_in: ['text', 'phone'],
  sms_out: ['text', 'phone'],
  attachment: ['file_uuid'],
};

export const noteRoutes: AmoRoute[] = [
  {
    method: 'GET',
    path: /^\/api\/v4\/(leads|contacts)\/notes$/,
    handle: (request, parts, [entity]) =>
      listNotes(request, parts, (note) => note.entityType === entity),
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/(leads|contacts)\/(\d+)\/notes$/,
    handle: (request, parts, [entity, id]) =>
      listNotes(
        request,
        parts,
        (note) => note.entityType === entity && String(note.entityId) === id,
      ),
  },
  {
    method: 'POST',
    path: /^\/api\/v4\/(leads|contacts)\/notes$/,
    handle: (request, parts, [entity]) => addNotes(request, parts, entity as EntityType),
  },
  {
    method: 'POST',
    path: /^\/api\/v4\/(leads|contacts)\/(\d+)\/notes$/,
    handle: (request, parts, [entity, id]) => {
      if (find(parts, entity as EntityType, id) === undefined)
        throw refuse(404, 'Entity not found');
      return addNotes(request, parts, entity as EntityType, Number(id));
    },
  },
  {
    method: 'PATCH',
    path: /^\/api\/v4\/(leads|contacts)\/notes$/,
    handle: (request, parts, [entity]) => changeNotes(request, parts, entity as EntityType),
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/leads\/(\d+)\/links$/,
    handle: (request, { store }, [id]) => {
      const lead = store.lead(id);
      if (lead === undefined || lead.isDeleted || lead.contactIds.length === 0) return nothing();
      const links = lead.contactIds.map((contactId, index) => link(contactId, index === 0));
      return done({ _links: self(request), _embedded: { links } });
    },
  },
  {
    method: 'POST',
    path: /^\/api\/v4\/leads\/(\d+)\/link$/,
    handle: linkContacts,
  },
];

const self = (request: ProviderRequest) => ({
  self: { href: `${baseOf(request)}${request.path}` },
});
const link = (contactId: number, isMain: boolean) => ({
  to_entity_id: contactId,
  to_entity_type: 'contacts',
  metadata: { main_contact: isMain },
});

function find({ store }: ApiParts, entity: EntityType, id: unknown) {
  const found = entity === 'leads' ? store.lead(id) : store.contact(id);
  return found?.isDeleted === false ? found : undefined;
}

function listNotes(
  request: ProviderRequest,
  parts: ApiParts,
  isWanted: (note: Note) => boolean,
): ProviderAnswer {
  const filter = filterOf(readQuery(request));
  const ids = asked(filter['id']);
  const entityIds = asked(filter['entity_id']);
  const types = asked(filter['note_type']);
  const rows = parts.store.notes
    .all()
    .filter(
      (note) =>
        isWanted(note) &&
        (ids === null || ids.includes(String(note.id))) &&
        (entityIds === null || entityIds.includes(String(note.entityId))) &&
        (types === null || types.includes(note.noteType)) &&
        within(note.createdAt, filter['updated_at']),
    );
  const base = `${baseOf(request)}/api/v4`;
  return listAnswer(request, 'notes', rows, (note) => showNote(note, parts, base));
}

function addNotes(
  request: ProviderRequest,
  parts: ApiParts,
  entityType: EntityType,
  entityId?: number,
): ProviderAnswer {
  const items = readItems(request);
  const drafts = readAll(items, (item, errors) =>
    readNote(item, parts, entityType, errors, entityId),
  );
  const notes = edit(parts, parts.author, (edits) => drafts.map((draft) => edits.addNote(draft)));
  const href = `${baseOf(request)}/api/v4/${entityType}`;
  return done({
    _links: self(request),
    _embedded: {
      notes: notes.map((note, index) => ({
        id: note.id,
        entity_id: note.entityId,
        request_id: requestId(items[index] ?? {}, index),
        _links: { self: { href: `${href}/${note.entityId}/notes/${note.id}` } },
      })),
    },
  });
}

/** Notes that are there, with new parameters (Kommo "Edit notes"); each names its card. */
function changeNotes(
  request: ProviderRequest,
  parts: ApiParts,
  entityType: EntityType,
): ProviderAnswer {
  const items = readItems(request);
  const changes = readAll(items, (item, errors) => {
    const draft = readNote(item, parts, entityType, errors);
    const note = parts.store
      .notesOf(entityType, draft.entityId)
      .find(({ id }) => id === item['id']);
    if (note === undefined) errors.push({ code: 'NotFound', path: 'id', detail: words.choice });
    return { note, params: draft.params };
  });
  const href = `${baseOf(request)}/api/v4/${entityType}`;
  const notes = changes.flatMap(({ note, params }) => {
    if (note === undefined) return [];
    parts.store.notes.put(String(note.id), { ...note, params });
    return [
      {
        id: note.id,
        entity_id: note.entityId,
        _links: { self: { href: `${href}/${note.entityId}/notes/${note.id}` } },
      },
    ];
  });
  return done({ _links: self(request), _embedded: { notes } });
}

function readNote(
  item: Input,
  parts: ApiParts,
  entityType: EntityType,
  errors: FieldError[],
  given?: number,
): Pick<Note, 'entityType' | 'entityId' | 'noteType' | 'params'> {
  const entityId = given ?? item['entity_id'];
  if (entityId === undefined) {
    errors.push({ code: 'FieldMissing', path: 'entity_id', detail: words.missing });
  } else if (find(parts, entityType, entityId) === undefined) {
    errors.push({ code: 'NotSupportedChoice', path: 'entity_id', detail: words.choice });
  }
  const { note_type: noteType, params } = item;
  const needed = NOTE_PARAMS[String(noteType)];
  if (needed === undefined) {
    errors.push({ code: 'NotSupportedChoice', path: 'note_type', detail: words.choice });
  }
  for (const name of needed ?? []) {
    const value = isRecord(params) ? params[name] : undefined;
    if (value !== undefined && value !== null && value !== '') continue;
    errors.push({ code: 'FieldMissing', path: `params.${name}`, detail: words.missing });
  }
  return {
    entityType,
    entityId: Number(entityId),
    noteType: String(noteType),
    params: isRecord(params) ? params : {},
  };
}

function linkContacts(request: ProviderRequest, parts: ApiParts, [id]: string[]): ProviderAnswer {
  const lead = parts.store.lead(id);
  if (lead === undefined || lead.isDeleted) throw refuse(404, 'Entity not found');
  const items = readItems(request);
  const links = readAll(items, (item, errors) => {
    const contact = find(parts, 'contacts', item['to_entity_id']);
    if (item['to_entity_type'] !== 'contacts') {
      errors.push({ code: 'NotSupportedChoice', path: 'to_entity_type', detail: words.choice });
    } else if (contact === undefined) {
      errors.push({ code: 'NotSupportedChoice', path: 'to_entity_id', detail: words.choice });
    }
    const { metadata } = item;
    return {
      id: contact?.id ?? 0,
      isMain: isRecord(metadata) && metadata['main_contact'] === true,
    };
  });
  let contactIds = lead.contactIds;
  for (const { id: contactId, isMain } of links) {
    const others = contactIds.filter((each) => each !== contactId);
    contactIds = isMain ? [contactId, ...others] : [...others, contactId];
  }
  edit(parts, parts.author, (edits) => edits.changeLead(lead, { contactIds }));
  const made = links.map((each) => link(each.id, each.id === contactIds[0]));
  return done({ _links: self(request), _embedded: { links: made } });
}

/** `/api/v4/leads`: list, one, create, change. */
import type { ProviderAnswer } from '../../world/provider.ts';
import { done, nothing, refuse, type FieldError } from './answers.ts';
import { embedded, readAll, readItems, readObject, requestId } from './body.ts';
import { edit, type LeadDraft, type Parts } from '../store/edits.ts';
import { readLead, type Input } from './entity-input.ts';
import { isRecord, words } from './field-values.ts';
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
import type { Lead } from '../store/records.ts';
import { showLead } from './render.ts';
import type { AmoRoute } from './route.ts';
import { finds, wordsAt } from './search.ts';

export const leadRoutes: AmoRoute[] = [
  {
    method: 'GET',
    path: /^\/api\/v4\/leads$/,
    handle: (request, parts) => {
      const query = readQuery(request);
      const rows = parts.store.liveLeads().filter(leadFilter(query, parts));
      const base = `${baseOf(request)}/api/v4`;
      return listAnswer(request, 'leads', rows, (lead) =>
        showLead(lead, parts, base, embeds(query)),
      );
    },
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/leads\/(\d+)$/,
    handle: (request, parts, [id]) => {
      const lead = parts.store.lead(id);
      if (lead === undefined || lead.isDeleted) return nothing();
      const base = `${baseOf(request)}/api/v4`;
      return done(showLead(lead, parts, base, embeds(readQuery(request))));
    },
  },
  {
    method: 'POST',
    path: /^\/api\/v4\/leads$/,
    handle: (request, parts) => {
      const items = readItems(request);
      const drafts = readAll(items, (item, errors) => readNewLead(item, parts, errors));
      const leads = edit(parts, parts.author, (edits) =>
        drafts.map((draft) => edits.addLead(draft)),
      );
      return written(`${baseOf(request)}/api/v4/leads`, 'leads', leads, items, false);
    },
  },
  {
    method: 'PATCH',
    path: /^\/api\/v4\/leads$/,
    handle: (request, parts) => {
      const items = readItems(request);
      const patches = readAll(items, (item, errors) => {
        const lead = parts.store.lead(item['id']);
        if (lead !== undefined && !lead.isDeleted) {
          return { lead, patch: readLead(item, { parts, errors }, lead) };
        }
        errors.push({ code: 'NotFound', path: 'id', detail: 'Entity not found' });
        return null;
      });
      const leads = edit(parts, parts.author, (edits) =>
        patches.flatMap((each) => (each === null ? [] : [edits.changeLead(each.lead, each.patch)])),
      );
      return written(`${baseOf(request)}/api/v4/leads`, 'leads', leads, items, true);
    },
  },
  {
    method: 'PATCH',
    path: /^\/api\/v4\/leads\/(\d+)$/,
    handle: (request, parts, [id]) => {
      const item = readObject(request);
      const lead = parts.store.lead(id);
      if (lead === undefined || lead.isDeleted) throw refuse(404, 'Entity not found');
      const [patch = {}] = readAll([item], (_, errors) => readLead(item, { parts, errors }, lead));
      const changed = edit(parts, parts.author, (edits) => edits.changeLead(lead, patch));
      return writtenOne(`${baseOf(request)}/api/v4/leads`, 'leads', changed, parts);
    },
  },
];

/** A lead to be made, with the contacts and companies that exist already. */
export function readNewLead(item: Input, parts: Parts, errors: FieldError[]): LeadDraft {
  const draft = readLead(item, { parts, errors });
  const contacts = embedded(item, 'contacts');
  const contactIds = contacts.flatMap(({ id, is_main: isMain }, index) => {
    const contact = parts.store.contact(id);
    if (contact !== undefined && !contact.isDeleted) return [{ id: contact.id, isMain }];
    const path = `_embedded.contacts.${index}.id`;
    errors.push({ code: 'NotSupportedChoice', path, detail: words.choice });
    return [];
  });
  const inOrder = [...contactIds].sort(
    (a, b) => Number(b.isMain === true) - Number(a.isMain === true),
  );
  const companyIds = embedded(item, 'companies').flatMap(({ id }) =>
    parts.store.companies.get(String(id)) === undefined ? [] : [Number(id)],
  );
  return asDraft({ ...draft, contactIds: inOrder.map(({ id }) => id), companyIds });
}

/** Pipeline and stage are there whenever nothing was refused. */
export function asDraft(draft: Partial<Lead>): LeadDraft {
  return {
    ...draft,
    name: draft.name ?? '',
    pipelineId: draft.pipelineId ?? 0,
    statusId: draft.statusId ?? 0,
  };
}

function leadFilter(query: Query, parts: Parts): (lead: Lead) => boolean {
  const filter = filterOf(query);
  const { search, customFieldFilter } = parts.settings();
  const now = parts.world.clock.now();
  const text = textOf(query, 'query');
  const ids = asked(filter['id']);
  const names = asked(filter['name']);
  const pipelines = asked(filter['pipeline_id']);
  const responsible = asked(filter['responsible_user_id']);
  const places = isRecord(filter['statuses'])
    ? Object.values(filter['statuses'])
    : (filter['statuses'] as unknown[] | undefined);
  const fields = isRecord(filter['custom_fields_values']) ? filter['custom_fields_values'] : {};
  if (Object.keys(fields).length > 0 && customFieldFilter === 'refused') {
    throw refuse(400, 'Request validation failed');
  }
  const isPlace = (lead: Lead) => (place: unknown) =>
    isRecord(place) &&
    place['status_id'] === String(lead.statusId) &&
    place['pipeline_id'] === String(lead.pipelineId);
  const hasField =
    (lead: Lead) =>
    ([fieldId, wanted]: [string, unknown]) => {
      const known = wordsAt(lead.indexed, now);
      const held = lead.fields.find((each) => String(each.fieldId) === fieldId);
      const values = (held?.values ?? []).flatMap(({ value, enumId }) => [
        String(value),
        String(enumId),
      ]);
      return known.length > 0 && (asked(wanted) ?? []).some((each) => values.includes(each));
    };
  return (lead) =>
    (text === '' || finds(wordsAt(lead.indexed, now), text, search === 'near')) &&
    (ids === null || ids.includes(String(lead.id))) &&
    (names === null || names.includes(lead.name)) &&
    (pipelines === null || pipelines.includes(String(lead.pipelineId))) &&
    (responsible === null || responsible.includes(String(lead.responsibleUserId))) &&
    (places === undefined || places.some(isPlace(lead))) &&
    within(lead.createdAt, filter['created_at']) &&
    within(lead.updatedAt, filter['updated_at']) &&
    within(lead.closedAt, filter['closed_at']) &&
    (customFieldFilter === 'ignored' || Object.entries(fields).every(hasField(lead)));
}

type Written = { id: number; updatedAt: number; isDeleted: boolean };

/** The answer to a write of several: ids with the client's words, or with the time of the change. */
export function written(
  href: string,
  entity: string,
  rows: Written[],
  items: Input[],
  isPatch: boolean,
): ProviderAnswer {
  return done({
    _links: { self: { href } },
    _embedded: {
      [entity]: rows.map((row, index) => ({
        id: row.id,
        ...(isPatch ? { updated_at: row.updatedAt } : { is_deleted: false, is_unsorted: false }),
        request_id: requestId(items[index] ?? {}, index),
        _links: { self: { href: `${href}/${row.id}` } },
      })),
    },
  });
}

/** The answer to a PATCH of one: the documents show it bare and wrapped. */
export function writtenOne(
  href: string,
  entity: string,
  { id, updatedAt }: Written,
  { settings }: Parts,
): ProviderAnswer {
  const one = { id, updated_at: updatedAt, _links: { self: { href: `${href}/${id}` } } };
  if (settings().singlePatchShape === 'object') return done(one);
  return done({ _links: { self: { href } }, _embedded: { [entity]: [one] } });
}

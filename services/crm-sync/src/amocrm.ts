/**
 * What we ask of AmoCRM API v4, typed. Answers are read tolerantly (only what is used), a single PATCH
 * answers in two shapes and is not read at all, and 204 means "nothing found".
 */
import { z } from 'zod';
import { GoneError, type AmoHttp, type AmoRequest } from '@leadwire/shared/providers/amocrm/http';
import { AmbiguousError, TransientError } from '@leadwire/shared/errors';
import type { CallContext } from '@leadwire/shared/providers/call-log';
import { createTogether, type Created, type CreateTogether } from './create-together.ts';
import type { FieldValues } from './match.ts';

/** The largest page there is. */
const PAGE = 250;
/** A search that has more near matches than this is no search. */
const LONGEST_SEARCH_PAGES = 4;

const fieldSchema = z.object({
  field_id: z.number().optional(),
  field_code: z.string().nullish(),
  values: z.array(z.object({ value: z.unknown(), enum_code: z.string().nullish() })).default([]),
});
const contactSchema = z.object({
  id: z.number(),
  is_deleted: z.boolean().nullish(),
  custom_fields_values: z.array(fieldSchema).nullish(),
  _embedded: z.object({ leads: z.array(z.object({ id: z.number() })).nullish() }).nullish(),
});
export type Contact = z.infer<typeof contactSchema>;

const dealSchema = z.object({
  id: z.number(),
  name: z.string().nullish(),
  status_id: z.number(),
  pipeline_id: z.number(),
  is_deleted: z.boolean().nullish(),
  custom_fields_values: z.array(fieldSchema).nullish(),
  _embedded: z
    .object({
      contacts: z.array(z.object({ id: z.number(), is_main: z.boolean().nullish() })).nullish(),
    })
    .nullish(),
});
export type Deal = z.infer<typeof dealSchema>;

const statusSchema = z.object({ id: z.number(), name: z.string(), sort: z.number() });
const pipelineSchema = z.object({
  id: z.number(),
  name: z.string(),
  _embedded: z.object({ statuses: z.array(statusSchema) }),
});
export type Pipeline = z.infer<typeof pipelineSchema>;

const noteSchema = z.object({ params: z.object({ text: z.string().nullish() }).nullish() });
const createdSchema = z.object({
  _embedded: z.object({ leads: z.tuple([z.object({ id: z.number() })]) }),
});

/** A deal as it is written. */
export interface NewDeal {
  name: string;
  pipeline_id?: number;
  status_id?: number;
  custom_fields_values?: FieldValues[];
  _embedded: { tags: { name: string }[]; contacts?: unknown[] };
}
export interface NewContact {
  name: string;
  custom_fields_values: FieldValues[];
}
export interface ContactPatch {
  custom_fields_values?: FieldValues[];
}
export interface DealPatch {
  pipeline_id?: number;
  status_id?: number;
  custom_fields_values?: FieldValues[];
  tags_to_add?: { name: string }[];
}

/** Called when it is the request's turn, right before it leaves. */
export type AtTurn = () => Promise<void>;

/** Errors are those of `AmoHttp.request`. */
export interface Amocrm {
  /** Near matches of a text over all fields; it may not know yet what was just written. */
  findContacts(text: string): Promise<Contact[]>;
  contact(id: number): Promise<Contact | undefined>;
  /** Writes these fields whole; others stay. @throws GoneError when it is not there; so do the next. */
  updateContact(id: number, patch: ContactPatch, atTurn: AtTurn): Promise<void>;
  findDeals(text: string): Promise<Deal[]>;
  deals(ids: readonly number[]): Promise<Deal[]>;
  deal(id: number): Promise<Deal | undefined>;
  /** With a new contact, then in one call with others that wait; or for one that is there. `id` is ours. */
  createDeal(
    id: string,
    deal: NewDeal,
    contact: NewContact | { id: number },
    atTurn: AtTurn,
  ): Promise<Created>;
  updateDeal(id: number, patch: DealPatch, atTurn: AtTurn): Promise<void>;
  notes(dealId: number): Promise<string[]>;
  addNote(dealId: number, text: string, atTurn: AtTurn): Promise<void>;
  pipelines(): Promise<Pipeline[]>;
  /** The same, its calls logged as being about this lead. */
  about(context: CallContext): Amocrm;
}

export function createAmocrm(
  http: AmoHttp,
  context: CallContext = {},
  together: CreateTogether = createTogether(http),
): Amocrm {
  const ask = async <T>(schema: z.ZodType<T>, request: AmoRequest): Promise<T | undefined> => {
    const json = await http.request({ ...request, context });
    // Nothing found; of a create that is no answer.
    if (json === undefined && !request.isCreate) return undefined;
    const read = schema.safeParse(json);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    const told = `AmoCRM: ${request.action} answers differently than documented: ${issue?.path.join('.')}`;
    throw request.isCreate ? new AmbiguousError(told) : new TransientError(told);
  };

  const list = async <T>(
    entity: string,
    item: z.ZodType<T>,
    request: Pick<AmoRequest, 'action' | 'path'> & { query?: Record<string, string> },
  ): Promise<T[]> => {
    const pageSchema = z.object({
      _links: z.object({ next: z.unknown().optional() }).nullish(),
      _embedded: z.object({ [entity]: z.array(item) }),
    });
    const found: T[] = [];
    for (let page = 1; page <= LONGEST_SEARCH_PAGES; page += 1) {
      const query = { ...request.query, limit: String(PAGE), page: String(page) };
      const answer = await ask(pageSchema, { ...request, method: 'GET', query });
      found.push(...(answer?._embedded[entity] ?? []));
      if (answer?._links?.next === undefined) break;
    }
    return found;
  };

  /** Documented is 204 for one that is not there; 404 says the same. */
  const askForOne = <T>(schema: z.ZodType<T>, request: AmoRequest): Promise<T | undefined> =>
    ask(schema, request).catch((thrown: unknown) => {
      if (thrown instanceof GoneError) return undefined;
      throw thrown;
    });

  const read = (action: string, path: string, query: Record<string, string> = {}) =>
    ({ action, method: 'GET', path, query }) as const;

  return {
    findContacts: (text) =>
      list('contacts', contactSchema, {
        ...read('find_contacts', '/api/v4/contacts', { query: text, with: 'leads' }),
      }),
    contact: (id) =>
      askForOne(contactSchema, read('read_contact', `/api/v4/contacts/${id}`, { with: 'leads' })),
    async updateContact(id, body, atTurn) {
      const path = `/api/v4/contacts/${id}`;
      await http.request({
        action: 'update_contact',
        method: 'PATCH',
        path,
        body,
        context,
        atTurn,
      });
    },

    findDeals: (text) =>
      list('leads', dealSchema, {
        ...read('find_deals', '/api/v4/leads', { query: text, with: 'contacts' }),
      }),
    async deals(ids) {
      if (ids.length === 0) return [];
      const filter = ids.slice(-PAGE).map((id, n) => [`filter[id][${n}]`, String(id)]);
      const query = { ...Object.fromEntries(filter), with: 'contacts' } as Record<string, string>;
      return list('leads', dealSchema, read('read_deals', '/api/v4/leads', query));
    },
    deal: (id) =>
      askForOne(dealSchema, read('read_deal', `/api/v4/leads/${id}`, { with: 'contacts' })),

    async createDeal(id, deal, contact, atTurn) {
      if ('id' in contact) {
        const contacts = [{ id: contact.id, is_main: true }];
        const body = [{ ...deal, _embedded: { ...deal._embedded, contacts } }];
        const answer = await ask(createdSchema, {
          action: 'create_deal',
          method: 'POST',
          path: '/api/v4/leads',
          body,
          isCreate: true,
          context,
          atTurn,
        });
        return { dealId: answer!._embedded.leads[0].id, contactId: contact.id };
      }
      return together({ id, deal, contact, context, atTurn });
    },
    async updateDeal(id, patch, atTurn) {
      const path = `/api/v4/leads/${id}`;
      await http.request({
        action: 'update_deal',
        method: 'PATCH',
        path,
        body: patch,
        context,
        atTurn,
      });
    },

    async notes(dealId) {
      const path = `/api/v4/leads/${dealId}/notes`;
      const notes = await list('notes', noteSchema, read('read_notes', path));
      return notes.flatMap(({ params }) => params?.text ?? []);
    },
    async addNote(dealId, text, atTurn) {
      const path = `/api/v4/leads/${dealId}/notes`;
      const body = [{ note_type: 'common', params: { text } }];
      await http.request({
        action: 'add_note',
        method: 'POST',
        path,
        body,
        isCreate: true,
        context,
        atTurn,
      });
    },

    pipelines: () =>
      list('pipelines', pipelineSchema, read('read_pipelines', '/api/v4/leads/pipelines')),
    about: (other) => createAmocrm(http, other, together),
  };
}

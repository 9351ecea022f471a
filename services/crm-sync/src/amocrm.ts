/**
 * What we ask of AmoCRM API v4, typed. Answers are read tolerantly (only what is used), a single PATCH
 * answers in two shapes and is not read at all, and 204 means "nothing found".
 */
import { z } from 'zod';
import { GoneError, type AmoHttp, type AmoRequest } from '@leadwire/shared/providers/amocrm/http';
import { AmbiguousError, TransientError } from '@leadwire/shared/errors';
import type { CallContext } from '@leadwire/shared/providers/call-log';
import { createTogether, type Created, type CreateTogether } from './create-together.ts';
import {
  accountSchema,
  contactSchema,
  dealSchema,
  pipelineSchema,
  noteSchema,
  taskSchema,
  userSchema,
  createdSchema,
  fieldCodeSchema,
  type AtTurn,
  type Contact,
  type ContactPatch,
  type Deal,
  type DealPatch,
  type NewContact,
  type NewDeal,
  type Pipeline,
  type Task,
  type User,
} from './amocrm-records.ts';

/** The largest page there is. */
const PAGE = 250;
/** A search that has more near matches than this is no search. */
const LONGEST_SEARCH_PAGES = 4;

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
  /** At most a thousand deals that have changed since then (Unix seconds), in the order of their changes. */
  changedDeals(since: number): Promise<Deal[]>;
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
  /** Whose name the integration works under: deals that it makes are theirs at first. */
  ownUserId(): Promise<number>;
  /** The people of the account. */
  users(): Promise<User[]>;
  /** What is to be done about a deal, and is not done yet. */
  openTasks(dealId: number): Promise<Task[]>;
  /** `until` is a Unix time in seconds. */
  addTask(task: { dealId: number; userId: number; text: string; until: number }): Promise<void>;
  pipelines(): Promise<Pipeline[]>;
  /** Codes of the fields that the account's deals have. */
  dealFieldCodes(): Promise<string[]>;
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
    const detail = `AmoCRM: ${request.action} answers differently than documented: ${issue?.path.join('.')}`;
    throw request.isCreate ? new AmbiguousError(detail) : new TransientError(detail);
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
    changedDeals: (since) =>
      list('leads', dealSchema, {
        ...read('read_changed_deals', '/api/v4/leads', {
          'filter[updated_at][from]': String(since),
          'order[updated_at]': 'asc',
        }),
      }),
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

    async ownUserId() {
      const account = await ask(accountSchema, read('read_account', '/api/v4/account'));
      return account!.current_user_id;
    },
    users: () => list('users', userSchema, read('read_users', '/api/v4/users')),
    openTasks: (dealId) =>
      list('tasks', taskSchema, {
        ...read('read_tasks', '/api/v4/tasks', {
          'filter[entity_type]': 'leads',
          'filter[entity_id][0]': String(dealId),
          'filter[is_completed]': '0',
        }),
      }),
    async addTask({ dealId, userId, text, until }) {
      const about = { entity_id: dealId, entity_type: 'leads', responsible_user_id: userId };
      const body = [{ ...about, task_type_id: 1, text, complete_till: until }];
      const request = { action: 'add_task', method: 'POST', path: '/api/v4/tasks' } as const;
      await http.request({ ...request, body, isCreate: true, context });
    },

    pipelines: () =>
      list('pipelines', pipelineSchema, read('read_pipelines', '/api/v4/leads/pipelines')),
    async dealFieldCodes() {
      const path = '/api/v4/leads/custom_fields';
      const fields = await list('custom_fields', fieldCodeSchema, read('read_fields', path));
      return fields.flatMap(({ code }) => code ?? []);
    },
    about: (other) => createAmocrm(http, other, together),
  };
}

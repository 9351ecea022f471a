/** The manager's and the administrator's hands: `/__sim/amocrm/...`. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { firstStage } from '../store/account.ts';
import type { FieldError } from '../api/answers.ts';
import { edit, type Author, type Edits, type Parts } from '../store/edits.ts';
import { readFieldValues } from '../api/field-values.ts';
import type { RateLimit } from '../api/rate-limit.ts';
import { entityTypes, type Lead } from '../store/records.ts';
import type { Tokens } from '../store/tokens.ts';
import { viewContact, viewLead, viewNote } from '../pages/views.ts';
import type { Hooks } from './webhooks.ts';

type Controls = { parts: Parts; tokens: Tokens; rate: RateLimit; hooks: Hooks };
type WithId = { Params: { id: string } };

const id = z.number().int();
const move = z.strictObject({ statusId: id, pipelineId: id.optional(), userId: id.optional() });
const fields = z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({});
const newContact = z.strictObject({
  name: z.string().default(''),
  phones: z.array(z.string()).default([]),
  emails: z.array(z.string()).default([]),
  fields,
});
const newLead = z.strictObject({
  name: z.string().default(''),
  price: z.number().int().default(0),
  pipelineId: id.optional(),
  statusId: id.optional(),
  contactIds: z.array(id).default([]),
  responsibleUserId: id.optional(),
  fields,
});
const leadPatch = z.strictObject({
  name: z.string().optional(),
  price: z.number().int().optional(),
  responsibleUserId: id.optional(),
});

/** Adds the routes. */
export function controlRoutes(app: FastifyInstance, controls: Controls): void {
  readingRoutes(app, controls);
  contactRoutes(app, controls);
  leadRoutes(app, controls);
  accessRoutes(app, controls);
  administratorRoutes(app, controls);
}

const absent = (reply: FastifyReply, what: string) =>
  reply.code(404).send({ error: `no such ${what}` });

/** A person who works in AmoCRM: the first user who is not the integration, unless one is named. */
function manager({ settings }: Parts, userId?: number): Author {
  const { users, integrationUserId } = settings();
  const other = users.find((user) => user.id !== integrationUserId)?.id;
  return { userId: userId ?? other ?? integrationUserId, by: 'manager' };
}

function readingRoutes(app: FastifyInstance, { parts, hooks }: Controls): void {
  const { store, account } = parts;
  app.get('/leads', () => ({ leads: store.leads.all().map((lead) => viewLead(lead, parts)) }));
  app.get('/contacts', () => ({
    contacts: store.contacts.all().map((contact) => viewContact(contact, parts)),
  }));
  app.get('/notes', () => ({ notes: store.notes.all().map(viewNote) }));
  app.get('/tasks', () => ({ tasks: store.tasks.all() }));
  app.get('/pipelines', () => ({
    pipelines: account.pipelines().map((each) => ({ ...each, statuses: account.statuses(each) })),
  }));
  app.get('/hooks', () => ({
    hooks: hooks.list().map((hook) => ({ ...hook, disabled: hooks.isDisabled(hook.destination) })),
    disabled: parts
      .settings()
      .webhooks.map(({ url }) => url)
      .filter((url) => hooks.isDisabled(url)),
  }));
}

function leadRoutes(app: FastifyInstance, { parts }: Controls): void {
  const { store } = parts;
  const change = (
    leadId: string,
    reply: FastifyReply,
    work: (lead: Lead, edits: Edits) => void,
    author = manager(parts),
  ) => {
    const lead = store.lead(leadId);
    if (lead === undefined) return absent(reply, 'lead');
    edit(parts, author, (edits) => work(lead, edits));
    return viewLead(store.lead(leadId) ?? lead, parts);
  };
  app.post('/leads', (request, reply) => {
    const { pipelineId, statusId, responsibleUserId, ...given } = newLead.parse(request.body);
    const pipeline = parts.account
      .pipelines()
      .find((each) => (pipelineId === undefined ? each.main : each.id === pipelineId));
    if (pipeline === undefined) return absent(reply, 'pipeline');
    const values = valuesOf(given.fields, 'leads', parts);
    const lead = edit(parts, manager(parts, responsibleUserId), (edits) =>
      edits.addLead({
        ...given,
        fields: values,
        pipelineId: pipeline.id,
        statusId: statusId ?? firstStage(pipeline),
      }),
    );
    return viewLead(lead, parts);
  });
  app.post<WithId>('/leads/:id/move', (request, reply) => {
    const { statusId, pipelineId, userId } = move.parse(request.body);
    const place = { statusId, ...(pipelineId !== undefined && { pipelineId }) };
    const to = pipelineId ?? store.lead(request.params.id)?.pipelineId;
    const pipeline = to === undefined ? undefined : parts.account.pipeline(to);
    if (pipeline && parts.account.statuses(pipeline).every((each) => each.id !== statusId)) {
      return absent(reply, 'stage');
    }
    const author = manager(parts, userId);
    return change(request.params.id, reply, (lead, edits) => edits.changeLead(lead, place), author);
  });
  app.patch<WithId>('/leads/:id', (request, reply) => {
    const given = leadPatch.parse(request.body);
    const patch = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    );
    return change(request.params.id, reply, (lead, edits) => edits.changeLead(lead, patch));
  });
  app.delete<WithId>('/leads/:id', (request, reply) =>
    change(request.params.id, reply, (lead, edits) => edits.deleteLead(lead)),
  );
  app.post<WithId>('/leads/:id/restore', (request, reply) =>
    change(request.params.id, reply, (lead, edits) => edits.restoreLead(lead)),
  );
}

function contactRoutes(app: FastifyInstance, { parts }: Controls): void {
  const { store } = parts;
  app.post('/contacts', (request) => {
    const { name, phones, emails, ...more } = newContact.parse(request.body);
    const given = { ...more.fields, PHONE: phones, EMAIL: emails };
    const values = valuesOf(given, 'contacts', parts);
    const contact = edit(parts, manager(parts), (edits) =>
      edits.addContact({ name, fields: values }),
    );
    return viewContact(contact, parts);
  });
  app.delete<WithId>('/contacts/:id', (request, reply) => {
    const contact = store.contact(request.params.id);
    if (contact === undefined) return absent(reply, 'contact');
    edit(parts, manager(parts), (edits) => edits.deleteContact(contact));
    return { deleted: true };
  });
}

/** Values by the field's code, name or id; an unknown field is an error of the test. */
function valuesOf(
  given: Record<string, string | string[]>,
  entity: 'leads' | 'contacts',
  { account }: Parts,
) {
  const errors: FieldError[] = [];
  const items = Object.entries(given).flatMap(([key, value]) => {
    const field = account
      .fields(entity)
      .find((each) => each.code === key || each.name === key || String(each.id) === key);
    const values = (Array.isArray(value) ? value : [value]).map((each) => ({ value: each }));
    return values.length === 0 ? [] : [{ field_id: field?.id ?? key, values }];
  });
  const values = readFieldValues(items, entity, account, { path: 'fields', errors });
  const [first] = errors;
  if (first === undefined) return values;
  throw Object.assign(new Error(`${first.path}: ${first.detail}`), { statusCode: 400 });
}

function accessRoutes(app: FastifyInstance, { parts, tokens, rate }: Controls): void {
  const changed = <Result>(result: Result): Result => {
    parts.world.changed();
    return result;
  };
  app.post('/codes', () => tokens.issueCode());
  app.post('/tokens', () => tokens.issuePair());
  app.post('/tokens/revoke', (request) => {
    const { longLived } = z
      .strictObject({ longLived: z.boolean().default(false) })
      .parse(request.body);
    tokens.revoke(longLived);
    return changed({ ok: true });
  });
  app.get('/limits', () => rate.state());
  app.post('/block', () => {
    rate.block();
    return changed(rate.state());
  });
  app.post('/unblock', () => {
    rate.unblock();
    return changed(rate.state());
  });
}

/** Deletes behind the integration's back what it was configured with. */
function administratorRoutes(app: FastifyInstance, { parts, hooks }: Controls): void {
  const { account, store } = parts;
  app.delete<{ Params: { entity: string; key: string } }>(
    '/fields/:entity/:key',
    (request, reply) => {
      const entity = entityTypes.find((each) => each === request.params.entity);
      if (entity === undefined || !account.deleteField(entity, request.params.key)) {
        return absent(reply, 'field');
      }
      parts.world.changed();
      return { deleted: true };
    },
  );
  app.delete<{ Params: { pipeline: string; status: string } }>(
    '/pipelines/:pipeline/statuses/:status',
    (request, reply) => {
      const [pipelineId, statusId] = [
        Number(request.params.pipeline),
        Number(request.params.status),
      ];
      if (!account.deleteStatus(pipelineId, statusId)) return absent(reply, 'stage');
      const pipeline = account.pipeline(pipelineId);
      // AmoCRM deletes no stage with deals in it: they go to another one first.
      const held = store
        .liveLeads()
        .filter((lead) => lead.pipelineId === pipelineId && lead.statusId === statusId);
      const to = { statusId: pipeline === undefined ? 0 : firstStage(pipeline) };
      edit(parts, manager(parts), (edits) => {
        for (const lead of held) edits.changeLead(lead, to);
      });
      return { deleted: true, moved: held.length };
    },
  );
  app.post<WithId>('/pipelines/:id/archive', (request, reply) => {
    const { archived } = z
      .strictObject({ archived: z.boolean().default(true) })
      .parse(request.body);
    if (!account.archive(Number(request.params.id), archived)) return absent(reply, 'pipeline');
    parts.world.changed();
    return { archived };
  });
  app.post('/hooks/enable', () => {
    hooks.enable();
    return { ok: true };
  });
}

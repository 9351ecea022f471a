/** The two lists of people who are not written to. Contacts travel in bodies: addresses end up in access logs. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { contactFor } from '@leadwire/shared/contacts/contacts';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { problemsOf } from './answers.ts';
import type { Contact } from '../audience/contact-lists.ts';
import type { HttpPorts } from './http-ports.ts';

const MOST_CONTACTS = 10_000;
const SOURCE = 'admin';

const contactsSchema = z.strictObject({
  contacts: z
    .array(z.strictObject({ channel: z.enum(['email', 'sms']), contact: z.string().max(254) }))
    .min(1)
    .max(MOST_CONTACTS),
});
const pageSchema = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
const changedSchema = z.object({ success: z.literal(true), changed: z.number() });
const contactFields = { channel: z.string(), contact: z.string(), createdAt: z.string() };

/** Adds `/api/suppressions` and `/api/exclusions`: look, add, remove. */
export function addListRoutes(app: FastifyInstance, { lists, log }: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const schemaOf = (summary: string) => ({
    tags: ['lists'],
    summary,
    security: [{ adminToken: [] }],
  });
  const change = (url: string, method: 'POST' | 'DELETE', summary: string, work: Work) =>
    typed.route({
      method,
      url,
      schema: {
        ...schemaOf(summary),
        body: contactsSchema.extend({ note: z.string().max(200).optional() }),
        response: { 200: changedSchema, ...problemsOf(422) },
      },
      handler: async ({ body }) => {
        const changed = await work(readContacts(body.contacts), body.note ?? null);
        log.info({ list: url, method, changed }, 'contacts changed');
        return { success: true as const, changed };
      },
    });

  typed.get(
    '/api/suppressions',
    {
      schema: {
        ...schemaOf('People who are not written to: unsubscribed, bounced, complained, by hand'),
        querystring: pageSchema,
        response: {
          200: listOf({ reason: z.string(), source: z.string().nullable() }),
          ...problemsOf(),
        },
      },
    },
    async ({ query }) => ({ success: true as const, items: await lists.suppressions(query) }),
  );
  change('/api/suppressions', 'POST', 'Blocks contacts by hand', (contacts) =>
    lists.suppress(contacts, SOURCE),
  );
  change('/api/suppressions', 'DELETE', 'Lets contacts be written to again', (contacts) =>
    lists.unsuppress(contacts),
  );

  typed.get(
    '/api/exclusions',
    {
      schema: {
        ...schemaOf('Staff and test accounts: left out of every campaign'),
        querystring: pageSchema,
        response: { 200: listOf({ note: z.string().nullable() }), ...problemsOf() },
      },
    },
    async ({ query }) => ({ success: true as const, items: await lists.exclusions(query) }),
  );
  change('/api/exclusions', 'POST', 'Leaves contacts out of every campaign', (contacts, note) =>
    lists.exclude(contacts, note),
  );
  change('/api/exclusions', 'DELETE', 'Takes contacts off the list', (contacts) =>
    lists.unexclude(contacts),
  );
}

type Work = (contacts: Contact[], note: string | null) => Promise<number>;

function listOf<Fields extends z.ZodRawShape>(fields: Fields) {
  return z.object({
    success: z.literal(true),
    items: z.array(z.object({ ...contactFields, ...fields })),
  });
}

/** In their normal form. @throws RequestError 422 for what is no contact of its channel. */
function readContacts(given: z.infer<typeof contactsSchema>['contacts']): Contact[] {
  const read = given.map(({ channel, contact }) => ({ channel, ...contactFor(channel, contact) }));
  const issues = read.flatMap((each, index) =>
    'reason' in each ? [{ path: `contacts.${index}`, message: each.reason }] : [],
  );
  if (issues.length > 0) throw new RequestError(422, 'not every contact can be used', issues);
  return read.flatMap((each) =>
    'contact' in each ? [{ channel: each.channel, contact: each.contact }] : [],
  );
}

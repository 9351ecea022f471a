/** `GET` and `POST /api/webhooks/facebook`: a page tells of a new lead by its id, signed with the app's secret. */
import { createHmac } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { parseJson } from '../forms/form-body.ts';
import { isSame } from '../forms/proof.ts';
import type { FacebookLeads } from './facebook-leads.ts';
import { UNLIMITED, inTime } from './hook-guards.ts';

/** Well under the time after which Facebook gives up on an answer; what is not done by then comes again. */
const ANSWER_WITHIN_MS = 15_000;
const BODY_LIMIT_BYTES = 256 * 1024;

const querySchema = z.object({
  'hub.mode': z.string().optional(),
  'hub.verify_token': z.string().optional(),
  'hub.challenge': z.string().max(200).default(''),
});

const id = z.union([z.string(), z.number()]).transform(String);
const hookSchema = z.object({
  entry: z.array(
    z.object({
      changes: z
        .array(z.object({ field: z.string(), value: z.object({ leadgen_id: id.optional() }) }))
        .default([]),
    }),
  ),
});

export interface FacebookHookPorts {
  leads: Pick<FacebookLeads, 'takeById'>;
  appSecret: string;
  verifyToken: string;
}

/** 200: taken, or nothing to take; 401: not signed by the app; 503: tell it again. */
export function addFacebookHook(
  app: FastifyInstance,
  { leads, appSecret, verifyToken }: FacebookHookPorts,
): void {
  // A scope of its own: the signature is over the bytes.
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    const options = { bodyLimit: BODY_LIMIT_BYTES, schema: { hide: true }, config: UNLIMITED };

    scope.get('/api/webhooks/facebook', options, (request, reply) => {
      const query = querySchema.safeParse(request.query).data;
      const token = query?.['hub.verify_token'] ?? '';
      if (query?.['hub.mode'] !== 'subscribe' || !isSame(token, verifyToken)) {
        throw new RequestError(403, 'the verify token is not ours');
      }
      return reply.type('text/plain').send(query['hub.challenge']);
    });

    scope.post<{ Body: unknown }>('/api/webhooks/facebook', options, async ({ body, headers }) => {
      const raw = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
      const digest = createHmac('sha256', appSecret).update(raw).digest('hex');
      const given = headers['x-hub-signature-256'];
      if (typeof given !== 'string' || !isSame(given, `sha256=${digest}`)) {
        throw new RequestError(401, 'the signature does not fit');
      }
      const hook = hookSchema.safeParse(parseJson(raw.toString('utf8'))).data;
      const ids = (hook?.entry ?? []).flatMap(({ changes }) =>
        changes.flatMap(({ field, value }) =>
          field === 'leadgen' ? (value.leadgen_id ?? []) : [],
        ),
      );
      const taken = Promise.all([...new Set(ids)].map((each) => leads.takeById(each)));
      await inTime(taken, ANSWER_WITHIN_MS);
      return { success: true };
    });
    done();
  });
}

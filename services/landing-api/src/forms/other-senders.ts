/**
 * What the landing pages' own addresses take besides our JSON: our fields under other names (`Name`, `Телефон`), and
 * the posts of page builders, url-encoded or multipart, which want to hear 200.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import { toError } from '@leadwire/shared/errors';
import type { RequestTraces } from './attribution.ts';
import { takeToken } from './challenge.ts';
import { readFormBody } from './form-body.ts';
import { createNearFields } from './near-fields.ts';
import { readForm } from './read-form.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the challenge's widget put into the form. */
    challengeToken: string | undefined;
  }
}

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** Whether a request's body is a form by its content type. */
export function isBuilder({ headers }: { headers: object }): boolean {
  const type = (headers as IncomingHttpHeaders)['content-type'] ?? '';
  return FORM_TYPES.some((each) => type.toLowerCase().startsWith(each));
}

export function tracesOf(headers: object): RequestTraces {
  const { referer, cookie } = headers as IncomingHttpHeaders;
  return { referer, cookie };
}

/** Adds the two content types, and puts every body into our own field names before it is checked. */
export function acceptOtherSenders(app: FastifyInstance): void {
  app.addContentTypeParser<Buffer>(FORM_TYPES, { parseAs: 'buffer' }, (request, raw, parsed) => {
    readFormBody(raw, request.headers['content-type'] ?? '').then(
      (body) => parsed(null, body),
      (thrown: unknown) => parsed(toError(thrown)),
    );
  });
  const tellNear = createNearFields();
  app.decorateRequest('challengeToken', undefined);
  app.addHook('preValidation', async (request, reply) => {
    request.challengeToken = takeToken(request.body);
    const reading = readBody(request);
    if (reading === undefined) return undefined;
    tellNear(request.log, request.routeOptions.url ?? '', reading);
    if (reading.isTest) {
      return reply.code(200).serializer(JSON.stringify).send({ success: true, test: true });
    }
    const { submission, id } = reading;
    const isKeyed = submission.submissionId !== undefined && submission.submissionId !== null;
    request.body = { ...submission, ...(id !== undefined && !isKeyed && { submissionId: id }) };
    return undefined;
  });
}

function readBody(request: FastifyRequest) {
  const { body, headers } = request;
  if (!isRecord(body)) return undefined;
  const contentType = headers['content-type'] ?? '';
  const dialect = isBuilder(request) ? 'auto' : 'json';
  const post = { raw: Buffer.alloc(0), contentType, headers, query: {}, body };
  return readForm(post, { dialect, mapping: {} });
}

/** Every answer that is not a success has one shape and says nothing about our insides. */
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  preHandlerAsyncHookHandler,
} from 'fastify';
import { z } from 'zod';
import { TransientError, toError } from '../errors.ts';

/** What is wrong with one part of a request. */
const issueSchema = z.object({ path: z.string(), message: z.string() });
export type Issue = z.infer<typeof issueSchema>;

export const problemSchema = z.object({
  success: z.literal(false),
  error: z.string(),
  issues: z.array(issueSchema),
});

/** A request that cannot be served, with what its sender may know. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly statusCode: number;
  readonly issues: Issue[];
  /** Further fields of the answer, for a program to read. */
  readonly more: object;

  constructor(statusCode: number, message: string, issues: Issue[] = [], more: object = {}) {
    super(message);
    this.statusCode = statusCode;
    this.issues = issues;
    this.more = more;
  }
}

/** Seconds after which a form may try again; a broker that restarts is back within that. */
const RETRY_AFTER_SECONDS = 5;

/** Fastify's own refusals in words of ours; its texts change and quote what was sent. */
const WORDS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported content type: send application/json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty: JSON was expected',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not valid JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body does not have the announced length',
  FST_ERR_BAD_URL: 'the address is malformed',
  FST_ERR_MAX_PARAM_LENGTH: 'the address is too long',
};
const WORDS_BY_STATUS: Readonly<Record<number, string>> = {
  408: 'the request took too long to arrive',
  413: 'the body is too large',
  415: 'unsupported content type: send application/json',
  429: 'too many requests: try again later',
  431: 'the request headers are too large',
};

interface Problem {
  status: number;
  error: string;
  issues?: Issue[];
  more?: object;
}

export interface ProblemOptions {
  /** Runs before an unknown address is answered: a rate limit, for a port that the world can reach. */
  preHandler?: preHandlerAsyncHookHandler;
  /** Answers a person at an unknown address with a page; whoever gets none gets the one shape. */
  sendPage?: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined;
  /** Says what an error of this service is about; the rest it returns as it is. */
  translate?: (thrown: Error) => Error;
}

/** Makes the app answer errors and unknown addresses in the one shape. */
export function answerProblems(app: FastifyInstance, options: ProblemOptions = {}): void {
  const { preHandler, sendPage, translate = (thrown) => thrown } = options;
  app.setErrorHandler<FastifyError>((thrown, request, reply) =>
    sendProblem(translate(thrown), request, reply),
  );
  app.setNotFoundHandler(
    { ...(preHandler && { preHandler }) },
    (request, reply) =>
      sendPage?.(request, reply) ??
      sendProblem(new RequestError(404, 'there is nothing at this address'), request, reply),
  );
}

/** The error handler, also for what the router refuses before a route is found. */
export function sendProblem(
  thrown: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(thrown);
  if (problem.status >= 500) {
    const level = problem.status === 503 ? 'warn' : 'error';
    request.log[level]({ err: toError(thrown), route: request.routeOptions.url }, 'not served');
  }
  if (problem.status === 503) void reply.header('Retry-After', String(RETRY_AFTER_SECONDS));
  if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
  const { error, issues = [], more } = problem;
  return reply
    .code(problem.status)
    .type('application/json; charset=utf-8')
    .serializer((body: unknown) => JSON.stringify(body))
    .send({ success: false, error, issues, ...more });
}

/** What a socket gets that broke off before it was a request. */
export function problemOnSocket(status: number): string {
  const error = WORDS_BY_STATUS[status] ?? 'the request is malformed';
  const body = JSON.stringify({ success: false, error, issues: [] });
  return [
    `HTTP/1.1 ${status} Refused`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function problemOf(thrown: FastifyError | Error): Problem {
  if (thrown instanceof RequestError) {
    const { statusCode: status, message: error, issues, more } = thrown;
    return { status, error, issues, more };
  }
  if (thrown instanceof TransientError) {
    return { status: 503, error: 'temporarily unavailable: try again in a few seconds' };
  }
  if ('validation' in thrown && thrown.validation) {
    return { status: 400, error: 'the request is not valid', issues: issuesOf(thrown.validation) };
  }
  const { statusCode = 500, code = '' } = thrown as FastifyError;
  if (statusCode < 400 || statusCode >= 500) {
    return { status: 500, error: 'something went wrong on our side' };
  }
  const error = WORDS[code] ?? WORDS_BY_STATUS[statusCode] ?? 'the request is malformed';
  return { status: statusCode, error };
}

function issuesOf(validation: NonNullable<FastifyError['validation']>): Issue[] {
  return validation.map(({ instancePath, message }) => ({
    path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
    message: message ?? 'not valid',
  }));
}

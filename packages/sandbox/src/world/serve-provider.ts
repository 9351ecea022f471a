/**
 * Puts a provider on the wire: reads the raw body, lets the fault rules spoil the call, writes or withholds the
 * answer. Faults are played on the real socket, so a client sees resets, cut bodies and silence, not imitations.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { once } from 'node:events';
import type { Clock } from './clock.ts';
import type { ArmedFault, FaultPoint, Faults } from './faults.ts';
import { FaultCutError, type Provider, type ProviderAnswer } from './provider.ts';
import type { RequestLog, RequestRecord } from './requests.ts';

const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/** Resend takes mails of 40 MB after base64; JSON around it needs a little more. */
const BODY_LIMIT = 44 * 1024 * 1024;

type Parts = { clock: Clock; faults: Faults; requests: RequestLog; changed(): void };
type Call = {
  provider: Provider;
  request: FastifyRequest;
  reply: FastifyReply;
  path: string;
  query: string;
  arrivedAt: number;
};

/** Mounts `provider` under `/<name>` with its faults and its request log. */
export function serveProvider(app: FastifyInstance, provider: Provider, parts: Parts): void {
  void app.register((scope, _options, done) => {
    // With its headers: how long a body of megabytes takes must not count against the limits.
    const arrivals = new WeakMap<FastifyRequest, number>();
    scope.addHook('onRequest', (request, _reply, next) => {
      arrivals.set(request, parts.clock.now());
      next();
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: BODY_LIMIT },
      (_request, body, next) => next(null, body),
    );
    scope.setErrorHandler((error: { statusCode?: number }, _request, reply) =>
      write(reply, provider.failure(error.statusCode ?? 500)),
    );
    for (const url of [`/${provider.name}`, `/${provider.name}/*`]) {
      scope.route({
        method: METHODS,
        url,
        bodyLimit: BODY_LIMIT,
        handler: (request, reply) => {
          const arrivedAt = arrivals.get(request) ?? parts.clock.now();
          return handle({ provider, request, reply, arrivedAt }, parts);
        },
      });
    }
    done();
  });
}

async function handle(arrived: Omit<Call, 'path' | 'query'>, parts: Parts): Promise<void> {
  const { provider, request, reply } = arrived;
  const [rawPath = '', query = ''] = (request.raw.url ?? '').split(/\?(.*)/s);
  const path = rawPath.slice(provider.name.length + 1) || '/';
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const call: Call = { ...arrived, path, query };
  const text = body.toString('utf8');
  const record = openRecord(call, text, parts);
  const matched = parts.faults.match({
    provider: provider.name,
    method: request.method,
    path,
    body: text,
  });
  const fault = matched && {
    ...matched,
    strike: () => {
      matched.strike();
      record.faultId = matched.rule.id;
      parts.changed();
    },
  };
  try {
    const answer = await work(call, body, parts.clock, fault);
    record.status = answer?.status ?? null;
  } catch (error) {
    if (!(error instanceof FaultCutError)) throw error;
    if (error.answer === null) cut(reply);
    else write(reply, error.answer);
    record.status = error.answer?.status ?? null;
  }
}

function openRecord(call: Call, body: string, { requests }: Parts): RequestRecord {
  const { provider, request, path, query, arrivedAt } = call;
  const key = request.headers['idempotency-key'];
  return requests.open({
    provider: provider.name,
    method: request.method,
    path: query === '' ? path : `${path}?${query}`,
    at: arrivedAt,
    idempotencyKey: typeof key === 'string' ? key : null,
    body,
  });
}

/** Runs the provider and delivers its answer, both as the fault allows. Null: nothing whole was answered. */
async function work(
  call: Call,
  body: Buffer,
  clock: Clock,
  fault: ArmedFault | undefined,
): Promise<ProviderAnswer | null> {
  let slowed = false;
  const answer = await call.provider.answer({
    method: call.request.method,
    path: call.path,
    query: call.query,
    headers: call.request.headers,
    arrivedAt: call.arrivedAt,
    body,
    pass: async (point: FaultPoint) => {
      if (fault?.point !== point) return;
      if (fault.rule.action.do === 'slow') slowed = true;
      await strikeOnTheWay(fault, call, clock);
    },
  });
  if (fault?.rule.action.do === 'slow' && !slowed) await strikeOnTheWay(fault, call, clock);
  if (fault === undefined || fault.point !== 'answer') return write(call.reply, answer);
  return strikeAnswer(fault, call, clock, answer);
}

/** A fault that strikes before there is an answer: waits, or throws FaultCutError. */
async function strikeOnTheWay(fault: ArmedFault, call: Call, clock: Clock): Promise<void> {
  const { action } = fault.rule;
  fault.strike();
  switch (action.do) {
    case 'slow':
    case 'effect-then-late':
      return clock.wait(action.delayMs);
    case 'hang':
    case 'stall':
      await clientGone(call.request);
      throw new FaultCutError(null);
    case 'fixed':
    case 'effect-then-fixed':
      throw new FaultCutError({
        status: action.status,
        headers: action.headers,
        body: action.body,
        accepted: false,
      });
    case 'refuse':
      throw new FaultCutError(
        action.status === undefined ? null : call.provider.failure(action.status),
      );
    case 'effect-then-5xx':
      throw new FaultCutError(call.provider.failure(action.status ?? 500));
    case 'effect-then-drop':
    case 'effect-then-garbage':
      throw new FaultCutError(null);
  }
}

/** A fault that strikes when the work is done. */
async function strikeAnswer(
  fault: ArmedFault,
  call: Call,
  clock: Clock,
  answer: ProviderAnswer,
): Promise<ProviderAnswer | null> {
  const { action } = fault.rule;
  const { reply } = call;
  if (action.do.startsWith('effect-then') && !answer.accepted) return write(reply, answer);
  if (action.do === 'stall') {
    fault.strike();
    return writeHalf(reply, answer);
  }
  if (action.do === 'effect-then-5xx') {
    fault.strike();
    const failure = call.provider.failure(action.status ?? 500);
    const body = action.body ?? failure.body;
    return write(reply, { ...failure, body, headers: { ...answer.headers, ...failure.headers } });
  }
  if (action.do === 'effect-then-fixed') {
    fault.strike();
    const { status, body } = action;
    return write(reply, {
      ...answer,
      status,
      body,
      headers: { ...answer.headers, ...action.headers },
    });
  }
  if (action.do === 'effect-then-garbage') {
    fault.strike();
    return write(reply, garbage(answer, action.as));
  }
  await strikeOnTheWay(fault, call, clock);
  return write(reply, answer);
}

function garbage(answer: ProviderAnswer, as: 'html' | 'cut-json'): ProviderAnswer {
  if (as === 'cut-json') return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
  const headers = { ...answer.headers, 'content-type': 'text/html' };
  return { ...answer, status: 200, headers, body: '<html><body>200 OK</body></html>' };
}

function write(reply: FastifyReply, answer: ProviderAnswer): ProviderAnswer {
  const { status, headers, body } = answer;
  // Fastify adds a charset to the type of a text; the provider's own type is to arrive as it is.
  const sent = headers['content-type'] === undefined ? body : Buffer.from(body);
  void reply.code(status).headers(headers).send(sent);
  return answer;
}

/** Promises a whole body, sends half of it and keeps the connection. */
function writeHalf(reply: FastifyReply, answer: ProviderAnswer): null {
  reply.hijack();
  const body = Buffer.from(answer.body);
  reply.raw.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
  reply.raw.write(body.subarray(0, Math.floor(body.length / 2)));
  return null;
}

/** Resets the connection: the client gets ECONNRESET, or a socket that closed too early. */
function cut(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
}

async function clientGone(request: FastifyRequest): Promise<void> {
  if (!request.raw.socket.destroyed) await once(request.raw.socket, 'close');
}

/**
 * The life of a service: HTTP for its health, connection, consumers, and an orderly end.
 * `startService` is what tests use; `runService` owns the process: signals and exit codes.
 */
import type { Socket } from 'node:net';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { measureBacklog } from './backlog.ts';
import type { Bus } from '../broker/bus.ts';
import { toError } from '../errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Access } from './access.ts';
import { createHttpApp } from './http-app.ts';
import { answerProblems, sendProblem } from './http-problems.ts';

/** Longest time that work under way may take after SIGTERM; docker's grace has to be longer. */
const STOP_DEADLINE_MS = 25_000;

/** How often connections are looked at that have become idle while the HTTP server closes. */
const CLOSE_IDLE_MS = 50;

/** What a service does beside answering: a consumer, mostly. */
export interface BackgroundWork {
  /** Its name in the log. */
  name: string;
  /** Why it is not working as it should, in words, or undefined. */
  problem(): string | undefined;
  /** Takes nothing more, waits for what is under way. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  log: Log;
  bus: Bus;
  metrics: Metrics;
  port: number;
  /** Interface to listen on; all of them by default, because containers are reached from outside. */
  host?: string;
  /** The HTTP server with the service's own routes; the health routes are added to it. */
  http?: FastifyInstance;
  /** Starts the consumers, once the broker is there. */
  consume?: () => BackgroundWork[];
  /** Why the service cannot do its work just now, in words, or undefined. */
  problem?: () => string | undefined;
  /** Asked before /metrics is shown. */
  access?: Pick<Access, 'demand'>;
  /** Called last when stopping. */
  onStop?: () => Promise<void> | void;
}

export interface RunningService {
  url: string;
  /** Resolves with what went wrong when the service cannot go on. */
  failed: Promise<Error>;
  /** Stops pulling, finishes what is under way, drains the connection. */
  stop(): Promise<void>;
}

/**
 * Listens, then consumes as soon as the broker is there.
 * @throws when the port cannot be had.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { bus, log } = options;
  const http = options.http ?? plainHttp(log);
  const backlog = measureBacklog(options.metrics.registry, bus);
  let consumers: BackgroundWork[] = [];
  let isStarted = false;
  let isStopping = false;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => (fail = resolve));

  const ownProblem = (): string | undefined => {
    if (isStopping) return 'stopping';
    if (options.problem) return options.problem();
    if (!bus.isConnected()) return 'the broker is not reachable';
    return isStarted ? undefined : 'the consumers are not started yet';
  };
  const problem = (): string | undefined => {
    const own = ownProblem();
    if (own !== undefined || options.problem) return own;
    return consumers.map((consumer) => consumer.problem()).find((found) => found !== undefined);
  };
  addHealthRoutes(http, options, { problem, ownProblem });
  closeUnusedConnections(http);

  const url = await http.listen({ port: options.port, host: options.host ?? '0.0.0.0' });
  log.info({ url }, 'listening');

  const consume = (): void => {
    if (isStopping) return;
    consumers = options.consume?.() ?? [];
    isStarted = true;
    backlog.watch(consumers.map(({ name: durable }) => durable));
    log.info({ consumers: consumers.map(({ name: durable }) => durable) }, 'ready');
  };
  bus.ready.then(consume).catch((thrown: unknown) => {
    if (!isStopping) fail(toError(thrown));
  });
  void bus.closed.then((error) => {
    if (!isStopping) fail(error ?? new Error('the connection to the broker was closed'));
  });

  return {
    url: url.replace('0.0.0.0', '127.0.0.1'),
    failed,
    async stop() {
      isStopping = true;
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await closeHttp(http);
      await bus.drain();
      await options.onStop?.();
    },
  };
}

/**
 * Runs a service until a signal or a failure ends it. Exit codes: 0 after SIGTERM or SIGINT with
 * everything finished; 1 when it could not start, lost its connection for good or could not finish
 * in time, so that a supervisor starts it again. It is never alive and idle by accident.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { log } = options;
  const service = await startService(options).catch((thrown: unknown) => {
    log.fatal({ err: toError(thrown) }, 'cannot start');
    process.exit(1);
  });

  const end = async (why: string, code: number): Promise<never> => {
    log.info({ why }, 'stopping');
    setTimeout(() => {
      log.error('not finished in time');
      process.exit(1);
    }, STOP_DEADLINE_MS).unref();
    await service.stop().catch((thrown: unknown) => {
      log.error({ err: toError(thrown) }, 'stopping failed');
      process.exit(1);
    });
    process.exit(code);
  };

  process.once('SIGTERM', () => void end('SIGTERM', 0));
  process.once('SIGINT', () => void end('SIGINT', 0));
  const error = await service.failed;
  log.fatal({ err: error }, 'cannot go on');
  await end(error.message, 1);
}

/**
 * Answers what is under way, then closes. Node closes the connections that are idle at that moment;
 * one that still carries an answer stays open after it for as long as its client keeps it alive,
 * which is longer than we may take.
 */
async function closeHttp(http: FastifyInstance): Promise<void> {
  const closeIdle = setInterval(() => http.server.closeIdleConnections(), CLOSE_IDLE_MS);
  try {
    await http.close();
  } finally {
    clearInterval(closeIdle);
  }
}

/**
 * Browsers connect in advance. A connection that never carried a request is not idle to Node, and would hold up the end
 * of the service for a minute.
 */
function closeUnusedConnections(http: FastifyInstance): void {
  const unused = new Set<Socket>();
  http.server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  http.server.on('request', ({ socket }) => unused.delete(socket));
  http.addHook('preClose', (done) => {
    for (const socket of unused) socket.destroy();
    done();
  });
}

function plainHttp(log: FastifyBaseLogger): FastifyInstance {
  const http = createHttpApp({ log });
  answerProblems(http);
  return http;
}

function addHealthRoutes(
  http: FastifyInstance,
  options: ServiceOptions,
  problems: Record<'problem' | 'ownProblem', () => string | undefined>,
): void {
  http.get('/healthz', () => ({ status: 'ok' }));
  const addReadiness = (path: string, problemOf: () => string | undefined) =>
    http.get(path, (_request, reply) => {
      const problem = problemOf();
      return reply
        .code(problem === undefined ? 200 : 503)
        .send(problem === undefined ? { status: 'ready' } : { status: 'not ready', problem });
    });
  addReadiness('/readyz', problems.problem);
  // Whether it has all that is ours. A provider that is down is told by /readyz, and is no reason to call it ill.
  addReadiness('/startedz', problems.ownProblem);
  // A program asks: its refusal has the one shape, also where a service answers people with pages.
  const errorHandler = (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    sendProblem(error, request, reply);
  };
  http.get('/metrics', { errorHandler }, async (request, reply) => {
    await options.access?.demand(request.headers.authorization, 'metrics');
    const { registry } = options.metrics;
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

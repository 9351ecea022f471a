/**
 * The one consumer. Only this file settles messages; a handler returns, or throws one of errors.ts.
 *
 * What it promises:
 * - A message is acknowledged only after its handler returned.
 * - No more messages are taken than there are free handlers, so none waits here while its ack timer
 *   runs; a slow handler keeps its message by heartbeats.
 * - A message that cannot be handled is in DEAD_LETTERS before it is removed.
 * - Waiting (a failing provider, another worker's claim, a closed channel) spends no attempts.
 * - If pulling stops, `problem()` says so within a minute and the loop starts again by itself.
 */
import { setImmediate as inputIsRead } from 'node:timers/promises';
import { millis, type JsMsg } from 'nats';
import type { z } from 'zod';
import { ensureConsumer } from '../broker/apply-topology.ts';
import { CRASHES_PER_ATTEMPT, historyOf, retryDelayMs } from './attempts.ts';
import type { Bus } from '../broker/bus.ts';
import { createChannelAlerts } from './stop-alerts.ts';
import { createCircuit } from './circuit-breaker.ts';
import { buryMessage, retryLater } from './settle.ts';
import {
  ChannelStoppedError,
  SnoozeError,
  PermanentError,
  TransientError,
  toError,
} from '../errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { startPull } from './pull.ts';
import { readMessage } from './read-message.ts';
import type { AlertName } from '../contract/alert-kinds.ts';
import { consumers, type ConsumerName, type ConsumerSpec } from '../contract/consumers.ts';

/** One pull waits this long at the broker for work. */
const PULL_EXPIRES_MS = 5_000;
/** Nothing was pulled for this long although nothing stopped us: readiness turns false. */
const STALLED_AFTER_MS = 30_000;
const LOOP_RETRY_MS = 1_000;

export interface MessageContext {
  durable: ConsumerName;
  subject: string;
  /** 1 at the first try. Only failed tries count. */
  attempt: number;
}

export type Handler<Event> = (event: Event, context: MessageContext) => Promise<void>;

export interface ConsumerOptions<Schema extends z.ZodType> {
  bus: Bus;
  durable: ConsumerName;
  schema: Schema;
  handle: Handler<z.infer<Schema>>;
  /**
   * Called before a message goes to DEAD_LETTERS, to record its end where people look for it. When it
   * throws, the message stays and comes back.
   */
  giveUp?: (event: z.infer<Schema>, error: Error) => Promise<void>;
  /** Names (`what`) of the ChannelStoppedErrors that the handler throws, where it names them. */
  stopNames?: readonly AlertName[];
  /** Handlers at once where this process can use fewer than the durable allows. */
  atMost?: number;
  log: Log;
  metrics: Metrics;
}

export interface RunningConsumer {
  /** That of its durable. */
  name: ConsumerName;
  /** Why it is not working as it should, in words, or undefined. */
  problem(): string | undefined;
  /** Takes nothing more, waits for the handlers that run. */
  stop(): Promise<void>;
}

/** Starts pulling at once and goes on until `stop`. */
export function startConsumer<Schema extends z.ZodType>(
  options: ConsumerOptions<Schema>,
): RunningConsumer {
  const { bus, durable, log, metrics } = options;
  const spec: ConsumerSpec = consumers[durable];
  const circuit = createCircuit();
  const alerts = createChannelAlerts({ bus, durable, stopNames: options.stopNames ?? [], log });
  const running = new Set<Promise<void>>();
  let isStopping = false;
  let lastPullAt = Date.now();
  let heartbeatMs = spec.ackWaitMs / 3;
  let wakeUp: () => void = () => undefined;
  let stopPull: () => void = () => undefined;

  const most = Math.min(spec.concurrency, options.atMost ?? spec.concurrency);
  const limit = () => (circuit.isOpen() ? 1 : most);

  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => (clearTimeout(timer), resolve());
    });

  const loop = async (): Promise<void> => {
    let isThere = false;
    while (!isStopping) {
      const waitMs = circuit.waitMs();
      metrics.paused.set({ durable }, circuit.isOpen() ? 1 : 0);
      if (waitMs > 0) {
        lastPullAt = Date.now();
        await sleep(waitMs);
        continue;
      }
      const free = limit() - running.size;
      if (free <= 0) {
        lastPullAt = Date.now();
        await Promise.race(running);
        // Those that end at the same moment are replaced by one request.
        await inputIsRead();
        continue;
      }
      try {
        if (!isThere) heartbeatMs = (await findAckWaitMs()) / 3;
        isThere = true;
        if (!isStopping) await pull(free);
        lastPullAt = Date.now();
      } catch (thrown) {
        isThere = false;
        if (isStopping) break;
        log.warn({ durable, err: toError(thrown) }, 'pulling failed, trying again');
        await sleep(LOOP_RETRY_MS);
      }
    }
  };

  /** What the broker really has; a durable that somebody deleted is made again. */
  const findAckWaitMs = async (): Promise<number> => {
    const { config } = await ensureConsumer(await bus.manager(), durable);
    return config.ack_wait ? millis(config.ack_wait) : spec.ackWaitMs;
  };

  const pull = async (count: number): Promise<void> => {
    const onMessage = (message: JsMsg): void => {
      // The rest of a pull that was taken back: the circuit opened, or we are stopping.
      const isUnwanted = isStopping || circuit.waitMs() > 0 || running.size >= limit();
      const work = isUnwanted ? giveBack(message) : take(message);
      const tracked = work.finally(() => running.delete(tracked));
      running.add(tracked);
    };
    const { stream } = spec;
    const request = startPull(bus.connection(), {
      stream,
      durable,
      count,
      onMessage,
      expiresMs: PULL_EXPIRES_MS,
    });
    stopPull = () => request.stop();
    await request.over;
  };

  const giveBack = async (message: JsMsg): Promise<void> => {
    const delayMs = circuit.waitMs();
    await retryLater({ bus, durable, message, delayMs, isSnooze: true }).catch((thrown: unknown) =>
      log.warn({ durable, err: toError(thrown) }, 'a message could not be given back'),
    );
  };

  const take = async (message: JsMsg): Promise<void> => {
    const startedAt = performance.now();
    const heartbeat = setInterval(() => message.working(), heartbeatMs);
    metrics.inFlight.inc({ durable });
    let outcome: string;
    try {
      outcome = await handleAndSettle(message);
    } catch (thrown) {
      // Settling itself failed: the broker gives the message out again after ack_wait.
      outcome = 'unsettled';
      log.warn({ durable, err: toError(thrown) }, 'the message could not be settled');
    } finally {
      clearInterval(heartbeat);
      metrics.inFlight.dec({ durable });
    }
    const ms = performance.now() - startedAt;
    metrics.handled.inc({ durable, outcome });
    metrics.handleSeconds.observe({ durable }, ms / 1000);
    const level = outcome === 'dead' ? 'error' : outcome === 'retried' ? 'warn' : 'debug';
    log[level]({ durable, seq: message.seq, outcome, ms: Math.round(ms) }, `message: ${outcome}`);
  };

  const handleAndSettle = async (message: JsMsg): Promise<string> => {
    const startedAt = Date.now();
    const { attempt, crashes } = await historyOf(bus, durable, message);
    if (crashes >= spec.attempts * CRASHES_PER_ATTEMPT) {
      const error = new PermanentError('budget_spent', 'the process ended again and again with it');
      return bury(message, error, attempt + crashes);
    }
    const read = readMessage(options.schema, message);
    if (!read.isValid) return settleFailure(message, read.error, attempt);
    try {
      await options.handle(read.data, { durable, subject: message.subject, attempt });
    } catch (thrown) {
      return settleFailure(message, toError(thrown), attempt);
    }
    if (circuit.succeeded(startedAt)) log.info({ durable }, 'working again');
    // Waits for the broker's word, but does not rely on it: a repeat is harmless.
    const isConfirmed = await message.ackAck().catch(() => false);
    if (!circuit.isOpen()) await alerts.works();
    return isConfirmed ? 'ok' : 'ok_unconfirmed';
  };

  const settleFailure = async (message: JsMsg, error: Error, attempt: number): Promise<string> => {
    const retry = { bus, durable, message };
    if (error instanceof SnoozeError) {
      await retryLater({ ...retry, delayMs: error.retryAfterMs, isSnooze: true });
      return 'waiting';
    }
    log.warn({ durable, seq: message.seq, attempt, err: error }, error.message);
    if (error instanceof ChannelStoppedError) {
      const waitMs = circuit.stopped(error.retryAfterMs);
      stopPull();
      await retryLater({ ...retry, delayMs: waitMs, isSnooze: true });
      await alerts.stopped(error);
      return 'stopped';
    }
    if (error instanceof PermanentError) {
      return bury(message, error, attempt);
    }
    const transient = error instanceof TransientError ? error : undefined;
    const isOutage = transient?.outage === true && circuit.failed(transient.retryAfterMs);
    if (isOutage) stopPull();
    if (!isOutage && attempt >= spec.attempts) {
      return bury(message, error, attempt);
    }
    const delayMs = Math.max(transient?.retryAfterMs ?? 0, retryDelayMs(attempt));
    await retryLater({ ...retry, delayMs, isSnooze: isOutage });
    return 'retried';
  };

  const bury = async (message: JsMsg, error: Error, attempts: number): Promise<string> => {
    const event = readMessage(options.schema, message);
    try {
      if (event.isValid) await options.giveUp?.(event.data, error);
      await buryMessage(bus, durable, message, error, attempts);
      await alerts.buried(error, message.info.streamSequence);
      return 'dead';
    } catch (thrown) {
      log.warn(
        { durable, seq: message.seq, err: toError(thrown) },
        'giving up failed, trying again',
      );
      await retryLater({ bus, durable, message, delayMs: retryDelayMs(attempts), isSnooze: true });
      return 'retried';
    }
  };

  const ended = loop();
  return {
    name: durable,
    problem() {
      if (circuit.isStopped()) return `${durable} is stopped until a person acts`;
      const silentMs = Date.now() - lastPullAt - PULL_EXPIRES_MS;
      if (silentMs > STALLED_AFTER_MS)
        return `${durable} has not pulled for ${Math.round(silentMs / 1000)} s`;
      return undefined;
    },
    async stop() {
      isStopping = true;
      wakeUp();
      stopPull();
      await ended;
      await Promise.all(running);
    },
  };
}

/**
 * Fetches a bot's updates (https://core.telegram.org/bots/api#getupdates). Telegram lets one process do
 * that: whoever holds the lease. Killed, another one takes over when the lease ends.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { ChannelStoppedError, SnoozeError, PermanentError, toError } from '@leadwire/shared/errors';
import type { Lease, Leases } from '@leadwire/shared/coordination/leases';
import type { Log } from '@leadwire/shared/runtime/log';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { z } from 'zod';
import type { BotSender } from './pace.ts';
import { ALLOWED_UPDATES } from './update.ts';
import { isWorthRepeating, type UpdateProcessor } from './update-processor.ts';

/** Shares of the lease, so that it outlives a request: Telegram keeps one this long while there is nothing to tell … */
const POLL_SHARE = 0.4;
/** … and beyond that an answer may take this long to arrive. */
const ANSWER_SHARE = 0.25;
const RETRY_MS = 1_000;
/** A refused token: only a person can mend it. */
const STOPPED_RETRY_MS = 10_000;
/** An update that fails this often for no passing reason is a mistake of ours: the next ones must not wait. */
const TRIES = 3;

const updatesSchema = z.array(z.looseObject({ update_id: z.number().int() }));

export interface PollerOptions {
  sender: Pick<BotSender, 'bot' | 'call'>;
  leases: Leases;
  /** How long a lease holds: a killed poller is missed for this long. */
  leaseMs: number;
  processor: UpdateProcessor;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  /** Called once for each lease, before the first request: no webhook may be set while one polls. */
  prepare: () => Promise<void>;
  log: Log;
}

/** Starts at once and goes on until `stop`. */
export function startPoller(options: PollerOptions): BackgroundWork {
  const { sender, leases, leaseMs, processor, alerts, log } = options;
  const pollSeconds = Math.max(1, Math.floor((leaseMs * POLL_SHARE) / 1_000));
  const { bot } = sender;
  const durable = `telegram-poller-${bot}`;
  const stopName = `telegram-${bot}_stopped` as const;
  const over = new AbortController();
  const isOver = () => over.signal.aborted;
  const sleep = (ms: number) =>
    delay(ms, undefined, { signal: over.signal }).catch(() => undefined);
  let isStopped = false;
  let isKnownToWork = false;
  let said = '';

  /** What the next request confirms. None is given otherwise: after a quiet week numbers start anew. */
  let offset: number | undefined;

  const fetchUpdates = async () => {
    const params = {
      timeout: pollSeconds,
      allowed_updates: ALLOWED_UPDATES,
      ...(offset !== undefined && { offset }),
    };
    const timeoutMs = pollSeconds * 1_000 + leaseMs * ANSWER_SHARE;
    const result = await sender.call('getUpdates', params, { timeoutMs, signal: over.signal });
    offset = undefined;
    return updatesSchema.parse(result);
  };

  /** False when we were stopped first. @throws SnoozeError when somebody else polls by now. */
  const handle = async (update: { update_id: number }, lease: Lease): Promise<boolean> => {
    for (let failures = 0; failures < TRIES;) {
      if (isOver()) return false;
      await lease.renew();
      try {
        await processor.take(update);
        return true;
      } catch (thrown) {
        const error = toError(thrown);
        log.warn({ bot, updateId: update.update_id, err: error }, 'an update could not be handled');
        if (!isWorthRepeating(error)) failures += 1;
        await sleep(RETRY_MS);
      }
    }
    log.error({ bot, updateId: update.update_id }, 'an update was passed over');
    return true;
  };

  const poll = async (lease: Lease): Promise<void> => {
    await options.prepare();
    offset = undefined;
    log.info({ bot }, 'polling');
    while (!isOver()) {
      await lease.renew();
      const updates = await fetchUpdates();
      await works();
      for (const update of updates) {
        if (!(await handle(update, lease))) return;
        offset = update.update_id + 1;
      }
    }
  };

  const works = async (): Promise<void> => {
    isStopped = false;
    said = '';
    if (isKnownToWork) return;
    await alerts.resolve(stopName, `the bot "${bot}" works again`);
    isKnownToWork = true;
  };

  const tellStopped = async (error: ChannelStoppedError): Promise<void> => {
    isStopped = true;
    isKnownToWork = false;
    const { message } = error;
    await alerts.raise({ severity: 'critical', what: stopName, message });
  };

  /** Says what ended the polling and how long to wait. */
  const judge = async (thrown: unknown): Promise<number> => {
    if (isOver()) return 0;
    if (thrown instanceof SnoozeError) return Math.max(RETRY_MS, thrown.retryAfterMs);
    const error = toError(thrown);
    // Another poller's request is still open: it ends by itself. And an outage is said once.
    const isConflict = error instanceof PermanentError && error.code === 'telegram_409';
    const level = isConflict || error.message === said ? 'debug' : 'warn';
    log[level]({ bot, err: error }, 'polling ended, trying again');
    said = error.message;
    if (!(error instanceof ChannelStoppedError)) return RETRY_MS;
    await tellStopped(error).catch((why: unknown) =>
      log.warn({ bot, err: toError(why) }, 'the alert was not published'),
    );
    return STOPPED_RETRY_MS;
  };

  const run = async (): Promise<void> => {
    while (!isOver()) {
      let lease: Lease | undefined;
      let waitMs = RETRY_MS;
      try {
        lease = await leases.acquire(durable, 0);
        await poll(lease);
      } catch (thrown) {
        waitMs = await judge(thrown);
      } finally {
        await lease?.release();
      }
      if (!isOver()) await sleep(waitMs);
    }
  };
  const finished = run();

  return {
    name: durable,
    problem: () => (isStopped ? `the bot "${bot}" is stopped until a person acts` : undefined),
    async stop() {
      over.abort();
      await finished;
    },
  };
}

/**
 * Sends one batch. The message that brings it here is only a nudge: the database says whether the batch may be sent,
 * gives it to one sender, and keeps what became of each person. Order: look and render, wait for the turn, claim, send,
 * settle. A crash between any two of these leaves a state that says what to do.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { retryDelayMs } from '@leadwire/shared/attempts';
import {
  AmbiguousError,
  ChannelStoppedError,
  NotYetError,
  PermanentError,
  TransientError,
  toError,
} from '@leadwire/shared/errors';
import type { BatchReady } from '@leadwire/shared/events';
import type { Log } from '@leadwire/shared/log';
import type { CampaignStore } from './campaign-store.ts';
import type {
  BatchResult,
  CampaignChannel,
  ClaimHold,
  PreparedBatch,
  ReadyBatch,
  RecipientResult,
} from './channel.ts';
import type { CampaignMeasures } from './measures.ts';

/** Looks at a batch whose people change while it waits; more than this is for the next nudge. */
const LOOKS = 5;
const LONGEST_WAIT_MS = 60_000;
/** What must be left of a claim when the call begins. */
const CALL_SHARE = 0.5;

/**
 * A call leaves this long after its turn, always: enough for the claim, whose answer takes now 20 ms, now 200. Calls
 * that left as soon as it is there would come closer together than their turns.
 */
const LEAVE_AFTER_MS = 250;
/** What the limiter's margin has room for; later than that a call waits for another turn. */
const LATEST_MS = 20;
const MOST_TURNS = 20;

/** Errors after which the messages may have arrived although the provider refused this request. */
const UNDECIDED_CODES = ['invalid_idempotent_request', 'answer_does_not_fit'];

export interface Ports {
  store: Pick<
    CampaignStore,
    'look' | 'claim' | 'note' | 'settle' | 'defer' | 'pause' | 'finishIfDone'
  >;
  channels: Record<ReadyBatch['channel'], CampaignChannel>;
  /** Waits until the campaign's own rate allows one more call. */
  pace: (campaignId: string, ratePerSecond: number | null) => Promise<void>;
  /** Tells a person that a campaign has paused by itself. Never throws. */
  tellPaused: (campaignId: string, reason: string, message?: string) => Promise<void>;
  /** Names this process in claims. */
  owner: string;
  leaseMs: number;
  log: Log;
  measures: CampaignMeasures;
  now?: () => number;
}

interface Claim {
  prepared: PreparedBatch;
  channel: CampaignChannel;
  /** An earlier try may have arrived. */
  isInherited: boolean;
  /** When its turn came, right before the claim: Unix milliseconds. */
  turnAt: number;
}

export type SendBatch = (event: Pick<BatchReady, 'data'>) => Promise<void>;

/**
 * The handler of `mailer-batch`. It returns whatever the provider did: a batch that has to be tried again is put off in
 * the database and nudged from there.
 * @throws TransientError when the database or the broker is away; ChannelStoppedError when its key is wrong.
 */
export function createSendBatch(ports: Ports): SendBatch {
  const { store, channels, log, measures, owner, leaseMs, now = Date.now } = ports;

  const settle = async ({ prepared }: Claim, results: BatchResult): Promise<void> => {
    const { campaignId, n, channel } = prepared.batch;
    const { open } = await store.settle(campaignId, n, results);
    const counts = countByStatus(results);
    measures.settled(channel, counts);
    log.info({ campaignId, n, ...counts }, 'batch settled');
    if (open === 0 && (await store.finishIfDone(campaignId))) {
      log.info({ campaignId }, 'campaign finished');
    }
  };

  const settleAll = (claim: Claim, result: Omit<RecipientResult, 'id'>): Promise<void> =>
    settle(
      claim,
      claim.prepared.batch.recipients.map(({ id }) => ({ id, ...result })),
    );

  const defer = async (claim: Claim, error: Error, waitMs: number, wasTried: boolean) => {
    const { campaignId, n } = claim.prepared.batch;
    await store.defer(campaignId, n, { owner, waitMs, error: error.message, wasTried });
    measures.deferred();
    log.warn({ campaignId, n, waitMs, wasTried, err: error }, 'batch put off');
  };

  const pauseFor = async (batch: ReadyBatch, reason: string, error: Error): Promise<void> => {
    const { kind } = await store.pause(batch.campaignId, reason);
    if (kind === 'done') await ports.tellPaused(batch.campaignId, reason, error.message);
  };

  const handleFailure = async (claim: Claim, error: Error): Promise<void> => {
    const { batch } = claim.prepared;
    if (error instanceof NotYetError) {
      log.warn({ campaignId: batch.campaignId, n: batch.n, err: error }, 'another sender has it');
      return;
    }
    if (error instanceof PermanentError) {
      // After an earlier try of which nobody knows the end, a refusal of this one says nothing about that.
      const isUndecided = claim.isInherited || UNDECIDED_CODES.includes(error.code);
      const status = isUndecided ? 'unknown' : 'failed';
      return settleAll(claim, { status, reason: error.code, error: error.message });
    }
    if (error instanceof ChannelStoppedError) {
      await defer(claim, error, 0, claim.isInherited);
      return pauseFor(batch, 'provider_stopped', error);
    }
    // What is no error of a channel is a bug of ours: it may have struck after the call.
    const mayHaveArrived = error instanceof AmbiguousError || !(error instanceof TransientError);
    const told = error instanceof TransientError ? (error.retryAfterMs ?? 0) : 0;
    const backoff = Math.min(retryDelayMs(batch.attempts + 1), LONGEST_WAIT_MS);
    await defer(claim, error, Math.max(told, backoff), claim.isInherited || mayHaveArrived);
  };

  const holdOf = ({ prepared }: Claim): ClaimHold => ({
    async note(progress) {
      const { campaignId, n } = prepared.batch;
      const { kind } = await store.note(campaignId, n, { owner, leaseMs, ...progress });
      if (kind === 'lost') throw new NotYetError('another sender has the batch by now', leaseMs);
    },
  });

  /** Waits until the call may leave. @throws TransientError when this process is late for every turn. */
  const waitToLeave = async ({ channel, turnAt }: Claim): Promise<void> => {
    let leaveAt = turnAt + LEAVE_AFTER_MS;
    for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
      await delay(Math.max(0, leaveAt - now()));
      if (now() - leaveAt <= LATEST_MS) return;
      await channel.turn();
      leaveAt = now() + LEAVE_AFTER_MS;
    }
    throw new TransientError('this process is too slow for its turns');
  };

  const send = async (claim: Claim): Promise<void> => {
    const { prepared, channel, isInherited } = claim;
    let results: BatchResult;
    try {
      await waitToLeave(claim);
      // A process that was suspended after the claim may have been replaced meanwhile.
      if (now() - claim.turnAt > leaseMs * CALL_SHARE) {
        throw new NotYetError('the claim is too old to send under', leaseMs);
      }
      const hold = holdOf(claim);
      results = isInherited
        ? await channel.reconcile(prepared, hold)
        : await channel.send(prepared, hold);
    } catch (thrown) {
      return handleFailure(claim, toError(thrown));
    }
    await settle(claim, results);
  };

  /** Renders; a campaign that cannot be rendered is paused, because no repeat will mend it. */
  const prepare = async (batch: ReadyBatch): Promise<PreparedBatch | undefined> => {
    try {
      return await channels[batch.channel].prepare(batch);
    } catch (thrown) {
      await pauseFor(batch, 'cannot_render', toError(thrown));
      return undefined;
    }
  };

  const waitForTurn = async (batch: ReadyBatch, ratePerSecond: number | null): Promise<void> => {
    // Nobody is left of it: it will be settled without a call.
    if (batch.recipients.length === 0) return;
    await ports.pace(batch.campaignId, ratePerSecond);
    await channels[batch.channel].turn();
  };

  return async ({ data: { campaignId, n } }) => {
    for (let look = 1; look <= LOOKS; look += 1) {
      const looked = await store.look(campaignId, n);
      if (looked.kind !== 'ready') return;
      const { batch, ratePerSecond } = looked;
      const prepared = await prepare(batch);
      if (!prepared) return;
      await waitForTurn(batch, ratePerSecond);
      const turnAt = now();
      const ids = batch.recipients.map(({ id }) => id);
      const { bodyHash } = prepared;
      const claimed = await store.claim(campaignId, n, {
        ...{ owner, leaseMs, at: batch.at, bodyHash, ids },
      });
      if (claimed.kind === 'changed') continue;
      const channel = channels[batch.channel];
      const isInherited = claimed.kind !== 'claimed';
      const claim: Claim = { prepared, channel, isInherited, turnAt };
      if (claimed.kind === 'other_body') {
        return settleAll(claim, { status: 'unknown', reason: 'other_body' });
      }
      if (claimed.kind === 'claimed' || claimed.kind === 'inherited') return send(claim);
      return;
    }
  };
}

function countByStatus(results: BatchResult): Record<RecipientResult['status'], number> {
  const counts = { sent: 0, failed: 0, skipped: 0, unknown: 0 };
  for (const { status } of results) counts[status] += 1;
  return counts;
}

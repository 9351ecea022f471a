/**
 * Sends one batch. The message that brings it here is only a nudge: the database says whether the batch may be sent,
 * gives it to one sender, and keeps what became of each person. Order: look and render, wait for the turn and claim
 * right before it, send, settle. A crash between any two of these leaves a state that says what to do.
 */
import { randomUUID } from 'node:crypto';
import { retryDelayMs } from '@leadwire/shared/consumer/attempts';
import {
  AmbiguousError,
  ChannelStoppedError,
  SnoozeError,
  PermanentError,
  TransientError,
  toError,
} from '@leadwire/shared/errors';
import type { BatchReady } from '@leadwire/shared/contract/events';
import type { Log } from '@leadwire/shared/runtime/log';
import type { CampaignStore } from './campaigns/campaign-store.ts';
import {
  isOurs,
  type BatchResult,
  type CampaignChannel,
  type ClaimHold,
  type PreparedBatch,
  type ReadyBatch,
  type RecipientResult,
} from './sending/channel.ts';
import type { CampaignMeasures } from './measures.ts';

/** Looks at a batch whose people change while it waits; more than this is for the next nudge. */
const LOOKS = 5;
const LONGEST_WAIT_MS = 60_000;
/** What must be left of a claim when the call begins. */
const CALL_SHARE = 0.5;

/** Errors after which the messages may have arrived although the provider refused this request. */
const UNDECIDED_CODES = ['invalid_idempotent_request', 'answer_does_not_fit'];

export interface Ports {
  store: Pick<
    CampaignStore,
    'look' | 'claim' | 'note' | 'settle' | 'defer' | 'pause' | 'finishIfDone'
  >;
  channels: Record<ReadyBatch['channel'], CampaignChannel>;
  /** Tells a person that a campaign has paused by itself. Never throws. */
  tellPaused: (campaignId: string, reason: string, message?: string) => Promise<void>;
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
  /** Names this claim, and no other of the same process: what ends it must not end a later one. */
  owner: string;
  /** When it was asked for: Unix milliseconds. */
  claimedAt: number;
  /** Its turn to send came while it was held. */
  isTurn: boolean;
}

export type SendBatch = (event: Pick<BatchReady, 'data'>) => Promise<void>;

/**
 * The handler of `mailer-batch`. It returns whatever the provider did: a batch that has to be tried again is put off in
 * the database and nudged from there.
 * @throws TransientError when the database or the broker is away; ChannelStoppedError when its key is wrong.
 */
export function createSendBatch(ports: Ports): SendBatch {
  const { store, channels, log, measures, leaseMs, now = Date.now } = ports;

  const settle = async ({ prepared, owner }: Claim, results: BatchResult): Promise<void> => {
    const { campaignId, n, channel } = prepared.batch;
    const { open } = await store.settle(campaignId, { n, owner, results });
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
    await store.defer(campaignId, n, {
      owner: claim.owner,
      waitMs,
      error: error.message,
      wasTried,
    });
    measures.deferred();
    log.warn({ campaignId, n, waitMs, wasTried, err: error }, 'batch put off');
  };

  const pauseFor = async (batch: ReadyBatch, reason: string, error: Error): Promise<void> => {
    const { kind } = await store.pause(batch.campaignId, reason);
    if (kind === 'done') await ports.tellPaused(batch.campaignId, reason, error.message);
  };

  const handleFailure = async (claim: Claim, error: Error): Promise<void> => {
    const { batch } = claim.prepared;
    if (error instanceof SnoozeError) {
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

  const holdOf = ({ prepared, owner }: Claim): ClaimHold => ({
    async note(progress) {
      const { campaignId, n } = prepared.batch;
      const { kind } = await store.note(campaignId, n, { owner, leaseMs, ...progress });
      if (kind === 'lost') throw new SnoozeError('another sender has the batch by now', leaseMs);
    },
  });

  const send = async (claim: Claim): Promise<void> => {
    const { prepared, channel, isInherited } = claim;
    let results: BatchResult;
    try {
      if (!claim.isTurn) throw new TransientError('the turn went by');
      // A process that was suspended after the claim may have been replaced meanwhile.
      if (now() - claim.claimedAt > leaseMs * CALL_SHARE) {
        throw new TransientError('the claim is too old to send under');
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

  /** What may have gone out has been counted. One that waits for its budget is nudged again. */
  const mayGo = async (prepared: PreparedBatch): Promise<boolean> => {
    const { campaignId, n, channel, isInherited } = prepared.batch;
    if (isInherited || (await channels[channel].hasRoom(prepared))) return true;
    log.info({ campaignId, n }, 'the batch waits for its budget');
    return false;
  };

  /** Of a batch of which nobody is left the claim is its end: it needs no turn. */
  const claimAtTurn = async ({ batch, bodyHash }: PreparedBatch) => {
    const { campaignId, n, at, ratePerSecond } = batch;
    const ids = batch.recipients.map(({ id }) => id);
    const claim = async () => {
      const [owner, claimedAt] = [randomUUID(), now()];
      const request = { owner, leaseMs, at, bodyHash, ratePerSecond, ids };
      return { ...(await store.claim(campaignId, n, request)), owner, claimedAt };
    };
    if (ids.length === 0) return { claimed: await claim(), isTurn: false };
    return channels[batch.channel].turn(batch, claim);
  };

  const sendBatch = async (campaignId: string, n: number): Promise<void> => {
    for (let look = 1; look <= LOOKS; look += 1) {
      const looked = await store.look(campaignId, n);
      if (looked.kind !== 'ready') return;
      const prepared = await prepare(looked.batch);
      if (!prepared || !(await mayGo(prepared))) return;
      const { claimed, isTurn } = await claimAtTurn(prepared);
      if (claimed.kind === 'changed') continue;
      const channel = channels[looked.batch.channel];
      const isInherited = claimed.kind !== 'claimed';
      const { owner, claimedAt } = claimed;
      const claim: Claim = { prepared, channel, isInherited, isTurn, owner, claimedAt };
      if (claimed.kind === 'other_body') {
        return settleAll(claim, { status: 'unknown', reason: 'other_body' });
      }
      if (isOurs(claimed)) return send(claim);
      return;
    }
  };

  const inHand = new Set<string>();
  return async ({ data: { campaignId, n } }) => {
    const key = `${campaignId}:${n}`;
    // Handed out again because its turn is long in coming: who has it in hand goes on with it.
    if (inHand.has(key)) return;
    inHand.add(key);
    await sendBatch(campaignId, n).finally(() => inHand.delete(key));
  };
}

function countByStatus(results: BatchResult): Record<RecipientResult['status'], number> {
  const counts = { sent: 0, failed: 0, skipped: 0, unknown: 0 };
  for (const { status } of results) counts[status] += 1;
  return counts;
}

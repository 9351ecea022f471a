/**
 * Campaigns' SMS through Mobizon's campaign route: draft, numbers, send. The id of the draft is noted
 * before anybody is in it, so that whatever crashes, at most this one campaign can ever go out, once.
 */
import { createHash } from 'node:crypto';
import {
  AmbiguousError,
  PermanentError,
  SnoozeError,
  TransientError,
} from '@leadwire/shared/errors';
import type { SmsBudget } from '@leadwire/shared/delivery/sms-budget';
import {
  MOST_RECIPIENTS,
  partsOf,
  type AddedRecipient,
  type CampaignInfo,
  type MobizonCampaigns,
} from '@leadwire/shared/providers/mobizon/campaigns';
import { thawCampaign } from '@leadwire/templates/frozen-campaign';
import {
  isOurs,
  laneOf,
  type BatchResult,
  type CampaignChannel,
  type ClaimHold,
  type PreparedBatch,
  type ReadyBatch,
  type RecipientResult,
} from './channel.ts';
import {
  billed,
  everybody,
  harmless,
  isComplete,
  keepsDraft,
  resultsOf,
  type SmsBody,
} from './sms-results.ts';
import { findCommonText } from './sms-text.ts';

export interface SmsChannelOptions {
  mobizon: MobizonCampaigns;
  /** Registered sender name; the account's default when absent. */
  from: string | undefined;
  /** How long messages of a campaign that went out may be missing from Mobizon's listing; undocumented, so generous. */
  listingLagMs: number;
  /** Why a number gets no SMS, one token, or undefined. */
  refusal: (phone: string) => string | undefined;
  budget: Pick<SmsBudget, 'take'>;
  /** No more than the budget ever has room for. */
  batchSize?: number;
  now?: () => number;
}

/** Longer ones are refused (docs "campaign/create"). */
const LONGEST_NAME = 255;

export function createSmsChannel(options: SmsChannelOptions): CampaignChannel {
  const { mobizon, from, listingLagMs, refusal, budget, now = Date.now } = options;

  const makeDraft = async ({ batch, body }: PreparedBatch, hold: ClaimHold): Promise<string> => {
    const name = `${batch.campaignName} #${batch.n}`.slice(0, LONGEST_NAME);
    // A draft whose id was lost sends nothing: this step may be done again.
    const id = await harmless(() => mobizon.create({ name, ...(body as SmsBody).campaign }));
    await hold.note({ providerRef: id, stage: 'created' });
    return id;
  };

  /** Waits for the turn of the next step, which is written down right before it. */
  const waitForStep = async (batch: ReadyBatch, hold: ClaimHold, stage: string): Promise<void> => {
    const note = () => hold.note({ stage });
    const { isTurn } = await mobizon.turnWith(note, () => true, laneOf(batch));
    if (!isTurn) throw new TransientError('Mobizon: the turn went by');
  };

  const removeDraft = async (id: string, batch: ReadyBatch): Promise<void> => {
    await mobizon.turn(laneOf(batch));
    // Only tidiness: nobody sends it but a person in Mobizon's panel.
    await mobizon.remove(id).catch(() => undefined);
  };

  /** Adds to every person the id of their message, as far as Mobizon lists it. */
  const withIds = async (
    id: string,
    results: RecipientResult[],
    { batch, body }: PreparedBatch,
  ): Promise<RecipientResult[]> => {
    const listed = await mobizon.listMessages(id, laneOf(batch));
    const numbers = new Map((body as SmsBody).people.map((person) => [person.id, person.number]));
    return results.map((result) => {
      const providerId = result.providerId ?? listed.get(numbers.get(result.id) ?? '');
      return result.status === 'sent' && providerId !== undefined
        ? { ...result, providerId }
        : result;
    });
  };

  const fillAndSend = async (id: string, prepared: PreparedBatch, hold: ClaimHold) => {
    const { batch } = prepared;
    const { people } = prepared.body as SmsBody;
    const added: AddedRecipient[] = [];
    for (const part of partsOf(people)) {
      await waitForStep(batch, hold, 'filling');
      added.push(...(await mobizon.addRecipients(id, part)));
    }
    const results = resultsOf(people, added);
    if (results.every(({ status }) => status !== 'sent')) {
      await removeDraft(id, batch);
      return results;
    }
    await waitForStep(batch, hold, 'sending');
    const answer = await mobizon.send(id);
    if (answer !== 'sent') {
      await hold.note({ stage: answer });
      return [];
    }
    if (isComplete(results)) return results;
    // The answer with some of the ids was lost.
    const known = await withIds(id, results, prepared);
    return isComplete(known) ? known : [];
  };

  /** From the draft on the same draft is gone on with, whatever happens: its people never come into another one. */
  const continueDraft = async (
    id: string,
    prepared: PreparedBatch,
    hold: ClaimHold,
  ): Promise<BatchResult> => {
    try {
      return await fillAndSend(id, prepared, hold);
    } catch (thrown) {
      // Refused for good before anybody was sent to.
      if (thrown instanceof PermanentError) return everybody(prepared, thrown.code);
      throw keepsDraft(thrown);
    }
  };

  /** When this process first saw a campaign sent, Unix milliseconds; a new process waits anew. */
  const seenSentAt = new Map<string, number>();

  const lookUpSent = async (
    { batch, body }: PreparedBatch,
    id: string,
    { info, askedAt }: { info: CampaignInfo; askedAt: number },
  ) => {
    const { people } = body as SmsBody;
    const listed = await mobizon.listMessages(id, laneOf(batch));
    const results = people.map(({ id: person, number }): RecipientResult => {
      const providerId = listed.get(number);
      if (providerId !== undefined) return { id: person, status: 'sent', providerId };
      // Only a listing that is known to be whole says that somebody is not in it.
      if (info.messages === listed.size) {
        return { id: person, status: 'failed', reason: 'refused_by_provider' };
      }
      return { id: person, status: 'unknown', reason: 'not_listed_by_provider' };
    });
    // Listing and counters lag behind the sending, which may be long after the claim: what they do not show soon after
    // is no evidence, however late the answer comes.
    const seenAt = seenSentAt.get(id) ?? now();
    const isOverdue = askedAt - seenAt > listingLagMs;
    const isDecided = isOverdue || results.every(({ status }) => status === 'sent');
    if (isDecided) seenSentAt.delete(id);
    else seenSentAt.set(id, seenAt);
    return isDecided ? results : [];
  };

  const reconcile = async (id: string, prepared: PreparedBatch, hold: ClaimHold) => {
    const askedAt = now();
    const info = await mobizon.getInfo(id);
    switch (info.state) {
      case 'draft':
        return continueDraft(id, prepared, hold);
      case 'moderation':
        return [];
      case 'sent':
        return lookUpSent(prepared, id, { info, askedAt });
      case 'declined':
        return everybody(prepared, 'declined_by_moderator');
      case 'deleted':
        // Drafts can be deleted, campaigns that went out cannot: a person did not want it sent.
        return everybody(prepared, 'deleted_at_provider');
      default:
        throw new AmbiguousError(`Mobizon: campaign in state ${info.state.unknown}`);
    }
  };

  /** Sends to those who may be sent to; the others are told with the first answer about anybody. */
  const sendAllowed = async (
    { body }: PreparedBatch,
    work: () => Promise<BatchResult>,
  ): Promise<BatchResult> => {
    const { people, segments, refused } = body as SmsBody;
    if (people.length === 0) return refused;
    const results = (await work()).map((each) => billed(each, segments));
    return results.length === 0 ? results : [...refused, ...results];
  };

  const sendFirst = async (prepared: PreparedBatch, hold: ClaimHold): Promise<BatchResult> => {
    const { providerRef } = prepared.batch;
    if (providerRef !== null) {
      // Of an earlier try that sent nothing, for a list that may have changed since. Believed when Mobizon says so.
      const { state } = await mobizon.getInfo(providerRef);
      if (state !== 'draft' && state !== 'deleted') return reconcile(providerRef, prepared, hold);
      await removeDraft(providerRef, prepared.batch);
      await mobizon.turn(laneOf(prepared.batch));
    }
    return continueDraft(await makeDraft(prepared, hold), prepared, hold);
  };

  const sendAgain = async (prepared: PreparedBatch, hold: ClaimHold): Promise<BatchResult> => {
    const { providerRef } = prepared.batch;
    if (providerRef !== null) return reconcile(providerRef, prepared, hold);
    // The try before ended before it had a draft, so it sent nothing, and a refusal is this one's.
    let id: string;
    try {
      id = await makeDraft(prepared, hold);
    } catch (thrown) {
      if (thrown instanceof PermanentError) return everybody(prepared, thrown.code);
      throw thrown;
    }
    return continueDraft(id, prepared, hold);
  };

  return {
    batchSize: options.batchSize ?? MOST_RECIPIENTS,

    prepare(batch: ReadyBatch): Promise<PreparedBatch> {
      const campaign = thawCampaign(batch.frozen);
      const at = new Date(batch.at);
      const whyNot = new Map(batch.recipients.map(({ id, contact }) => [id, refusal(contact)]));
      const allowed = batch.recipients.filter(({ id }) => whyNot.get(id) === undefined);
      const texts = allowed.map((person) => campaign.sms(person, at));
      const segments = new Map(allowed.map(({ id }, n) => [id, texts[n]?.segments ?? 0]));
      const { text, placeholders } = findCommonText(texts.map((each) => each.text));
      const isTemplate = placeholders.some((values) => Object.keys(values).length > 0);
      const sent = {
        campaign: { text, isTemplate, ...(from !== undefined && { from }) },
        people: allowed.map(({ id, contact }, index) => ({
          id,
          number: contact.replace(/\D/g, ''),
          placeholders: placeholders[index] ?? {},
        })),
      };
      const refused = batch.recipients.flatMap(({ id }): RecipientResult[] => {
        const reason = whyNot.get(id);
        return reason === undefined ? [] : [{ id, status: 'skipped', reason }];
      });
      const body: SmsBody = { ...sent, segments, refused };
      const bodyHash = createHash('sha256').update(JSON.stringify(sent)).digest('hex');
      return Promise.resolve({ batch, body, bodyHash });
    },

    turn: (batch, claim) => mobizon.turnWith(claim, isOurs, laneOf(batch)),

    async hasRoom({ body }) {
      try {
        await budget.take(...(body as SmsBody).people.map(({ id }) => id));
        return true;
      } catch (thrown) {
        if (thrown instanceof SnoozeError) return false;
        throw thrown;
      }
    },

    send: (prepared, hold) => sendAllowed(prepared, () => sendFirst(prepared, hold)),
    reconcile: (prepared, hold) => sendAllowed(prepared, () => sendAgain(prepared, hold)),
  };
}

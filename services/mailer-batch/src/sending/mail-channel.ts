/**
 * Mail through Resend in batches of 100, each mail a person's own. A repeat is safe for a day: same idempotency key, same
 * bytes. They are made anew each time from what was frozen at the start, so no text is stored.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BatchMail, ResendClient } from '@leadwire/shared/providers/resend';
import { thawCampaign } from '@leadwire/templates/frozen-campaign';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import {
  isOurs,
  laneOf,
  type BatchRecipient,
  type BatchResult,
  type CampaignChannel,
  type PreparedBatch,
  type ReadyBatch,
} from './channel.ts';
import { unsubscribeUrl, type UnsubscribeUrlOptions } from './unsubscribe-url.ts';

/** Resend's own limit for one call. */
const BATCH_SIZE = 100;
/** Resend forgets a key after 24 hours; an hour of margin for clocks that differ. */
const KEY_LIFE_MS = 23 * 60 * 60_000;
/** Campaigns whose texts are kept parsed. */
const KEPT_CAMPAIGNS = 20;
/** Mails that are rendered without a look at what else there is to do: a millisecond or two. */
const MAILS_AT_ONCE = 10;
const COMMA = Buffer.from(',');

export interface MailChannelOptions extends UnsubscribeUrlOptions {
  resend: Pick<ResendClient, 'turnWith' | 'sendBatch'>;
  from: string;
  now?: () => number;
}

export function createMailChannel(options: MailChannelOptions): CampaignChannel {
  const { resend, from, now = Date.now } = options;
  const known = new Map<string, ReturnType<typeof composer>>();

  const composerOf = (batch: ReadyBatch) => {
    const compose = known.get(batch.campaignId) ?? composer(batch, from);
    known.set(batch.campaignId, compose);
    dropOldest(known, KEPT_CAMPAIGNS);
    return compose;
  };

  /** The bytes of a `BatchMail` in JSON, in pieces. */
  const compose = (batch: ReadyBatch, { id, contact, name, variables }: BatchRecipient) => {
    const wayOut = unsubscribeUrl(options, id, contact);
    const person = { name, variables, unsubscribeUrl: wayOut };
    return composerOf(batch)(person, new Date(batch.at), { id, contact, wayOut });
  };

  const render = async (batch: ReadyBatch): Promise<PreparedBatch> => {
    // Bytes, not text: turning a megabyte into bytes takes 5 ms, which are lost before the turn and not after it.
    const pieces: Buffer[] = [Buffer.from('[')];
    for (const [index, recipient] of batch.recipients.entries()) {
      // Rendering must not hold up a request whose turn it is.
      if (index % MAILS_AT_ONCE === 0) await nextTurn();
      if (index > 0) pieces.push(COMMA);
      pieces.push(...compose(batch, recipient));
    }
    const body = Buffer.concat([...pieces, Buffer.from(']')]);
    return { batch, body, bodyHash: createHash('sha256').update(body).digest('hex') };
  };
  // One batch after the other: the first is ready soon, instead of all of them late.
  let rendering: Promise<unknown> = Promise.resolve();

  const send = async ({ batch, body }: PreparedBatch): Promise<BatchResult> => {
    const { recipients, idempotencyKey } = batch;
    const request = { body: body as Buffer, count: recipients.length };
    const answer = await resend.sendBatch(request, idempotencyKey, {});
    return answer.map((each, index) => {
      const id = recipients[index]?.id ?? '';
      if ('id' in each) return { id, status: 'sent', providerId: each.id };
      return { id, status: 'failed', reason: 'refused_by_provider', error: each.refused };
    });
  };

  return {
    batchSize: BATCH_SIZE,
    hasRoom: () => Promise.resolve(true),

    prepare(batch) {
      const prepared = rendering.then(() => render(batch));
      rendering = prepared.catch(() => undefined);
      return prepared;
    },

    turn: (batch, claim) =>
      resend.turnWith(claim, isOurs, { priority: 'bulk', lane: laneOf(batch) }),
    send,

    async reconcile(prepared) {
      const { batch } = prepared;
      if (now() - Date.parse(batch.at) > KEY_LIFE_MS) {
        const unknown = { status: 'unknown', reason: 'idempotency_key_expired' } as const;
        return batch.recipients.map(({ id }) => ({ id, ...unknown }));
      }
      // Asking and sending are one call here: the key makes it one batch either way.
      return send(prepared);
    },
  };
}

/** What makes the requests of a campaign's people, the same for all of its batches. */
function composer({ frozen, template, campaignId }: ReadyBatch, from: string) {
  return thawCampaign(frozen).inJson(
    (mail, own: { id: string; contact: string; wayOut: string }): BatchMail => ({
      from,
      to: own.contact,
      ...mail,
      headers: {
        'List-Unsubscribe': `<${own.wayOut}>`,
        // One click without a page (RFC 8058).
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      },
      tags: [
        { name: 'template', value: template },
        { name: 'campaign_id', value: campaignId },
        { name: 'delivery_id', value: own.id },
      ],
    }),
  );
}

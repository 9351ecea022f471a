/**
 * What Mailgun tells of mails (https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks). Late,
 * repeated and out of order, so it becomes facts that say the same whenever they are told. The signature is over a
 * moment and a token, not over the body: a token is taken for one body only, so that one that was overheard cannot
 * be used to tell something else.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newEvent, publishMade } from '@leadwire/shared/broker/publish-event';
import type { SuppressionReason } from '@leadwire/shared/contract/campaign-facts';
import { type DeliveryOutcome, type EventOf } from '@leadwire/shared/contract/events';
import { contentHash, derivedId } from '@leadwire/shared/contract/ids';
import { keepFirst } from '@leadwire/shared/coordination/kv';
import { orOutage } from '@leadwire/shared/errors';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { UNLIMITED, inTime } from './hook-guards.ts';

/** Their patience is not documented; Resend's is 15 s. */
const ANSWER_WITHIN_MS = 10_000;
/** The last repeat comes eight hours after the first; whether it is signed anew is nowhere said. */
const OLDEST_MS = 12 * 60 * 60_000;
const YOUNGEST_MS = 5 * 60_000;
const LONGEST_REASON = 40;

const hookSchema = z.object({
  signature: z.object({
    timestamp: z.coerce.string(),
    token: z.string().min(1).max(200),
    signature: z.string(),
  }),
  'event-data': z.unknown(),
});

const eventSchema = z.object({
  id: z.string().min(1),
  event: z.string(),
  /** Unix seconds, with a fraction. */
  timestamp: z.number(),
  recipient: z.string(),
  severity: z.string().optional(),
  reason: z.string().optional(),
  flags: z.object({ 'is-test-mode': z.boolean().optional() }).optional(),
  'user-variables': z
    .object({
      delivery_id: z.uuid().optional(),
      lead_id: z.uuid().optional(),
      message_id: z.uuid().optional(),
      template: z.string().optional(),
    })
    .optional(),
});
type MailgunEvent = z.infer<typeof eventSchema>;

/** Others (accepted, temporary failures, …) say nothing new. */
const OUTCOMES: Readonly<Record<string, DeliveryOutcome>> = {
  delivered: 'delivered',
  complained: 'complained',
  opened: 'opened',
  clicked: 'clicked',
  // Taken and then not let out: it did not arrive.
  rejected: 'bounced',
};

function outcomeOf({ event, severity }: MailgunEvent): DeliveryOutcome | undefined {
  if (event === 'failed') return severity === 'permanent' ? 'bounced' : undefined;
  return OUTCOMES[event];
}

type Fact = EventOf<'delivery.recorded.v1'> | EventOf<'contact.suppressed.v1'>;

/** The facts in an event, none for one that says nothing new or is about no mail of ours. */
function readEvent(event: MailgunEvent, source: string): Fact[] {
  const outcome = outcomeOf(event);
  if (outcome === undefined || event.flags?.['is-test-mode']) return [];
  return [...outcomeFacts(event, outcome, source), ...suppressions(event, outcome, source)];
}

function outcomeFacts(event: MailgunEvent, outcome: DeliveryOutcome, source: string): Fact[] {
  const { delivery_id, lead_id, message_id, template } = event['user-variables'] ?? {};
  const leadId = lead_id ?? message_id;
  if (delivery_id === undefined || leadId === undefined || template === undefined) return [];
  const data = {
    deliveryId: delivery_id,
    leadId,
    ...(message_id !== undefined && { about: 'message' as const }),
    channel: 'email' as const,
    template,
    outcome,
    at: momentOf(event),
    provider: 'mailgun',
    ...(outcome === 'bounced' && { reason: reasonOf(event) }),
  };
  const id = derivedId('mailgun', event.id);
  return [newEvent(source, 'delivery.recorded.v1', data, id)];
}

/** Suppression lists are each provider's own: ours hears of both. */
function suppressions(event: MailgunEvent, outcome: DeliveryOutcome, source: string): Fact[] {
  const reason: SuppressionReason | undefined =
    outcome === 'complained' ? 'complained' : outcome === 'bounced' ? 'bounced' : undefined;
  // A refusal of Mailgun's own says nothing about the mailbox.
  if (reason === undefined || event.event === 'rejected') return [];
  const id = derivedId('suppressed', 'mailgun', event.id);
  const contact = event.recipient.trim().toLowerCase();
  const data = {
    reason,
    source: 'mailgun',
    at: momentOf(event),
    channel: 'email' as const,
    contact,
  };
  return [newEvent(source, 'contact.suppressed.v1', data, id)];
}

/** One token: `suppress-bounce`, `bounce`, `generic`. */
function reasonOf({ reason, event }: MailgunEvent): string {
  return (reason ?? event)
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '_')
    .slice(0, LONGEST_REASON);
}

function momentOf({ timestamp }: MailgunEvent): string {
  return new Date(timestamp * 1_000).toISOString();
}

export interface MailgunHookPorts {
  bus: Pick<Bus, 'publish' | 'name' | 'bucket'>;
  signingKey: string;
  now: () => Date;
}

/** Adds `POST /api/webhooks/mailgun`. 200: stored, or nothing to store; 401: not signed by Mailgun; 503: tell it again. */
export function addMailgunHook(app: FastifyInstance, ports: MailgunHookPorts): void {
  const { bus, now } = ports;

  app.post<{ Body: unknown }>(
    '/api/webhooks/mailgun',
    { schema: { hide: true }, config: UNLIMITED },
    async ({ body, log }) => {
      const hook = hookSchema.safeParse(body).data;
      if (!hook || !isSigned(hook.signature, ports.signingKey, now())) {
        throw new RequestError(401, 'the signature does not fit, or is too old');
      }
      const event = eventSchema.safeParse(hook['event-data']).data;
      if (!event) {
        // Signed and not understood: about no mail, or a newer form of what is.
        log.info('a webhook of Mailgun was passed over');
        return { success: true };
      }
      const work = async () => {
        await useToken(bus, hook.signature.token, contentHash(hook['event-data']));
        const facts = readEvent(event, bus.name);
        await Promise.all(facts.map((fact) => publishMade(bus, fact)));
      };
      await inTime(work(), ANSWER_WITHIN_MS);
      return { success: true };
    },
  );
}

function isSigned(
  { timestamp, token, signature }: z.infer<typeof hookSchema>['signature'],
  key: string,
  now: Date,
): boolean {
  const expected = createHmac('sha256', key)
    .update(timestamp + token)
    .digest();
  const given = Buffer.from(signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  const ageMs = now.getTime() - Number(timestamp) * 1_000;
  return ageMs <= OLDEST_MS && ageMs >= -YOUNGEST_MS;
}

/** @throws RequestError when the token came with another body before; TransientError when the broker is away. */
async function useToken(bus: Pick<Bus, 'bucket'>, token: string, hash: string): Promise<void> {
  const key = createHash('sha256').update(token).digest('hex');
  const { first } = await orOutage('the tokens of webhooks cannot be reached', () =>
    keepFirst(bus, { bucket: 'hook_tokens', key }, hash),
  );
  if (first !== hash) throw new RequestError(401, 'this signature was used for something else');
}

/**
 * What Resend tells about mails (https://resend.com/docs/webhooks/event-types), signed as Standard
 * Webhooks say. It comes repeated and out of order, so it becomes facts that say the same however
 * often and in whatever order they are told. Whose mail it was stands in the tags that we gave it.
 */
import type { EventOf } from '@leadwire/shared/contract/events';
import type { CampaignOutcome, SuppressionReason } from '@leadwire/shared/contract/campaign-facts';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newEvent, publishMade } from '@leadwire/shared/broker/publish-event';
import { toError } from '@leadwire/shared/errors';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { isProgram } from '../links/programs.ts';
import { derivedId } from '@leadwire/shared/contract/ids';
import { linkMark } from '@leadwire/shared/delivery/link-mark';
import { UNLIMITED, inTime } from './hook-guards.ts';

/** Resend waits 15 seconds; what was not answered by then comes again. */
const ANSWER_WITHIN_MS = 10_000;
/** A mail's addresses, subject and tags; the text is not in it. */
const BODY_LIMIT_BYTES = 256 * 1024;

/** What an event says of the mail. Others (sent, scheduled, delayed, received, …) say nothing new. */
const OUTCOMES: Readonly<Record<string, CampaignOutcome>> = {
  'email.delivered': 'delivered',
  'email.bounced': 'bounced',
  // Taken by Resend and given up by it, or never tried because of an earlier bounce: it did not arrive.
  'email.failed': 'bounced',
  'email.suppressed': 'bounced',
  'email.complained': 'complained',
  'email.opened': 'opened',
  'email.clicked': 'clicked',
};

const webhookSchema = z.object({
  type: z.string(),
  created_at: z.coerce.date(),
  data: z.object({
    to: z.array(z.string()).default([]),
    tags: z
      .object({
        delivery_id: z.uuid().optional(),
        lead_id: z.uuid().optional(),
        message_id: z.uuid().optional(),
        campaign_id: z.uuid().optional(),
        template: z.string().optional(),
      })
      .default({}),
    bounce: z.object({ type: z.string() }).optional(),
    click: z.object({ userAgent: z.string().optional(), link: z.string().optional() }).optional(),
  }),
});
type MailEvent = z.infer<typeof webhookSchema>;

type Fact =
  | EventOf<'delivery.recorded.v1'>
  | EventOf<'campaign.delivery_recorded.v1'>
  | EventOf<'contact.suppressed.v1'>;

/** The facts in an event, none for one that says nothing new. `svixId` names it on every repeat. */
export function readMailEvent(event: MailEvent, svixId: string, source: string): Fact[] {
  const outcome = OUTCOMES[event.type];
  if (outcome === undefined) return [];
  return [...outcomeFact(event, outcome, svixId, source), ...suppression(event, svixId, source)];
}

function outcomeFact(
  { type, created_at: time, data: { tags, bounce, click } }: MailEvent,
  outcome: CampaignOutcome,
  svixId: string,
  source: string,
): Fact[] {
  const id = derivedId('resend', svixId);
  const at = time.toISOString();
  const word = bounce?.type ?? type.replace('email.', '');
  const reason = outcome === 'bounced' ? { reason: word.toLowerCase().slice(0, 40) } : {};
  // Without the field nothing is known; its absence is Resend's, not the visitor's.
  const byProgram = click?.userAgent !== undefined && isProgram(click.userAgent);
  const more = { ...reason, ...(byProgram && { byProgram }) };
  const {
    delivery_id: deliveryId,
    campaign_id: campaignId,
    message_id: messageId,
    template,
  } = tags;
  const leadId = tags.lead_id ?? messageId;
  if (deliveryId === undefined) return [];
  if (campaignId !== undefined) {
    const data = { recipientId: deliveryId, campaignId, channel: 'email', outcome, at } as const;
    const link = click?.link === undefined ? {} : { link: linkMark(click.link) };
    return [newEvent(source, 'campaign.delivery_recorded.v1', { ...data, ...more, ...link }, id)];
  }
  if (leadId === undefined || template === undefined) return [];
  const data = { deliveryId, leadId, channel: 'email', template, outcome, at } as const;
  const about = messageId === undefined ? {} : { about: 'message' as const };
  return [newEvent(source, 'delivery.recorded.v1', { ...data, ...about, ...more }, id)];
}

/** Who must not get campaigns any more. A mailbox that is full today (Transient) may have room tomorrow. */
function suppressionReason({ type, data }: MailEvent): SuppressionReason | undefined {
  if (type === 'email.complained') return 'complained';
  if (type === 'email.suppressed') return 'bounced';
  return type === 'email.bounced' && data.bounce?.type === 'Permanent' ? 'bounced' : undefined;
}

function suppression(event: MailEvent, svixId: string, source: string): Fact[] {
  const reason = suppressionReason(event);
  if (reason === undefined) return [];
  const { tags, to } = event.data;
  const base = { reason, source: 'resend', at: event.created_at.toISOString() };
  // A campaign's recipients are known by id; other mails, also ones that somebody sent by hand, by address.
  const people =
    tags.campaign_id !== undefined && tags.delivery_id !== undefined
      ? [{ recipientId: tags.delivery_id }]
      : to.map((mailbox) => ({ channel: 'email' as const, contact: addressOf(mailbox) }));
  return people.map((person, index) => {
    const id = derivedId('suppressed', svixId, String(index));
    return newEvent(source, 'contact.suppressed.v1', { ...base, ...person }, id);
  });
}

/** `Name <name@domain>` or the bare address, in lower case. */
function addressOf(mailbox: string): string {
  return (/<([^<>]+)>\s*$/.exec(mailbox)?.[1] ?? mailbox).trim().toLowerCase();
}

export interface ResendHookPorts {
  bus: Pick<Bus, 'publish' | 'name'>;
  /** `whsec_…` */
  secret: string;
}

/** Adds `POST /api/webhooks/resend`. 200: stored, or nothing to store; 401: not signed by Resend; 503: tell it again. */
export function addResendHook(app: FastifyInstance, { bus, secret }: ResendHookPorts): void {
  const verifier = new Webhook(secret);

  const verify = (body: string, headers: IncomingHttpHeaders): unknown => {
    const text = (name: string) => [headers[name]].flat().join(' ');
    try {
      // The library knows the standard's names; Resend signs in the same way under Svix's.
      return verifier.verify(body, {
        'webhook-id': text('svix-id'),
        'webhook-timestamp': text('svix-timestamp'),
        'webhook-signature': text('svix-signature'),
      });
    } catch (thrown) {
      if (toError(thrown).name === 'SyntaxError') {
        throw new RequestError(400, 'the body is not valid JSON');
      }
      throw new RequestError(401, 'the signature does not fit, or is too old');
    }
  };

  // A scope of its own: the signature is over the bytes, so the body stays as it came.
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    scope.post<{ Body: unknown }>(
      '/api/webhooks/resend',
      {
        bodyLimit: BODY_LIMIT_BYTES,
        schema: { hide: true },
        config: UNLIMITED,
      },
      async ({ body, headers, log }) => {
        const signed = verify(typeof body === 'string' ? body : '', headers);
        const event = webhookSchema.safeParse(signed).data;
        if (!event) {
          // Signed and not understood: a type that is not about a mail, or a newer form of one.
          log.info('a webhook of Resend was passed over');
          return { success: true };
        }
        const facts = readMailEvent(event, String(headers['svix-id']), bus.name);
        const stored = facts.map((fact) => publishMade(bus, fact));
        await inTime(Promise.all(stored), ANSWER_WITHIN_MS);
        return { success: true };
      },
    );
    done();
  });
}

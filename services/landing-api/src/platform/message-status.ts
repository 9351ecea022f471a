/** What became of a message of the platform: true at once after the 201, because stream and ledger are asked. */
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { messageTypes } from '@leadwire/shared/contract/messages';
import { subjects } from '@leadwire/shared/contract/topology';
import {
  isSettled,
  settledStates,
  type Ledger,
  type LedgerEntry,
} from '@leadwire/shared/delivery/ledger';

const stateSchema = z.enum(['pending', ...settledStates]);

const deliverySchema = z.object({
  channel: z.enum(['email', 'sms']),
  template: z
    .string()
    .meta({ description: 'Which text; it tells the two mails of one type apart.' }),
  status: stateSchema,
  sentAt: z.iso.datetime().nullable(),
  /** What the provider said of a mail afterwards. */
  reported: z.enum(['delivered', 'bounced']).nullable(),
  error: z.string().nullable().meta({
    description: 'Why it was not sent, or the last failure of one that is still tried.',
  }),
});

export const messageStatusSchema = z.object({
  success: z.literal(true),
  messageId: z.uuid(),
  type: z.enum(messageTypes),
  status: stateSchema.meta({
    description: 'pending until all deliveries have ended, then the worst end of them.',
  }),
  requestedAt: z.iso.datetime(),
  sendAt: z.iso.datetime(),
  deliveries: z.array(deliverySchema),
});
export type MessageStatus = z.infer<typeof messageStatusSchema>;

/** From the worst to the best. */
const ENDS = ['pending', 'failed', 'unknown', 'skipped', 'sent'] as const;

export interface MessageStatusPorts {
  bus: Pick<Bus, 'lastUnder'>;
  ledger: Pick<Ledger, 'ofLead'>;
}

/** Undefined when there is no such message. @throws TransientError when the broker does not answer. */
export async function readMessageStatus(
  ports: MessageStatusPorts,
  messageId: string,
): Promise<MessageStatus | undefined> {
  const { bus, ledger } = ports;
  const [stored, entries] = await Promise.all([
    bus.lastUnder('MESSAGES', subjects.messageRequested('*', messageId)),
    ledger.ofLead(messageId),
  ]);
  const message = eventSchemas['message.requested.v1'].safeParse(stored?.event).data?.data;
  if (!message) return undefined;
  const deliveries = await Promise.all(entries.map((entry) => deliveryOf(bus, entry)));
  const states = new Set(deliveries.map(({ status }) => status));
  return {
    success: true,
    messageId,
    type: message.type,
    status: ENDS.find((end) => states.has(end)) ?? 'pending',
    requestedAt: message.receivedAt,
    sendAt: message.sendAt,
    deliveries,
  };
}

async function deliveryOf(
  bus: MessageStatusPorts['bus'],
  entry: LedgerEntry,
): Promise<MessageStatus['deliveries'][number]> {
  const { channel, template, deliveryId, settledAt, error, reason, state } = entry;
  const isSent = state === 'sent';
  const told = async (outcome: 'delivered' | 'bounced') =>
    (await bus.lastUnder('DELIVERIES', subjects.delivery(channel, outcome, deliveryId))) !==
    undefined;
  const [isBounced, isDelivered] = isSent
    ? await Promise.all([told('bounced'), told('delivered')])
    : [false, false];
  return {
    channel: channel === 'sms' ? 'sms' : 'email',
    template,
    status: isSettled(entry) ? entry.state : 'pending',
    sentAt: isSent ? (settledAt ?? null) : null,
    reported: isBounced ? 'bounced' : isDelivered ? 'delivered' : null,
    error: isSent ? null : (error ?? reason ?? null),
  };
}

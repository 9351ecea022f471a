import { z } from 'zod';
import { webhookTroubleSchema } from '../../world/webhooks.ts';

const whole = z.number().int().min(0);
const money = z.number().min(0);
/** Statuses a message can end with. */
export const finalStatuses = ['DELIVRD', 'UNDELIV', 'REJECTD', 'EXPIRED', 'DELETED'] as const;

/** Everything about the Mobizon account that a test or a person can set. */
export const mobizonSettingsSchema = z.strictObject({
  /** 40 or 70 alphanumeric characters. */
  apiKey: z
    .string()
    .regex(/^([A-Za-z0-9]{40}|[A-Za-z0-9]{70})$/, 'expected 40 or 70 letters and digits')
    .default('kz0000000000000000000000000000000sandbox'),
  /** Tenge the account starts with; what is left is read with `control.balance()`. */
  balance: money.default(10_000),
  /** Tenge per segment: a captured one-segment SMS cost 16.2000. */
  segmentPrice: money.default(16.2),
  /** Sender names registered for the account; any other is silently replaced by `sharedSender`. */
  senders: z.array(z.string()).default(['Leadwire']),
  sharedSender: z.string().default('MOBINFO'),
  /** How long new messages and campaigns are missing from the lists. */
  indexLagMs: whole.default(0),
  /** The newest so many rows are missing from message/list. */
  hideNewestMessages: whole.default(0),
  /** getSMSStatus leaves out the first so many of the ids. */
  omitFromStatus: whole.default(0),
  /** The zone of all its timestamps, which carry none. */
  timeZone: z
    .string()
    .refine(isTimeZone, 'expected an IANA time zone such as Asia/Almaty')
    .default('Asia/Almaty'),
  /** Calls per second of one method (token bucket, same burst); over it code 30. No figure is published. */
  ratePerSecondPerMethod: z.number().positive().default(10),
  /** The code for "not enough money" is not documented. */
  shortBalanceCode: z.union([z.literal(1), z.literal(15)]).default(15),
  /** Texts with one of these words wait for a moderator; so does everything with `moderateAll`. */
  moderatedWords: z.array(z.string()).default([]),
  moderateAll: z.boolean().default(false),
  stopList: z.array(z.string()).default([]),
  /** How a number's messages end; others are delivered. */
  outcomes: z.record(z.string(), z.enum(finalStatuses)).default({}),
  /** Time between two steps of NEW -> ENQUEUD -> ACCEPTD -> final. */
  statusStepMs: whole.default(1_000),
  /** campaign/getInfo counts this much later than things happen. */
  countersLagMs: whole.default(0),
  /** campaign/send and group loading become background tasks (code 100) of this length. */
  sendAsTask: z.boolean().default(false),
  taskMs: whole.default(2_000),
  /** Contact groups that recipientGroups can name. */
  groups: z.record(z.string(), z.array(z.string())).default({}),
  /** The whole account in trouble: codes 13, 14, 8 (address not allowed), 9, 999. */
  trouble: z
    .enum(['none', 'wrong-host', 'blocked', 'ip-denied', 'no-access', 'general'])
    .default('none'),
  webhooks: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }).max(1000),
        /** Without a secret there is no `sign`. */
        secret: z.string().min(1).optional(),
        trouble: webhookTroubleSchema.prefault({}),
      }),
    )
    .default([]),
});

export type MobizonSettings = z.infer<typeof mobizonSettingsSchema>;
export type MobizonOptions = z.input<typeof mobizonSettingsSchema>;

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

import { z } from 'zod';
import { webhookTroubleSchema } from '../../world/webhooks.ts';

const whole = z.number().int().min(0);

/** Everything about the Mailgun account that a test or a person can set. */
export const mailgunSettingsSchema = z.strictObject({
  apiKeys: z.array(z.string().min(1)).default(['mailgun-sandbox-key']),
  /** Keys of one domain that may only send: 401 for a look at events. */
  sendingKeys: z.array(z.string()).default([]),
  /** Domains of this region; one of the other region is as unknown as any other. */
  domains: z.array(z.string()).default(['leadwire.kz']),
  /** With a sandbox domain only these get mail, everybody else is `rejected`; null for a domain of one's own. */
  authorisedRecipients: z.array(z.string()).nullable().default(null),
  /** The vendor publishes no number. */
  ratePerSecond: z.number().int().min(1).default(100),
  /** How late an event is in the list of events. The documents call a list younger than 30 minutes incomplete. */
  eventsLagMs: whole.default(2_000),
  deliveredAfterMs: whole.default(800),
  webhooks: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }),
        signingKey: z.string().min(1),
        trouble: webhookTroubleSchema.prefault({}),
      }),
    )
    .default([]),
});

export type MailgunSettings = z.infer<typeof mailgunSettingsSchema>;
export type MailgunOptions = z.input<typeof mailgunSettingsSchema>;

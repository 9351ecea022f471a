import { z } from 'zod';
import { webhookTroubleSchema } from '../../world/webhooks.ts';

const whole = z.number().int().min(0);
const url = z.url({ protocol: /^https?$/ });

/** Everything about the Resend account that a test or a person can set. */
export const resendSettingsSchema = z.strictObject({
  apiKeys: z.array(z.string().min(1)).default(['re_sandbox_key']),
  /** Keys that may only send: 401 restricted_api_key elsewhere. */
  sendingOnlyKeys: z.array(z.string()).default([]),
  /** Keys of an account that was stopped: 403 suspended_api_key. */
  suspendedKeys: z.array(z.string()).default([]),
  verifiedDomains: z.array(z.string()).default(['leadwire.kz']),
  /** Requests per second for the whole team. The vendor's default was 10, then 2, now 5. */
  ratePerSecond: z.number().int().min(1).default(5),
  /** `fixed` as Resend's headers tell; `sliding` is stricter: no second anywhere has more. */
  rateWindow: z.enum(['fixed', 'sliding']).default('fixed'),
  /** Recipients a day (free plan: 100); null as on paid plans. */
  dailyQuota: whole.nullable().default(null),
  monthlyQuota: whole.nullable().default(50_000),
  /** Whether a 5xx is remembered under the idempotency key: not documented, so both can be tried. */
  storeServerErrorsUnderKey: z.boolean().default(false),
  /** After a crash between effect and answer: may the same key send again? (The vendor promises no.) */
  crashAllowsSecondEffect: z.boolean().default(false),
  /** After such a crash the key answers 409 "concurrent" for this long, then the stored result. */
  crashRecoveryMs: whole.default(5_000),
  sentAfterMs: whole.default(200),
  deliveredAfterMs: whole.default(800),
  webhooks: z
    .array(
      z.strictObject({
        url,
        /** `whsec_…`; two of them during a rotation sign twice. */
        secrets: z.array(z.string().startsWith('whsec_')).min(1),
        /** Event types wanted; all when left out. */
        events: z.array(z.string()).optional(),
        trouble: webhookTroubleSchema.prefault({}),
      }),
    )
    .default([]),
});

export type ResendSettings = z.infer<typeof resendSettingsSchema>;
export type ResendOptions = z.input<typeof resendSettingsSchema>;

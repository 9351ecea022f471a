import { baseUrl, commonEnv, milliseconds, secret, together } from '@leadwire/shared/runtime/env';
import { smsBudgetEnv } from '@leadwire/shared/delivery/sms-budget';
import { accessEnv } from '@leadwire/shared/service/access';
import { needsSmsKey, sendingEnv } from '@leadwire/shared/providers/accounts';
import { z } from 'zod';
import { hasLength, isTimeZone } from './campaigns/campaign-fields.ts';
import { MAX_BOUNCE_PERCENT, MAX_ERROR_PERCENT } from './campaigns/policy.ts';

const percent = (fallback: number) =>
  z.coerce
    .number('expected a percentage')
    .min(0, 'expected a percentage from 0 to 100')
    .max(100, 'expected a percentage from 0 to 100')
    .default(fallback);

const serviceKey = z.string().min(20, 'expected the service key of the project');

const timeZone = z.string().refine(isTimeZone, 'expected a time zone such as Asia/Almaty');

export const envSchema = z
  .object({
    ...commonEnv({ port: 3105 }),
    ...accessEnv,
    ...sendingEnv,
    ...smsBudgetEnv,
    LANDING_SUPABASE_URL: baseUrl('the landing project'),
    LANDING_SUPABASE_SERVICE_KEY: serviceKey,
    /** Only for lists that are taken from the second project. */
    TRIPWIRE_SUPABASE_URL: baseUrl('the tripwire project').optional(),
    TRIPWIRE_SERVICE_ROLE_KEY: serviceKey.optional(),
    /** The service key reads everything, tokens included: lists come from these tables and views only. */
    AUDIENCE_TABLES: z
      .string()
      .default('landing.landing_leads,landing.unified_lead_tracking,tripwire.lead_tracking')
      .transform((text) => text.split(',').map((name) => name.trim()))
      .refine(
        (names) => names.every((name) => /^(landing|tripwire)\.[a-z_][a-z0-9_]{0,62}$/.test(name)),
        'expected names such as landing.my_view, comma separated',
      ),
    UNSUBSCRIBE_SECRET: secret,
    /** By hashes with it, lists are compared with those who were erased. */
    CONTACT_HASH_SECRET: secret,
    CAMPAIGN_TIME_ZONE: timeZone.default('Asia/Almaty'),
    CAMPAIGN_QUIET_HOURS: z
      .string()
      .regex(
        /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$|^none$/,
        'expected 21:00-09:00, or none',
      )
      .refine(hasLength, 'expected two times that differ, or none')
      .default('21:00-09:00'),
    CAMPAIGN_MAX_BOUNCE_PERCENT: percent(MAX_BOUNCE_PERCENT),
    CAMPAIGN_MAX_ERROR_PERCENT: percent(MAX_ERROR_PERCENT),
    // Longer than a call may take (30 s), so that nobody takes over while a request is on its way.
    CAMPAIGN_LEASE_MS: milliseconds(60_000),
  })
  .check(needsSmsKey)
  .check(together('TRIPWIRE_SUPABASE_URL', 'TRIPWIRE_SERVICE_ROLE_KEY'));
export type MailerEnv = z.infer<typeof envSchema>;

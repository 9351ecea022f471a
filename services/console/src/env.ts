import { baseUrl, commonEnv, secret, timeZone } from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { z } from 'zod';

export const envSchema = z.object({
  ...commonEnv({ port: 3106 }),
  ...accessEnv,
  LANDING_SUPABASE_URL: baseUrl('the landing project'),
  /** The only key that the console holds: what a person may see is decided by the database, for their own token. */
  LANDING_SUPABASE_PUBLISHABLE_KEY: z
    .string('expected the publishable key of the project (sb_publishable_…)')
    .min(20, 'expected the publishable key of the project (sb_publishable_…)'),
  /** Where people reach the console. With https its cookies are for https alone. */
  CONSOLE_URL: baseUrl('the address of the console').default('http://localhost:3106'),
  /** What cookies are encrypted with; a new one signs everybody out. */
  CONSOLE_SECRET: secret,
  TIME_ZONE: timeZone,
  /** Where forms post to, shown to owners. */
  PUBLIC_BASE_URL: baseUrl('the public address of landing-api').optional(),
  /** Where mailer-batch answers, and a token for it with the scope campaigns: without one there are no campaigns. */
  MAILER_BATCH_URL: baseUrl('mailer-batch').default('http://127.0.0.1:3105'),
  CAMPAIGNS_TOKEN: z.string().min(16, 'expected a token of mailer-batch').optional(),
  /** For links to deals. */
  AMOCRM_BASE_URL: baseUrl('your account: https://<name>.amocrm.ru').optional(),
});
export type ConsoleEnv = z.infer<typeof envSchema>;

import { baseUrl, commonEnv } from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { z } from 'zod';

const serviceKey = z.string().min(20, 'expected the service key of the project');

const days = (fallback: number) =>
  z.coerce
    .number('expected a number of days')
    .int('expected a whole number of days')
    .min(1, 'expected 1 day or more')
    .default(fallback);

export const envSchema = z.object({
  ...commonEnv({ port: 3102 }),
  ...accessEnv,
  LANDING_SUPABASE_URL: baseUrl('the landing project'),
  LANDING_SUPABASE_SERVICE_KEY: serviceKey,
  TRIPWIRE_SUPABASE_URL: baseUrl('the tripwire project'),
  TRIPWIRE_SERVICE_ROLE_KEY: serviceKey,
  /** How long rows hold people: leads, leads that are held, calls of providers. */
  RETENTION_LEADS_DAYS: days(730),
  RETENTION_QUARANTINE_DAYS: days(30),
  RETENTION_CALLS_DAYS: days(30),
});
export type LeadStoreEnv = z.infer<typeof envSchema>;

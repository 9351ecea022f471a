import { retentionEnv } from '@leadwire/shared/contract/retention';
import { baseUrl, commonEnv } from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { z } from 'zod';

const serviceKey = z.string().min(20, 'expected the service key of the project');

export const envSchema = z.object({
  ...commonEnv({ port: 3102 }),
  ...accessEnv,
  LANDING_SUPABASE_URL: baseUrl('the landing project'),
  LANDING_SUPABASE_SERVICE_KEY: serviceKey,
  TRIPWIRE_SUPABASE_URL: baseUrl('the tripwire project'),
  TRIPWIRE_SERVICE_ROLE_KEY: serviceKey,
  /** How long rows hold people; streams as well, from `leadwire topology apply` on. */
  ...retentionEnv,
});
export type LeadStoreEnv = z.infer<typeof envSchema>;

import { baseUrl, commonEnv } from '@leadwire/shared/env';
import { z } from 'zod';

const { NATS_URL, NATS_REPLICAS } = commonEnv({ port: 0 });

export const envSchema = z.object({
  NATS_URL,
  NATS_REPLICAS,
  /** Both given: `leads show` shows the rows of the read model as well. */
  LANDING_SUPABASE_URL: baseUrl('the landing project').optional(),
  LANDING_SUPABASE_SERVICE_KEY: z.string().min(20, 'expected the service key').optional(),
  /** landing-api's journal, when this runs on its machine. */
  JOURNAL_DIR: z.string().default('.data/journal'),
});
export type CliEnv = z.infer<typeof envSchema>;

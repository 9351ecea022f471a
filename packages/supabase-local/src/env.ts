/** What the process reads from its environment. */
import { z } from 'zod';
import { SERVICE_KEY_PREFIX } from './gate.ts';

const port = z.coerce.number('expected a port number').int().min(0).max(65_535);

/** 22 characters follow the prefix in a hosted key; anything much shorter could be guessed. */
const serviceKey = z
  .string(`expected a key that begins with ${SERVICE_KEY_PREFIX}`)
  .regex(
    new RegExp(`^${SERVICE_KEY_PREFIX}[A-Za-z0-9_-]{16,}$`),
    `expected ${SERVICE_KEY_PREFIX} followed by at least 16 letters, digits, _ or -`,
  );

/** Environment of the bundled Supabase. The defaults are those of `npm start`; keys have none. */
export const envSchema = z.object({
  LANDING_SUPABASE_PORT: port.default(4001),
  TRIPWIRE_SUPABASE_PORT: port.default(4002),
  SUPABASE_DATA_DIR: z.string().min(1, 'expected a folder').default('.data/supabase'),
  LANDING_SUPABASE_SERVICE_KEY: serviceKey,
  TRIPWIRE_SERVICE_ROLE_KEY: serviceKey,
  HOST: z.string().min(1).default('127.0.0.1'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** The environment, checked. */
export type Env = z.infer<typeof envSchema>;

/** Checks `source` whole; throws an Error that lists every bad variable by name with what is expected. */
export function readEnv(source: NodeJS.ProcessEnv): Env {
  const result = envSchema.safeParse(source);
  if (result.success) return result.data;
  throw new Error(`Bad environment:\n${z.prettifyError(result.error)}`);
}

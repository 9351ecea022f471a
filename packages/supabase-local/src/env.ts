/** What the process reads from its environment. */
import { z } from 'zod';
import { PUBLISHABLE_KEY_PREFIX, SERVICE_KEY_PREFIX } from './gate.ts';

const port = z.coerce.number('expected a port number').int().min(0).max(65_535);

/** 22 characters follow the prefix in a hosted key; anything much shorter could be guessed. */
const keyWith = (prefix: string) =>
  z
    .string(`expected a key that begins with ${prefix}`)
    .regex(
      new RegExp(`^${prefix}[A-Za-z0-9_-]{16,}$`),
      `expected ${prefix} followed by at least 16 letters, digits, _ or -`,
    );

/** Environment of the bundled Supabase. The defaults are those of `npm start`; keys have none. */
export const envSchema = z.object({
  LANDING_SUPABASE_PORT: port.default(4001),
  TRIPWIRE_SUPABASE_PORT: port.default(4002),
  SUPABASE_DATA_DIR: z.string().min(1, 'expected a folder').default('.data/supabase'),
  LANDING_SUPABASE_SERVICE_KEY: keyWith(SERVICE_KEY_PREFIX),
  /** With it people sign in to the landing project; without it nobody can. */
  LANDING_SUPABASE_PUBLISHABLE_KEY: keyWith(PUBLISHABLE_KEY_PREFIX).optional(),
  TRIPWIRE_SERVICE_ROLE_KEY: keyWith(SERVICE_KEY_PREFIX),
  /** The console: the links in invitations and recovery mails lead there. */
  CONSOLE_URL: z.url('expected the address of the console').default('http://localhost:3106'),
  /** Where mails of Auth go out, the sandbox's Resend here; without the first of them they are not sent. */
  RESEND_BASE_URL: z.url('expected the address of the Resend API').optional(),
  RESEND_API_KEY: z.string().default('re_sandbox_key'),
  RESEND_FROM_EMAIL: z.string().default('Leadwire <hello@leadwire.kz>'),
  HOST: z.string().min(1).default('127.0.0.1'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'expected trace, debug, info, warn, error or silent',
    })
    .default('info'),
});

/** The environment, checked. */
export type Env = z.infer<typeof envSchema>;

/** Checks `source` whole; throws an Error that lists every bad variable by name with what is expected. */
export function readEnv(source: NodeJS.ProcessEnv): Env {
  const result = envSchema.safeParse(source);
  if (result.success) return result.data;
  throw new Error(`Bad environment:\n${z.prettifyError(result.error)}`);
}

/** A stack's own secrets: made once, kept in one file, readable by its owner only. */
import { randomBytes, randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { hashToken, type Scope } from '@leadwire/shared/contract/access-tokens';

const ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyz0123456789';

export type SecretMakers = Readonly<Record<string, () => string>>;

/** How each one is made, in the form that its reader checks. */
export const MAKERS: SecretMakers = {
  ADMIN_TOKEN: () => randomBytes(24).toString('hex'),
  METRICS_TOKEN: () => randomBytes(24).toString('hex'),
  STATUS_TOKEN: () => randomBytes(24).toString('hex'),
  PLATFORM_TOKEN: () => randomBytes(24).toString('hex'),
  AMOCRM_WEBHOOK_SECRET: () => randomBytes(24).toString('hex'),
  MOBIZON_WEBHOOK_SECRET: () => randomBytes(24).toString('hex'),
  CAMPAIGNS_TOKEN: () => randomBytes(24).toString('hex'),
  CONSOLE_SECRET: () => randomBytes(32).toString('hex'),
  UNSUBSCRIBE_SECRET: () => randomBytes(32).toString('hex'),
  CONTACT_HASH_SECRET: () => randomBytes(32).toString('hex'),
  LANDING_SUPABASE_SERVICE_KEY: () => `sb_secret_${randomBytes(24).toString('base64url')}`,
  LANDING_SUPABASE_PUBLISHABLE_KEY: () => `sb_publishable_${randomBytes(24).toString('base64url')}`,
  TRIPWIRE_SERVICE_ROLE_KEY: () => `sb_secret_${randomBytes(24).toString('base64url')}`,
  // Standard Webhooks: "whsec_" and 24 to 64 random bytes in base64.
  RESEND_WEBHOOK_SECRET: () => `whsec_${randomBytes(24).toString('base64')}`,
  MAILGUN_WEBHOOK_SIGNING_KEY: () => randomBytes(24).toString('hex'),
  MOBIZON_API_KEY: () =>
    Array.from({ length: 40 }, () => ALPHANUMERIC[randomInt(ALPHANUMERIC.length)]).join(''),
};

/** The tokens that a stack is configured with, and what each opens. */
const CONFIGURED: Readonly<Record<string, Scope>> = {
  ADMIN_TOKEN: 'admin',
  METRICS_TOKEN: 'metrics',
  STATUS_TOKEN: 'status',
  CAMPAIGNS_TOKEN: 'campaigns',
};

/** TOKEN_HASHES for the services: they recognise these tokens and hold none of them. */
export function tokenHashesOf(env: NodeJS.ProcessEnv): string {
  const own = Object.entries(CONFIGURED).flatMap(([name, scope]) => {
    const token = env[name];
    return token ? [`${scope}:${hashToken(token)}`] : [];
  });
  return [...own, env['TOKEN_HASHES'] ?? []].flat().join(',');
}

/**
 * The secrets in `file`; missing ones are made and added, so that a later version can need more.
 * @throws when the file is there but is not JSON.
 */
export async function readSecrets(
  file: string,
  makers: SecretMakers = MAKERS,
): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  const known = parse(file, text);
  const missing = Object.entries(makers).filter(([name]) => !(name in known));
  if (missing.length === 0) return known;
  const all = { ...known, ...Object.fromEntries(missing.map(([name, make]) => [name, make()])) };
  await writeFile(file, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
  return all;
}

function parse(file: string, text: string): Record<string, string> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch (error) {
    throw new Error(`${file} is not JSON; mend it, or delete it to have new secrets made.`, {
      cause: error,
    });
  }
}

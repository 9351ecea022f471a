import { z } from 'zod';
import { amocrmEnv, amocrmOptionsFrom } from './amocrm/env.ts';
import { facebookEnv, facebookOptionsFrom } from './facebook/env.ts';
import { formsPage } from './forms/forms-page.ts';
import { addressOf, domainOf } from './resend/store/mail.ts';
import { sendersPage } from './senders/senders-page.ts';
import { telegramEnv, telegramOptionsFrom } from './telegram/env.ts';

const number = (expected: string) => z.coerce.number(`expected ${expected}`);

const apiAddress = z
  .url({ protocol: /^https?$/, error: 'expected the web address of landing-api' })
  .transform((url) => url.replace(/\/+$/, ''));

/** The sandbox's environment. Names that services have too mean the same there. */
export const sandboxEnvSchema = z.object({
  PORT: number('a port number')
    .int()
    .min(0)
    .max(65535, 'expected a port number from 0 to 65535')
    .default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
      error: 'expected trace, debug, info, warn, error or silent',
    })
    .default('info'),
  /** Without it everything is forgotten at the end. */
  SANDBOX_DATA_DIR: z.string().min(1).optional(),
  RESEND_API_KEY: z
    .string()
    .startsWith('re_', 'expected a key that starts with re_')
    .default('re_sandbox_key'),
  /** Its domain is the verified one. */
  RESEND_FROM_EMAIL: z
    .string()
    .refine(
      (mailbox) => /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(addressOf(mailbox)),
      'expected Name <name@domain> or name@domain',
    )
    .default('Leadwire <hello@leadwire.kz>'),
  RESEND_WEBHOOK_SECRET: z
    .string()
    .startsWith('whsec_', 'expected a secret that starts with whsec_')
    .optional(),
  /** Where Resend's webhooks go; needs the secret. */
  RESEND_WEBHOOK_URL: z.url('expected a web address').optional(),
  MAILGUN_API_KEY: z.string().min(1).optional(),
  MAILGUN_DOMAIN: z.string().min(3, 'expected the sending domain at Mailgun').optional(),
  MAILGUN_WEBHOOK_SIGNING_KEY: z
    .string()
    .min(16, 'expected the signing key for webhooks')
    .optional(),
  /** Where Mailgun's webhooks go; needs the signing key. */
  MAILGUN_WEBHOOK_URL: z.url('expected a web address').optional(),
  SANDBOX_RESEND_RATE_PER_SECOND: number('a whole number of requests').int().min(1).default(5),
  MOBIZON_API_KEY: z
    .string()
    .regex(/^([A-Za-z0-9]{40}|[A-Za-z0-9]{70})$/, 'expected 40 or 70 letters and digits')
    .optional(),
  /** A sender name registered for the account. */
  MOBIZON_FROM: z.string().min(1).default('Leadwire'),
  /** Where Mobizon's delivery reports go. */
  MOBIZON_WEBHOOK_URL: z.url('expected a web address').optional(),
  SANDBOX_MOBIZON_RATE_PER_SECOND: number('a number of calls').positive().default(10),
  SANDBOX_MOBIZON_BALANCE: number('an amount in tenge').min(0).default(10_000),
  ...amocrmEnv,
  ...telegramEnv,
  ...facebookEnv,
  /** Where the forms page asks for a lead's status, and posts to where PUBLIC_BASE_URL is not given. */
  LANDING_API_URL: apiAddress.optional(),
  /** Where browsers reach landing-api. */
  PUBLIC_BASE_URL: apiAddress.optional(),
  /** One of landing-api with the scope status, or its ADMIN_TOKEN; without either the forms page shows no status. */
  STATUS_TOKEN: z.string().min(1).optional(),
  ADMIN_TOKEN: z.string().min(1).optional(),
});

export type SandboxEnv = z.infer<typeof sandboxEnvSchema>;

/** Reads the environment. Throws an Error that names every bad variable and what was expected. */
export function readSandboxEnv(source: NodeJS.ProcessEnv): SandboxEnv {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = sandboxEnvSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`These environment variables need attention:\n${lines.join('\n')}`);
}

/** What `startSandbox` is given for these variables. */
export function sandboxOptionsFrom(env: SandboxEnv) {
  const { RESEND_WEBHOOK_URL: url, RESEND_WEBHOOK_SECRET: secret } = env;
  return {
    port: env.PORT,
    host: env.HOST,
    ...(env.SANDBOX_DATA_DIR !== undefined && { dataDir: env.SANDBOX_DATA_DIR }),
    resend: {
      apiKeys: [env.RESEND_API_KEY],
      verifiedDomains: [domainOf(env.RESEND_FROM_EMAIL)],
      ratePerSecond: env.SANDBOX_RESEND_RATE_PER_SECOND,
      webhooks: url !== undefined && secret !== undefined ? [{ url, secrets: [secret] }] : [],
    },
    mailgun: mailgunOptionsFrom(env),
    mobizon: {
      ...(env.MOBIZON_API_KEY !== undefined && { apiKey: env.MOBIZON_API_KEY }),
      senders: [env.MOBIZON_FROM],
      balance: env.SANDBOX_MOBIZON_BALANCE,
      ratePerSecondPerMethod: env.SANDBOX_MOBIZON_RATE_PER_SECOND,
      webhooks: env.MOBIZON_WEBHOOK_URL === undefined ? [] : [{ url: env.MOBIZON_WEBHOOK_URL }],
    },
    amocrm: amocrmOptionsFrom(env),
    telegram: telegramOptionsFrom(env),
    facebook: facebookOptionsFrom(env),
    pages: [
      sendersPage({ apiUrl: env.LANDING_API_URL }),
      formsPage({
        apiUrl: env.LANDING_API_URL,
        publicApiUrl: env.PUBLIC_BASE_URL,
        statusToken: env.STATUS_TOKEN ?? env.ADMIN_TOKEN,
      }),
    ],
  };
}

function mailgunOptionsFrom(env: SandboxEnv) {
  const { MAILGUN_WEBHOOK_URL: url, MAILGUN_WEBHOOK_SIGNING_KEY: signingKey } = env;
  return {
    ...(env.MAILGUN_API_KEY !== undefined && { apiKeys: [env.MAILGUN_API_KEY] }),
    ...(env.MAILGUN_DOMAIN !== undefined && { domains: [env.MAILGUN_DOMAIN] }),
    webhooks: url !== undefined && signingKey !== undefined ? [{ url, signingKey }] : [],
  };
}

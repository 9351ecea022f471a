import { retentionEnv } from '@leadwire/shared/contract/retention';
import { isIP } from 'node:net';
import { z } from 'zod';
import {
  addressSecret,
  baseUrl,
  commonEnv,
  milliseconds,
  needs,
  ownSecret,
  saleDefaultAmount,
  secret,
  together,
  welcomeLink,
} from '@leadwire/shared/runtime/env';
import { sendingEnv } from '@leadwire/shared/providers/accounts';
import { accessEnv } from '@leadwire/shared/service/access';

const ORIGINS =
  'expected exact origins, comma separated: https://example.kz,https://www.example.kz';
const PROXIES =
  'expected false, the number of proxies in front, or their addresses, comma separated (10.0.0.0/8, loopback, linklocal, uniquelocal)';

const listOf = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const envSchema = z
  .object({
    ...commonEnv({ port: 3000 }),
    ...accessEnv,
    /** Bearer token of the learning platform; without it the platform's addresses are not there. */
    PLATFORM_TOKEN: ownSecret(16).optional(),
    /** Tenge that a student paid of whom the platform tells no amount. */
    SALE_DEFAULT_AMOUNT: saleDefaultAmount,
    /** Where short links of referrers (/r/<code>) lead; without it there are none. */
    LANDING_PAGE_URL: z
      .url({
        protocol: /^https?$/,
        error: 'expected the landing page as a web address (https://…)',
      })
      .optional(),
    /** Last part of the address that AmoCRM's hooks go to; without it there is no such address. */
    AMOCRM_WEBHOOK_SECRET: addressSecret.optional(),
    /** What Resend signs its webhooks with; without it there is no address for them. */
    RESEND_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{16,}=*$/, 'expected the signing secret of the webhook (whsec_…)')
      .optional(),
    /** What Mailgun signs its webhooks with; without it there is no address for them. */
    MAILGUN_WEBHOOK_SIGNING_KEY: z
      .string()
      .min(16, 'expected the signing key for webhooks, from the account’s API security page')
      .optional(),
    /** As in notifier: with `supabase` a welcome needs no setPasswordUrl. */
    WELCOME_LINK: welcomeLink,
    /** Last part of the address that Mobizon's reports go to; without it there is no such address. */
    MOBIZON_WEBHOOK_SECRET: addressSecret.optional(),
    /** The Facebook app that tells of leads, and what its hook is set up with; all three, or no such address. */
    FACEBOOK_APP_SECRET: z.string().min(16, 'expected the secret of the Facebook app').optional(),
    FACEBOOK_VERIFY_TOKEN: z.string().min(8, 'expected 8 characters or more').optional(),
    /** Of a system user with leads_retrieval for the page. */
    FACEBOOK_PAGE_TOKEN: z.string().min(16, 'expected the token of the Facebook page').optional(),
    FACEBOOK_BASE_URL: baseUrl('the Graph API with its version').default(
      'https://graph.facebook.com/v23.0',
    ),
    /** Between two looks for leads that no hook told of. */
    FACEBOOK_POLL_MS: milliseconds(900_000),
    /** The name on the page of those links. */
    BRAND_NAME: sendingEnv.BRAND_NAME,
    /** What links to unsubscribe are signed with, as in mailer-batch; without it nobody can unsubscribe here. */
    UNSUBSCRIBE_SECRET: secret.optional(),
    /** The sites whose forms may read our answers. None by default. */
    CORS_ORIGINS: z
      .string()
      .default('')
      .transform(listOf)
      .refine((origins) => origins.every(isOrigin), ORIGINS),
    /** Where leads are kept while the broker does not take them: a disk that outlives the container. */
    JOURNAL_DIR: z.string().default('.data/journal'),
    /** How long the broker may take to store a lead before the journal takes it. */
    INTAKE_TIMEOUT_MS: milliseconds(2_000),
    /** The address under which this service is reached; shown in the documentation. */
    PUBLIC_BASE_URL: baseUrl('the public address of this service').optional(),
    /**
     * Requests per minute from one address (IPv6: one /64). Many people share one address behind a
     * mobile operator, so it is wide: it stops a flood, not a class that takes the test together.
     */
    RATE_LIMIT_PER_MINUTE: z.coerce
      .number('expected a whole number, 1 or more')
      .int('expected a whole number, 1 or more')
      .min(1, 'expected a whole number, 1 or more')
      .default(600),
    /** How long a held lead is kept in LEADS. */
    RETENTION_QUARANTINE_DAYS: retentionEnv.RETENTION_QUARANTINE_DAYS,
    /** New leads in a minute, over all forms and replicas, beyond which they are held until a person lets them out. */
    FLOOD_LEADS_PER_MINUTE: z.coerce
      .number('expected a whole number, 1 or more')
      .int('expected a whole number, 1 or more')
      .min(1, 'expected a whole number, 1 or more')
      .default(60),
    /** What the broker's streams may take, as the broker is told (deploy/nats.conf); 70 % of it is an alert. */
    NATS_MAX_STORE: z
      .string()
      .regex(/^\d+(?:[KMGT]B?)?$/i, 'expected a size such as 20GB')
      .default('20GB')
      .transform(toBytes),
    /** What a visitor of the landing pages' own forms has to pass; who does not is held. */
    FORM_CHALLENGE: z
      .enum(['none', 'turnstile'], { error: 'expected none or turnstile' })
      .default('none'),
    /** The secret key of the Turnstile widget. */
    TURNSTILE_SECRET: z.string().min(16, 'expected the secret key of the widget').optional(),
    TURNSTILE_BASE_URL: baseUrl('Turnstile').default('https://challenges.cloudflare.com'),
    /** Whose X-Forwarded-For is believed. Wrong here, and the rate limit counts everybody as one, or nobody. */
    TRUST_PROXY: z
      .string()
      .default('false')
      .refine(
        (text) => text === 'false' || /^\d{1,2}$/.test(text) || listOf(text).every(isProxy),
        PROXIES,
      )
      .transform(toTrust),
  })
  .check(together('FACEBOOK_APP_SECRET', 'FACEBOOK_VERIFY_TOKEN', 'FACEBOOK_PAGE_TOKEN'))
  .check(
    needs(
      (env) => env['FORM_CHALLENGE'] === 'turnstile',
      ['TURNSTILE_SECRET'],
      'with FORM_CHALLENGE=turnstile',
    ),
  );
export type Env = z.infer<typeof envSchema>;

/** `20GB` as the broker reads it: powers of 1024. */
function toBytes(text: string): number {
  const [, count = '0', unit = ''] = /^(\d+)([KMGT]?)B?$/i.exec(text) ?? [];
  return Number(count) * 1_024 ** ' KMGT'.indexOf(unit.toUpperCase() || ' ');
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits] = text.split('/');
  const version = isIP(address);
  if (version === 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

/** Fastify's `trustProxy`: nobody, the nearest n proxies, or the ones at these addresses. */
function toTrust(text: string): false | string[] | ((address: string, hop: number) => boolean) {
  if (text === 'false') return false;
  if (/^\d+$/.test(text)) return (_address, hop) => hop < Number(text);
  return listOf(text);
}

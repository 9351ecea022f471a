import { retentionEnv } from '@leadwire/shared/contract/retention';
import { baseUrl, commonEnv, referralProject, secret } from '@leadwire/shared/runtime/env';
import { z } from 'zod';

const { NATS_URL, NATS_REPLICAS } = commonEnv({ port: 0 });

const id = z.coerce.number('expected a whole number').int('expected a whole number').positive();

const databaseUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'expected the address of a Postgres (postgresql://…)',
});

export const envSchema = z.object({
  NATS_URL,
  NATS_REPLICAS,
  /** `topology apply` brings the streams to it. */
  ...retentionEnv,
  /** Both given: `leads show` shows the rows of the read model as well. */
  LANDING_SUPABASE_URL: baseUrl('the landing project').optional(),
  LANDING_SUPABASE_SERVICE_KEY: z.string().min(20, 'expected the service key').optional(),
  TRIPWIRE_SUPABASE_URL: baseUrl('the tripwire project').optional(),
  TRIPWIRE_SERVICE_ROLE_KEY: z.string().min(20, 'expected the service key').optional(),
  /** The traffic dashboard's project and the platform's main one: `staff import-traffic`, `doctor`. */
  TRAFFIC_SUPABASE_URL: baseUrl('the traffic project').optional(),
  TRAFFIC_SERVICE_ROLE_KEY: z.string().min(20, 'expected the service key').optional(),
  SUPABASE_URL: baseUrl('the main project').optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().min(20, 'expected the service key').optional(),
  /** Where referrers and commissions are kept. */
  REFERRAL_PROJECT: referralProject,
  /** A hosted project's Postgres: `database apply` brings its schema up to date. */
  LANDING_DATABASE_URL: databaseUrl.optional(),
  TRIPWIRE_DATABASE_URL: databaseUrl.optional(),
  TRAFFIC_DATABASE_URL: databaseUrl.optional(),
  MAIN_DATABASE_URL: databaseUrl.optional(),
  /** For whom backups are encrypted: `backup seal`. */
  BACKUP_RECIPIENT: z
    .string()
    .regex(/^age1[a-z0-9]+$/, 'expected age1…')
    .optional(),
  /** The key of the hashes by which people are known: `person …`. */
  CONTACT_HASH_SECRET: secret.optional(),
  /** landing-api's journal, when this runs on its machine. */
  JOURNAL_DIR: z.string().default('.data/journal'),
  /** Where landing-api answers (`forms test`, `forms retry`), and where the world reaches it. */
  LANDING_API_URL: baseUrl('landing-api').default('http://localhost:3000'),
  PUBLIC_BASE_URL: baseUrl('the public address of landing-api').optional(),
  /** Where mailer-batch answers, and the token that it asks for: `campaign …`. */
  MAILER_BATCH_URL: baseUrl('mailer-batch').default('http://127.0.0.1:3105'),
  ADMIN_TOKEN: z.string().optional(),
  /** Where the console is: `staff …` prints links that lead there. */
  CONSOLE_URL: baseUrl('the console').default('http://localhost:3106'),
  /** What the services are configured with: `doctor` tries it, `amocrm connect` fills in the rest. */
  RESEND_API_KEY: z.string().optional(),
  RESEND_BASE_URL: baseUrl('the Resend API').default('https://api.resend.com'),
  RESEND_FROM_EMAIL: z.string().optional(),
  SMS_ENABLED: z.enum(['true', 'false'], { error: 'expected true or false' }).default('true'),
  MOBIZON_SMS_PRICE: z.coerce.number('expected a price in tenge').min(0).default(16.2),
  MOBIZON_API_KEY: z.string().optional(),
  MOBIZON_BASE_URL: baseUrl('the Mobizon API').default('https://api.mobizon.kz'),
  TELEGRAM_BASE_URL: baseUrl('the Bot API').default('https://api.telegram.org'),
  TELEGRAM_LEADS_BOT_TOKEN: z.string().optional(),
  TELEGRAM_ADMIN_BOT_TOKEN: z.string().optional(),
  TELEGRAM_MENTOR_BOT_TOKEN: z.string().optional(),
  TELEGRAM_PUBLIC_URL: baseUrl('the public address of telegram-relay').optional(),
  AMOCRM_BASE_URL: baseUrl('your AmoCRM account').optional(),
  AMOCRM_LONG_LIVED_TOKEN: z.string().optional(),
  AMOCRM_CLIENT_ID: z.string().optional(),
  AMOCRM_CLIENT_SECRET: z.string().optional(),
  AMOCRM_REDIRECT_URI: z.string().optional(),
  AMOCRM_PIPELINE_ID: id.default(10350882),
  AMOCRM_STAGE_DEFAULT: id.optional(),
  AMOCRM_STAGE_KASPI: id.default(142),
  AMOCRM_STAGE_HALYK: id.default(143),
  AMOCRM_STAGE_ROBOKASSA: id.default(144),
  AMOCRM_STAGE_LESSON_1: id.optional(),
  AMOCRM_STAGE_LESSON_2: id.optional(),
  AMOCRM_STAGE_LESSON_3: id.optional(),
  AMOCRM_LEAD_ID_FIELD: id.optional(),
});
export type CliEnv = z.infer<typeof envSchema>;

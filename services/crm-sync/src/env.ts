import {
  baseUrl,
  commonEnv,
  milliseconds,
  needs,
  saleDefaultAmount,
  secret,
} from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { z } from 'zod';
import { takenEffects } from './taken.ts';

const id = (what: string) =>
  z.coerce
    .number(`expected the id of ${what}, a whole number`)
    .int(`expected the id of ${what}, a whole number`)
    .positive(`expected the id of ${what}, a whole number`);

const stage = (what: string) => id(`the stage ${what}`).optional();

const STAGE_IDS = 'expected the ids of stages, with commas between';

/** One of the two ways to be let in: a long-lived token, or OAuth with its tokens in the database. */
const OAUTH = [
  'AMOCRM_CLIENT_ID',
  'AMOCRM_CLIENT_SECRET',
  'AMOCRM_REDIRECT_URI',
  'LANDING_SUPABASE_URL',
  'LANDING_SUPABASE_SERVICE_KEY',
] as const;

export const envSchema = z
  .object({
    ...commonEnv({ port: 3103 }),
    ...accessEnv,
    AMOCRM_BASE_URL: baseUrl('your account: https://<name>.amocrm.ru or https://<name>.kommo.com'),
    /** Under which people are known in the map of deals. */
    CONTACT_HASH_SECRET: secret,
    AMOCRM_LONG_LIVED_TOKEN: z.string().min(10, 'expected the long-lived token').optional(),
    AMOCRM_CLIENT_ID: z.string().min(1, 'expected the id of the integration').optional(),
    AMOCRM_CLIENT_SECRET: z.string().min(1, 'expected the secret of the integration').optional(),
    AMOCRM_REDIRECT_URI: z.url('expected the address entered in the integration').optional(),
    LANDING_SUPABASE_URL: baseUrl('the landing project').optional(),
    LANDING_SUPABASE_SERVICE_KEY: z
      .string()
      .min(20, 'expected the service key of the project')
      .optional(),
    AMOCRM_PIPELINE_ID: id('the pipeline').default(10350882),
    AMOCRM_STAGE_DEFAULT: stage('where a deal begins'),
    AMOCRM_STAGE_KASPI: id('the stage for kaspi').default(142),
    AMOCRM_STAGE_HALYK: id('the stage for halyk').default(143),
    AMOCRM_STAGE_ROBOKASSA: id('the stage for robokassa').default(144),
    AMOCRM_STAGE_LESSON_1: stage('for lesson 1'),
    AMOCRM_STAGE_LESSON_2: stage('for lesson 2'),
    AMOCRM_STAGE_LESSON_3: stage('for lesson 3'),
    // What a form calls itself is anybody's word, and a tag stays in AmoCRM for good.
    AMOCRM_TAG_SLUGS: z
      .string()
      .default('')
      .transform((list) => list.split(',').flatMap((slug) => slug.trim() || [])),
    /** A deal that a manager moves to one of these is a sale. */
    AMOCRM_SALE_STAGES: z
      .string()
      .default('')
      .transform((list) => list.split(',').flatMap((text) => (text.trim() ? [Number(text)] : [])))
      .pipe(z.array(z.number(STAGE_IDS).int(STAGE_IDS).positive(STAGE_IDS))),
    /** Tenge that such a deal without a price is worth; landing-api's, for both to say the same. */
    SALE_DEFAULT_AMOUNT: saleDefaultAmount,
    /** What becomes of the deal of a lead that a manager took in Telegram. */
    AMOCRM_TAKEN: z.enum(takenEffects, 'expected off, responsible or task').default('responsible'),
    AMOCRM_LEAD_ID_FIELD: id('a text field of deals').optional(),
    // AmoCRM allows an integration 7, and an account 50. One less, because requests that leave evenly may
    // arrive in a bunch, and one too many costs five minutes.
    AMOCRM_RATE_PER_SECOND: z.coerce
      .number('expected requests per second')
      .min(1, 'expected requests per second, 1 or more')
      .max(50, 'expected at most 50, which is AmoCRM’s limit for a whole account')
      .default(6),
    AMOCRM_SEARCH_LAG_MS: milliseconds(60_000),
    AMOCRM_BLOCK_PROBE_MS: milliseconds(15 * 60_000),
    AMOCRM_LOOK_MS: milliseconds(60 * 60_000),
    // A look into the database, which costs AmoCRM nothing.
    AMOCRM_RECONNECT_PROBE_MS: milliseconds(15_000),
    // Longer than a request may take (20 s) with some waiting; a dead process holds a person that long.
    AMOCRM_LEASE_MS: milliseconds(60_000),
  })
  .check(
    needs(
      (env) => env['AMOCRM_LONG_LIVED_TOKEN'] === undefined,
      OAUTH,
      'for OAuth; or give AMOCRM_LONG_LIVED_TOKEN instead',
    ),
  );
export type CrmSyncEnv = z.infer<typeof envSchema>;

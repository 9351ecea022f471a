/** The part of the environment that AmoCRM is played with: what crm-sync is configured with, this account has. */
import { z } from 'zod';
import {
  DEFAULT_PIPELINE_ID,
  defaultFields,
  defaultPipelines,
  otherPipeline,
  pipelineFor,
  type StageName,
} from './store/seed.ts';
import type { AmocrmOptions } from './lifecycle/settings.ts';

const id = (what: string) =>
  z.coerce.number(`expected ${what}`).int().min(1, `expected ${what}`).optional();

/** Variables of crm-sync, meaning the same here, and two of the sandbox's own. */
export const amocrmEnv = {
  AMOCRM_CLIENT_ID: z.string().min(1).optional(),
  AMOCRM_CLIENT_SECRET: z.string().min(1).optional(),
  AMOCRM_REDIRECT_URI: z.url('expected the address entered in the integration').optional(),
  AMOCRM_LONG_LIVED_TOKEN: z.string().min(1).optional(),
  AMOCRM_PIPELINE_ID: id('the id of a pipeline'),
  AMOCRM_STAGE_DEFAULT: id('the id of a stage'),
  AMOCRM_STAGE_KASPI: id('the id of a stage'),
  AMOCRM_STAGE_HALYK: id('the id of a stage'),
  AMOCRM_STAGE_ROBOKASSA: id('the id of a stage'),
  AMOCRM_STAGE_LESSON_1: id('the id of a stage'),
  AMOCRM_STAGE_LESSON_2: id('the id of a stage'),
  AMOCRM_STAGE_LESSON_3: id('the id of a stage'),
  AMOCRM_LEAD_ID_FIELD: id('the id of a text field'),
  /** Where changes of deals and contacts are told to. */
  AMOCRM_WEBHOOK_URL: z.url('expected a web address').optional(),
  SANDBOX_AMOCRM_RATE_PER_SECOND: z.coerce
    .number('expected a whole number of requests')
    .int()
    .min(1)
    .default(7),
  SANDBOX_AMOCRM_INDEX_LAG_MS: z.coerce.number('expected milliseconds').int().min(0).default(2_000),
};

type AmocrmEnv = z.infer<z.ZodObject<typeof amocrmEnv>>;

/** What the provider is given for these variables. */
export function amocrmOptionsFrom(env: AmocrmEnv): AmocrmOptions {
  const { AMOCRM_CLIENT_ID: clientId, AMOCRM_CLIENT_SECRET: clientSecret } = env;
  const { AMOCRM_REDIRECT_URI: redirectUri, AMOCRM_LONG_LIVED_TOKEN: token } = env;
  const { AMOCRM_WEBHOOK_URL: url } = env;
  return {
    ...(clientId !== undefined && { clientId }),
    ...(clientSecret !== undefined && { clientSecret }),
    ...(redirectUri !== undefined && { redirectUri }),
    ...(token !== undefined && { longLivedTokens: [{ token }] }),
    ...(url !== undefined && { webhooks: [{ url }] }),
    pipelines: pipelinesFrom(env),
    fields: fieldsFrom(env),
    ratePerSecond: env.SANDBOX_AMOCRM_RATE_PER_SECOND,
    indexLagMs: env.SANDBOX_AMOCRM_INDEX_LAG_MS,
  };
}

/** With configured stages the pipeline has those and no others; without any, it serves every configuration. */
function pipelinesFrom(env: AmocrmEnv): AmocrmOptions['pipelines'] {
  const stages: Partial<Record<StageName, number | undefined>> = {
    kaspi: env.AMOCRM_STAGE_KASPI,
    halyk: env.AMOCRM_STAGE_HALYK,
    robokassa: env.AMOCRM_STAGE_ROBOKASSA,
    lesson1: env.AMOCRM_STAGE_LESSON_1,
    lesson2: env.AMOCRM_STAGE_LESSON_2,
    lesson3: env.AMOCRM_STAGE_LESSON_3,
  };
  const pipelineId = env.AMOCRM_PIPELINE_ID ?? DEFAULT_PIPELINE_ID;
  const isConfigured = [...Object.values(stages), env.AMOCRM_STAGE_DEFAULT].some(
    (stage) => stage !== undefined,
  );
  if (isConfigured) {
    return [pipelineFor(pipelineId, stages, env.AMOCRM_STAGE_DEFAULT), otherPipeline];
  }
  const [main, ...others] = defaultPipelines();
  return main === undefined ? others : [{ ...main, id: pipelineId }, ...others];
}

/** The field of our own id has the configured id when there is one. */
function fieldsFrom({ AMOCRM_LEAD_ID_FIELD: own }: AmocrmEnv): AmocrmOptions['fields'] {
  const fields = defaultFields();
  if (own === undefined || fields.some(({ id: known }) => known === own)) return fields;
  return fields.map((field) => (field.code === 'LEADWIRE_ID' ? { ...field, id: own } : field));
}

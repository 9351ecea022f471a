/** AmoCRM's account against the configuration: what would go wrong with the first lead goes wrong here. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { TransientError } from '@leadwire/shared/errors';
import type { AmoHttp } from '@leadwire/shared/providers/amocrm/http';
import { openAccount } from '../amocrm/amocrm-access.ts';
import { examined, type Finding } from './finding.ts';
import type { CliEnv } from '../env.ts';

/** Won and lost, in every pipeline of every account. */
const SYSTEM_STAGES: Readonly<Record<number, string>> = { 142: 'won', 143: 'lost' };
/** AmoCRM's type of the stage "Неразобранное". */
const INCOMING = 1;
/** A person waits: no longer than this for one answer, and not for ever. */
const LONGEST_WAIT_MS = 10_000;
const MOST_QUESTIONS = 4;
const UTM_FIELDS = ['UTM_SOURCE', 'UTM_MEDIUM', 'UTM_CAMPAIGN', 'UTM_CONTENT', 'UTM_TERM'];

/** `type` 1: incoming. */
const stageSchema = z.object({ id: z.number(), name: z.string(), type: z.number().nullish() });
const accountSchema = z.object({ id: z.number(), name: z.string() });
const pipelinesSchema = z.object({
  _embedded: z.object({
    pipelines: z.array(
      z.object({
        id: z.number(),
        name: z.string(),
        is_archive: z.boolean().nullish(),
        _embedded: z.object({ statuses: z.array(stageSchema) }),
      }),
    ),
  }),
});
const fieldsSchema = z.object({
  _embedded: z.object({
    custom_fields: z.array(z.object({ id: z.number(), code: z.string().nullish() })),
  }),
});

export async function checkAmocrm(env: CliEnv): Promise<Finding[]> {
  const http = openAccount(env);
  const account = await examined('AmoCRM', async () => {
    const { id, name } = accountSchema.parse(await read(http, '/api/v4/account'));
    return [{ state: 'ok', what: 'AmoCRM', detail: `account ${id}, "${name}"` }];
  });
  if (account.some(({ state }) => state !== 'ok')) return account;
  return [
    ...account,
    ...(await examined('AmoCRM pipeline', () => checkPipeline(http, env))),
    ...(await examined('AmoCRM fields', () => checkFields(http, env))),
  ];
}

async function checkPipeline(http: AmoHttp, env: CliEnv): Promise<Finding[]> {
  const { _embedded } = pipelinesSchema.parse(await read(http, '/api/v4/leads/pipelines'));
  const { pipelines } = _embedded;
  const what = 'AmoCRM pipeline';
  const pipeline = pipelines.find(({ id }) => id === env.AMOCRM_PIPELINE_ID);
  if (!pipeline || pipeline.is_archive === true) {
    const known = pipelines.map(({ id, name }) => `${id} (${name})`).join(', ');
    const detail = `${env.AMOCRM_PIPELINE_ID} is ${pipeline ? 'archived' : 'not there'}`;
    const remedy = `set AMOCRM_PIPELINE_ID to one of: ${known}`;
    return [{ state: 'broken', what, detail, remedy }];
  }
  const stages = pipeline._embedded.statuses;
  const found = stagesOf(env).map(([name, id]) => checkStage(name, id, stages));
  return [{ state: 'ok', what, detail: `${pipeline.id} (${pipeline.name})` }, ...found];
}

function stagesOf(env: CliEnv): [string, number][] {
  const names = [
    'DEFAULT',
    'KASPI',
    'HALYK',
    'ROBOKASSA',
    'LESSON_1',
    'LESSON_2',
    'LESSON_3',
  ] as const;
  return names.flatMap((name) => {
    const id = env[`AMOCRM_STAGE_${name}`];
    return id === undefined ? [] : [[`AMOCRM_STAGE_${name}`, id] as [string, number]];
  });
}

function checkStage(name: string, id: number, stages: z.infer<typeof stageSchema>[]): Finding {
  const what = `AmoCRM stage ${name}`;
  const stage = stages.find((each) => each.id === id);
  const system = SYSTEM_STAGES[id];
  if (!stage && system === undefined) {
    return { state: 'broken', what, detail: `${id} is not in the pipeline`, remedy: oneOf(stages) };
  }
  if (stage?.type === INCOMING) {
    const detail = `${id} (${stage.name}) is for incoming deals: AmoCRM lets no integration put a deal there`;
    return { state: 'broken', what, detail, remedy: oneOf(stages) };
  }
  if (system === undefined) return { state: 'ok', what, detail: `${id} (${stage?.name})` };
  return {
    state: 'warning',
    what,
    detail: `${id} is AmoCRM's own "${system}" in every pipeline`,
    remedy: `such deals count as ${system} in its reports; make a stage of your own if that is not meant`,
  };
}

function oneOf(stages: z.infer<typeof stageSchema>[]): string {
  const own = stages.filter(({ type }) => type !== INCOMING);
  return `set it to one of: ${own.map(({ id, name }) => `${id} (${name})`).join(', ')}`;
}

async function checkFields(http: AmoHttp, env: CliEnv): Promise<Finding[]> {
  const query = { limit: '250' };
  const answer = await read(http, '/api/v4/leads/custom_fields', query);
  const fields = answer === undefined ? [] : fieldsSchema.parse(answer)._embedded.custom_fields;
  const what = 'AmoCRM fields';
  const own = env.AMOCRM_LEAD_ID_FIELD;
  if (own !== undefined && !fields.some(({ id }) => id === own)) {
    const remedy = 'make a text field for deals, or leave the variable away';
    return [{ state: 'broken', what, detail: `AMOCRM_LEAD_ID_FIELD ${own} is not there`, remedy }];
  }
  const missing = UTM_FIELDS.filter((code) => !fields.some((field) => field.code === code));
  if (missing.length === 0) return [{ state: 'ok', what, detail: 'all are there' }];
  const detail = `missing: ${missing.join(', ')}`;
  const remedy = 'deals are made without them; add them under "Tracking data"';
  return [{ state: 'warning', what, detail, remedy }];
}

/** Beside a busy crm-sync AmoCRM asks for patience, which is no fault: the question is asked again when it says so. */
async function read(http: AmoHttp, path: string, query?: Record<string, string>): Promise<unknown> {
  for (let left = MOST_QUESTIONS; ; left -= 1) {
    try {
      return await http.request({ action: 'doctor', method: 'GET', path, ...(query && { query }) });
    } catch (thrown) {
      const waitMs = thrown instanceof TransientError ? thrown.retryAfterMs : undefined;
      if (left <= 1 || waitMs === undefined || waitMs > LONGEST_WAIT_MS) throw thrown;
      await delay(waitMs);
    }
  }
}

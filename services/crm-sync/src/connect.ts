/** AmoCRM as this service uses it: one shared limit, one blockade, one way to be let in. */
import { randomUUID } from 'node:crypto';
import {
  createAmoHttp,
  createAmoTransport,
  type AccessTokens,
} from '@leadwire/shared/providers/amocrm/http';
import type { Bus } from '@leadwire/shared/broker/bus';
import { studentSchema } from '@leadwire/shared/contract/student-facts';
import { createLeases } from '@leadwire/shared/coordination/leases';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import type { Log } from '@leadwire/shared/runtime/log';
import type { Metrics } from '@leadwire/shared/runtime/metrics';
import { createCallTracker } from '@leadwire/shared/providers/call-log';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { createTokenStore } from '@leadwire/shared/providers/amocrm/token-store';
import { subjects } from '@leadwire/shared/contract/topology';
import { createAmocrm } from './amocrm.ts';
import { createBlockade } from './blockade.ts';
import { createCrmMap } from './crm-map.ts';
import type { StagePlan } from './deal-plan.ts';
import type { CrmSyncEnv } from './env.ts';
import { createFacts } from './facts.ts';
import { createStages } from './stages.ts';
import type { StudentFacts } from './students.ts';
import { createSyncDeal } from './sync-deal.ts';
import type { DealPorts } from './desired-deal.ts';
import { createLongLivedTokens, createOAuthTokens } from './tokens.ts';

interface Parts {
  bus: Bus;
  log: Log;
  metrics: Metrics;
}

/** Everything that handlers need. */
export function createPorts(env: CrmSyncEnv, { bus, log, metrics }: Parts) {
  const leases = createLeases({ bus, owner: randomUUID(), leaseMs: env.AMOCRM_LEASE_MS });
  const transport = createAmoTransport({
    baseUrl: env.AMOCRM_BASE_URL,
    limiter: createLimiter({
      bus,
      metrics,
      account: 'amocrm',
      ratePerSecond: env.AMOCRM_RATE_PER_SECOND,
    }),
    track: createCallTracker({ bus, metrics, log }),
    blockade: createBlockade({ bus, probeMs: env.AMOCRM_BLOCK_PROBE_MS }),
  });
  const tokensOf = (): AccessTokens =>
    env.AMOCRM_LONG_LIVED_TOKEN === undefined
      ? createOAuthTokens({
          transport,
          leases,
          client: clientOf(env),
          store: storeOf(env),
          reconnectProbeMs: env.AMOCRM_RECONNECT_PROBE_MS,
        })
      : createLongLivedTokens(env.AMOCRM_LONG_LIVED_TOKEN);

  const amocrm = createAmocrm(createAmoHttp(transport, tokensOf()));
  const map = createCrmMap(bus);
  const plan = planOf(env);
  const stages = createStages(amocrm, plan.pipelineId);
  const deals: DealPorts = {
    amocrm,
    map,
    leases,
    stages,
    plan,
    idField: env.AMOCRM_LEAD_ID_FIELD,
    searchLagMs: env.AMOCRM_SEARCH_LAG_MS,
  };
  return {
    ...deals,
    syncDeal: createSyncDeal(deals),
    facts: createFacts(bus),
    students: createStudentFacts(bus),
  };
}

function planOf(env: CrmSyncEnv): StagePlan {
  return {
    pipelineId: env.AMOCRM_PIPELINE_ID,
    defaultStage: env.AMOCRM_STAGE_DEFAULT,
    payment: {
      kaspi: env.AMOCRM_STAGE_KASPI,
      halyk: env.AMOCRM_STAGE_HALYK,
      robokassa: env.AMOCRM_STAGE_ROBOKASSA,
    },
    lessons: {
      1: env.AMOCRM_STAGE_LESSON_1,
      2: env.AMOCRM_STAGE_LESSON_2,
      3: env.AMOCRM_STAGE_LESSON_3,
    },
  };
}

/** The schema has seen to it that these are there when no long-lived token is. */
function clientOf(env: CrmSyncEnv) {
  return {
    clientId: env.AMOCRM_CLIENT_ID ?? '',
    clientSecret: env.AMOCRM_CLIENT_SECRET ?? '',
    redirectUri: env.AMOCRM_REDIRECT_URI ?? '',
  };
}

function storeOf(env: CrmSyncEnv) {
  const database = createDatabase({
    project: 'landing',
    url: env.LANDING_SUPABASE_URL ?? '',
    serviceKey: env.LANDING_SUPABASE_SERVICE_KEY ?? '',
  });
  return createTokenStore(database, 'amocrm');
}

/** The stream STUDENTS is where students are kept. */
function createStudentFacts(bus: Bus): StudentFacts {
  return {
    async student(studentId) {
      const found = await bus.lastUnder('STUDENTS', subjects.studentCreated(studentId));
      return studentSchema.safeParse((found?.event as { data?: unknown } | undefined)?.data).data;
    },
    async completed(studentId) {
      const all = subjects.lessonCompleted(studentId, '*');
      const manager = await bus.manager();
      const { state } = await manager.streams.info('STUDENTS', { subjects_filter: all });
      return Object.keys(state.subjects ?? {}).map((subject) => Number(subject.split('.').at(-1)));
    },
  };
}

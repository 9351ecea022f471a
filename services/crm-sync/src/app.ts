/** The service's parts, put together: one shared limit, one blockade, one way to be let in, three consumers. */
import { randomUUID } from 'node:crypto';
import {
  createAmoHttp,
  createAmoTransport,
  type AccessTokens,
} from '@leadwire/shared/providers/amocrm/http';
import { AMOCRM_STOPPED } from '@leadwire/shared/providers/amocrm/http';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { eventSchemas, leadTakenSchema } from '@leadwire/shared/contract/events';
import { studentSchema } from '@leadwire/shared/contract/student-facts';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createLeases } from '@leadwire/shared/coordination/leases';
import { createOutages } from '@leadwire/shared/coordination/outages';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createCallTracker } from '@leadwire/shared/providers/call-log';
import { createDatabase, databaseStopped } from '@leadwire/shared/providers/supabase';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { App } from '@leadwire/shared/service/app';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { createTokenStore } from '@leadwire/shared/providers/amocrm/token-store';
import { subjects } from '@leadwire/shared/contract/topology';
import { z } from 'zod';
import { createAmocrm } from './amocrm.ts';
import { createBlockade } from './blockade.ts';
import { createFollowDeal } from './changes.ts';
import { createCrmMap } from './crm-map.ts';
import type { StagePlan } from './deal-plan.ts';
import { createTellSale } from './deal-sale.ts';
import { envSchema, type CrmSyncEnv } from './env.ts';
import { createFacts } from './facts.ts';
import { createCrmSync } from './handler.ts';
import { createResponsible } from './responsible.ts';
import { createStaffUsers, readEverybody } from './staff-users.ts';
import { createFieldCodes, createStages } from './stages.ts';
import { createStudentSync, type StudentFacts } from './students.ts';
import { createSyncDeal } from './sync-deal.ts';
import { createGiveDeal } from './taken.ts';
import { createLook } from './look-for-changes.ts';
import type { DealPorts } from './desired-deal.ts';
import { createLongLivedTokens, createOAuthTokens } from './tokens.ts';

/** A process that starts has leads to do first. */
const FIRST_LOOK_AFTER_MS = 5 * 60_000;

const student = z.discriminatedUnion('type', [
  eventSchemas['student.created.v1'],
  eventSchemas['lesson.completed.v1'],
]);

const dealNews = z.discriminatedUnion('type', [
  eventSchemas['crm.deal_changed.v1'],
  eventSchemas['crm.lead_taken.v1'],
]);

export const app: App<CrmSyncEnv> = {
  name: 'crm-sync',
  schema: envSchema,
  create: (env, parts) => ({ consume: () => startWork(env, parts) }),
};

/** Starts everything that the service does; the broker must be there. */
function startWork(env: CrmSyncEnv, parts: ProcessParts): BackgroundWork[] {
  const ports = createPorts(env, parts);
  const { syncLead, giveUp } = createCrmSync(ports);
  const students = createStudentSync(ports);
  const work = { ...parts, stopNames: [AMOCRM_STOPPED, databaseStopped('landing')] as const };
  const followDeal = createFollowDeal(ports);
  const giveDeal = createGiveDeal({ ...ports, ...parts, effect: env.AMOCRM_TAKEN });
  return [
    startConsumer({
      ...work,
      durable: 'crm-sync',
      schema: leadTakenSchema,
      handle: syncLead,
      giveUp,
    }),
    startConsumer({
      ...work,
      durable: 'crm-students',
      schema: student,
      handle: students.syncStudent,
      giveUp: students.giveUp,
    }),
    startConsumer({
      ...work,
      durable: 'crm-changes',
      schema: dealNews,
      handle: (event) => (event.type === 'crm.lead_taken.v1' ? giveDeal(event) : followDeal(event)),
    }),
    startPeriodic({
      name: 'crm-look',
      work: createLook({ ...ports, followDeal, everyMs: env.AMOCRM_LOOK_MS }),
      onError: (err) => parts.log.warn({ err }, 'changed deals were not looked through'),
      firstAfterMs: Math.min(env.AMOCRM_LOOK_MS, FIRST_LOOK_AFTER_MS),
      everyMs: env.AMOCRM_LOOK_MS,
    }),
  ];
}

/** Everything that handlers need. */
export function createPorts(env: CrmSyncEnv, { bus, log, metrics }: ProcessParts) {
  const leases = createLeases({ bus, owner: randomUUID(), leaseMs: env.AMOCRM_LEASE_MS });
  const track = createCallTracker({ bus, metrics, log });
  const outages = createOutages({ bus, alerts: createAlerts(bus), log });
  const transport = createAmoTransport({
    baseUrl: env.AMOCRM_BASE_URL,
    limiter: createLimiter({
      bus,
      metrics,
      account: 'amocrm',
      ratePerSecond: env.AMOCRM_RATE_PER_SECOND,
    }),
    // Around the call itself: a broker that is away is not AmoCRM's fault.
    track: (action, context, call) => track(action, context, () => outages.observe('amocrm', call)),
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
  const staffUsers = createStaffUsers({ bus, amocrm, everybody: () => readEverybody(bus) });
  const responsible = createResponsible({ bus, amocrm, map, staffUsers });
  const deals: DealPorts = {
    responsible,
    amocrm,
    map,
    leases,
    stages,
    plan,
    hashSecret: env.CONTACT_HASH_SECRET,
    idField: env.AMOCRM_LEAD_ID_FIELD,
    searchLagMs: env.AMOCRM_SEARCH_LAG_MS,
  };
  return {
    ...deals,
    staffUsers,
    responsible,
    syncDeal: createSyncDeal(deals),
    facts: createFacts(bus),
    students: createStudentFacts(bus),
    tellSale: createTellSale(bus, {
      stages: new Set(env.AMOCRM_SALE_STAGES),
      defaultAmount: env.SALE_DEFAULT_AMOUNT,
    }),
    tagSlugs: new Set(env.AMOCRM_TAG_SLUGS),
    fieldCodes: createFieldCodes(amocrm),
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
  return createTokenStore(database, 'amocrm', clientOf(env).clientSecret);
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

/** What the doctor tries. Each check answers with findings and never throws. */
import { lookAtBroker } from '@leadwire/operations/health/broker';
import { readStaffSync } from '@leadwire/operations/staff/staff-sync';
import { createMobizon } from '@leadwire/shared/providers/mobizon/messages';
import { noLimit } from '@leadwire/shared/coordination/rate-limiter';
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { withBus } from '../connect.ts';
import { checkAmocrm } from './doctor-amocrm.ts';
import { examined, type Check, type Finding } from './finding.ts';
import { checkEdge } from './doctor-edge.ts';
import { checkTelegram } from './doctor-telegram.ts';
import { ownCommand } from '@leadwire/shared/runtime/own-command';

const TIMEOUT_MS = 15_000;
const off = (what: string, name: string): Finding[] => [
  { state: 'off', what, detail: `not configured (${name})` },
];

const checkBroker: Check = (env) =>
  examined('broker', () =>
    withBus(env, async (bus) => {
      const { version, missing } = await lookAtBroker(bus);
      if (missing.length === 0) {
        const detail = `nats-server ${version}, all streams and consumers are there`;
        return [{ state: 'ok', what: 'broker', detail }];
      }
      const detail = `nats-server ${version}, missing: ${missing.join(', ')}`;
      const remedy = `run "${ownCommand('topology apply')}" as the admin user`;
      return [{ state: 'broken', what: 'broker', detail, remedy }];
    }),
  );

/** Key and schema of the landing project. */
export const checkLanding: Check = ({
  LANDING_SUPABASE_URL: url,
  LANDING_SUPABASE_SERVICE_KEY: key,
}) => checkProject('landing', 'leadwire_store_crm', url, key);

/** Key and schema of the second project. */
export const checkTripwire: Check = ({
  TRIPWIRE_SUPABASE_URL: url,
  TRIPWIRE_SERVICE_ROLE_KEY: key,
}) =>
  checkProject('tripwire', 'leadwire_store_lead_tracking', url, key, (database) =>
    database.call('leadwire_unattributed_tripwire_users', { most: 0 }, z.unknown()),
  );

/** Key and schema of the traffic dashboard's project. */
export const checkTraffic: Check = ({ TRAFFIC_SUPABASE_URL: url, TRAFFIC_SERVICE_ROLE_KEY: key }) =>
  checkProject('traffic', 'leadwire_put_traffic_users', url, key, (database) => {
    const asked = { since: '2026-01-01', until: '2026-01-01', timeZone: 'UTC' };
    return database.call('leadwire_traffic_spend', { asked }, z.unknown());
  });

/** Key and schema of the platform's main project. */
export const checkMain: Check = ({ SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key }) =>
  checkProject('main', 'leadwire_put_staff', url, key, (database) =>
    database.call('leadwire_unattributed_users', { most: 0 }, z.unknown()),
  );

/**
 * Calls the newest of the project's functions with nothing to write: key and schema in one. `read` asks what is read of
 * tables that are not ours, so that a column which somebody has taken away is named.
 */
async function checkProject(
  project: string,
  newest: string,
  url: string | undefined,
  serviceKey: string | undefined,
  read: (database: Database) => Promise<unknown> = () => Promise.resolve(),
): Promise<Finding[]> {
  const what = `Supabase ${project}`;
  if (url === undefined || serviceKey === undefined) return off(what, 'its URL and service key');
  return examined(what, async () => {
    const database = createDatabase({ project, url, serviceKey });
    await database.storeRows(newest, []);
    await read(database);
    return [{ state: 'ok', what, detail: 'key and schema are right' }];
  });
}

/** Whether everybody who works here is in every project as they are. */
const checkStaffSync: Check = (env) =>
  examined('staff', () =>
    withBus(env, async (bus) => {
      const { conflicts } = await readStaffSync(bus);
      if (conflicts.length === 0) {
        return [{ state: 'ok', what: 'staff', detail: 'nobody is in conflict with a project' }];
      }
      const detail = `${conflicts.length} left as they are in another project`;
      const remedy = 'see who and why: leadwire staff conflicts';
      return [{ state: 'warning', what: 'staff', detail, remedy }];
    }),
  );

const checkResend: Check = async ({ RESEND_API_KEY: key, RESEND_BASE_URL: url, ...env }) => {
  const what = 'Resend';
  if (key === undefined) return off(what, 'RESEND_API_KEY');
  return examined(what, async () => {
    const answer = await fetch(`${url}/domains`, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = (await answer.json().catch(() => ({}))) as {
      name?: string;
      data?: { name: string; status: string }[];
    };
    const isSendOnly = body.name === 'restricted_api_key';
    if ((answer.status === 401 || answer.status === 403) && !isSendOnly) {
      const remedy = 'make a new key at resend.com/api-keys and put it into RESEND_API_KEY';
      return [{ state: 'broken', what, detail: `the key is not taken (${answer.status})`, remedy }];
    }
    const domain = /@([^>\s]+)/.exec(env.RESEND_FROM_EMAIL ?? '')?.[1];
    const found = body.data?.find(({ name }) => name === domain);
    if (!body.data || domain === undefined) {
      return [
        { state: 'ok', what, detail: 'the key is taken; it may not read the list of domains' },
      ];
    }
    if (found?.status === 'verified') {
      return [{ state: 'ok', what, detail: `the key is taken, ${domain} is verified` }];
    }
    const remedy = 'verify it at resend.com/domains, or change RESEND_FROM_EMAIL';
    return [
      { state: 'broken', what, detail: `${domain} is ${found?.status ?? 'unknown'}`, remedy },
    ];
  });
};

const checkMobizon: Check = async ({
  MOBIZON_API_KEY: apiKey,
  MOBIZON_BASE_URL: baseUrl,
  MOBIZON_SMS_PRICE: price,
  ...env
}) => {
  if (env.SMS_ENABLED === 'false') return off('Mobizon', 'SMS_ENABLED=false');
  if (apiKey === undefined) return off('Mobizon', 'MOBIZON_API_KEY');
  return examined('Mobizon', async () => {
    const account = { apiKey, baseUrl, limiter: noLimit };
    const mobizon = createMobizon({ ...account, track: (_action, _context, call) => call() });
    const balance = await mobizon.balance();
    const detail = `the key is taken, the balance is ${balance}`;
    if (balance > 0 && balance >= price) return [{ state: 'ok', what: 'Mobizon', detail }];
    const remedy = 'top the account up: planned SMS wait, and leave by themselves afterwards';
    return [{ state: 'broken', what: 'Mobizon', detail, remedy }];
  });
};

/** In this order: what the others stand on comes first. */
export const checks: readonly Check[] = [
  checkBroker,
  checkLanding,
  checkTripwire,
  checkTraffic,
  checkMain,
  checkStaffSync,
  checkResend,
  checkMobizon,
  (env) =>
    env.AMOCRM_BASE_URL === undefined
      ? Promise.resolve(off('AmoCRM', 'AMOCRM_BASE_URL'))
      : checkAmocrm(env),
  checkTelegram,
  checkEdge,
];

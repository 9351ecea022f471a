/** A database that takes nothing is told to people, and so is that it takes everything again. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import { nodeOptions } from '@leadwire/testing/preload';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { waitFor } from '@leadwire/testing/wait-for';

let broker: TestBroker;
let supabase: TestSupabase;
let bus: Bus;
let service: ServiceProcess;

beforeAll(async () => {
  [broker, supabase] = await Promise.all([startNats(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
  service = await startServiceProcess({
    entry: 'services/lead-store/src/main.ts',
    env: {
      NATS_URL: broker.url,
      ...supabase.env,
      NODE_OPTIONS: nodeOptions(['soon-mended.ts']),
    },
  });
});
afterAll(async () => {
  await service.kill();
  await bus.drain();
  await Promise.all([broker.close(), supabase.close()]);
});

const rename = (from: string, to: string) =>
  supabase.landing.sql(`alter function public.${from} rename to ${to}`);

test('a database without a function of ours is one alert of its project, until it has it', async () => {
  const alert = async () => {
    const last = await bus.lastUnder('ALERTS', 'alerts.critical.supabase-landing_stopped');
    return JSON.stringify(last?.event ?? '');
  };
  await rename('leadwire_store_leads', 'leadwire_store_leads_away');
  const lead = someLead();
  const { kind, leadId } = lead;
  const row = () => supabase.landing.sql('select 1 from landing_leads where id = $1', [leadId]);
  await bus.publish(subjects.leadCreated(kind, leadId), leadCreated(lead));
  await waitFor(async () => (await alert()).includes('leadwire_store_leads'), {
    what: 'the alert that says what is missing',
  });
  expect(await alert()).not.toContain('resolved');
  expect(await row()).toEqual([]);

  await rename('leadwire_store_leads_away', 'leadwire_store_leads');
  // The next look at what has stopped comes after a minute; here after two seconds.
  await waitFor(async () => (await alert()).includes('"resolved"'), { timeoutMs: 100_000 });
  expect(await row()).toHaveLength(1);
  expect(await bus.lastUnder('DEAD_LETTERS', 'dead.>')).toBeUndefined();
}, 150_000);

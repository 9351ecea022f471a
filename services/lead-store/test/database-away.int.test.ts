/** A database that does not answer is told to people like a provider, once, and so is that it answers again. */
import { expect, onTestFinished, test } from 'vitest';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { freePort, startNats } from '@leadwire/testing/nats';
import { nodeOptions } from '@leadwire/testing/preload';
import { startServiceProcess } from '@leadwire/testing/service-process';
import { startSupabase } from '@leadwire/testing/supabase';
import { startTcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';

/** More than the minute after which an outage is told. */
const AHEAD_MS = 90_000;

test('a database that has not answered for a minute is one alert, until it answers', async () => {
  const [broker, supabase, port] = await Promise.all([startNats(), startSupabase(), freePort()]);
  onTestFinished(async () => {
    await Promise.all([broker.close(), supabase.close()]);
  });
  const bus = await openTestBus(broker, 'test');
  onTestFinished(() => bus.drain());
  const start = async (aheadMs: number) => {
    const service = await startServiceProcess({
      entry: 'services/lead-store/src/main.ts',
      env: {
        ...supabase.env,
        LANDING_SUPABASE_URL: `http://127.0.0.1:${port}`,
        NATS_URL: broker.url,
        NODE_OPTIONS: nodeOptions(['clock-ahead.ts', 'impatient.ts']),
        CHAOS_CLOCK_AHEAD_MS: String(aheadMs),
      },
      until: 'listening',
    });
    onTestFinished(() => service.kill());
    return service;
  };
  const told = async () => {
    const last = await bus.lastUnder('ALERTS', 'alerts.critical.provider_down');
    return JSON.stringify(last?.event ?? '');
  };
  const failures = async () => {
    const entry = await (await bus.bucket('limits')).get('outages');
    const state = entry?.json<Record<string, { failures: number }>>() ?? {};
    return state['supabase-landing']?.failures ?? 0;
  };

  // Nobody listens where the database should be.
  const first = await start(0);
  const lead = someLead();
  await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
  await waitFor(async () => (await failures()) >= 3, { timeoutMs: 60_000, what: 'three failures' });
  expect(await told()).toBe('""');
  await first.kill();
  await start(AHEAD_MS);
  await waitFor(async () => (await told()).includes('База данных заявок не отвечает'), {
    timeoutMs: 60_000,
    what: 'the alert',
  });

  const proxy = await startTcpProxy(Number(new URL(supabase.landing.url).port), port);
  onTestFinished(() => proxy.close());
  await waitFor(async () => (await told()).includes('"resolved"'), {
    timeoutMs: 90_000,
    what: 'the end of the alert',
  });
  const rows = await supabase.landing.sql('select 1 from landing_leads where id = $1', [
    lead.leadId,
  ]);
  expect(rows).toHaveLength(1);
}, 240_000);

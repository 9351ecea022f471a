import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { createLog } from '@leadwire/shared/runtime/log';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { openTestBus } from '@leadwire/testing/bus';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { freePort, startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startTcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';
import { createGroupStore } from '../src/groups/group-store.ts';
import { startMirror } from '../src/groups/mirror.ts';

let broker: TestBroker;
let bus: Bus;
let supabase: TestLanding;

beforeAll(async () => {
  [broker, supabase] = await Promise.all([startNats(), startLanding()]);
  bus = await openTestBus(broker, 'test');
}, 60_000);
afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), supabase.close()]);
});

const log = createLog('test', 'silent');

function databaseAt(url: string) {
  const { LANDING_SUPABASE_SERVICE_KEY: serviceKey } = supabase.env;
  return createDatabase({ project: 'landing', url, serviceKey });
}

const rows = () =>
  supabase.landing.sql<Record<string, unknown>>(
    'select id, chat_id, state, title from telegram_groups order by created_at, id',
  );

test('a group that only the table knows is taken over, once, and can be changed from then on', async () => {
  const id = newId();
  await supabase.landing.sql(
    "insert into telegram_groups (id, chat_id, bot, title) values ($1, -1001112223334, 'leads', 'Старая')",
    [id],
  );
  const groups = createGroupStore(bus);
  const database = databaseAt(supabase.env.LANDING_SUPABASE_URL);
  const mirror = startMirror({ database, groups, log });
  // Nothing may be planned, and the service is not ready, before the groups are known.
  expect([mirror.areGroupsKnown(), mirror.problem()]).toEqual([false, expect.any(String)]);
  await waitFor(() => mirror.areGroupsKnown(), { what: 'the groups to be known' });
  expect(mirror.problem()).toBeUndefined();
  expect((await groups.byId(id))?.state).toBe('active');
  expect(await groups.byChat('leads', '-1001112223334')).toMatchObject({ title: 'Старая' });
  await groups.deactivate(id, 'by_command');
  await waitFor(async () => (await rows())[0]?.['state'] === 'deactivated', { what: 'the row' });
  await mirror.stop();

  // A later start does not bring back what the table said before.
  await supabase.landing.sql("update telegram_groups set state = 'active' where id = $1", [id]);
  const again = startMirror({ database, groups, log });
  await groups.activate({ bot: 'leads', chatId: '-77', title: 'Новая', leadKinds: [] });
  await waitFor(async () => (await rows()).some(({ title }) => title === 'Новая'), {
    what: 'the new row',
  });
  expect((await groups.byId(id))?.state).toBe('deactivated');
  await again.stop();
});

test('changes that were made while the database was away are in the table afterwards', async () => {
  const port = await freePort();
  const groups = createGroupStore(bus);
  const database = databaseAt(`http://127.0.0.1:${port}`);
  const mirror = startMirror({ database, groups, log });
  const wanted = { bot: 'leads' as const, chatId: '-88', title: 'Без базы', leadKinds: [] };
  const group = (await groups.activate(wanted))!;
  await groups.move('leads', '-88', '-100888');
  await groups.pause(group.groupId, 'no_rights');
  // It has groups: a database that is away stops nothing.
  await waitFor(() => mirror.areGroupsKnown(), { what: 'the groups to be known' });
  const behind = Number(new URL(supabase.env.LANDING_SUPABASE_URL).port);
  const proxy = await startTcpProxy(behind, port);
  const row = await waitFor(
    async () => (await rows()).find(({ id, state }) => id === group.groupId && state === 'paused'),
    { timeoutMs: 30_000, what: 'the row' },
  );
  expect(row).toMatchObject({ chat_id: -100888, title: 'Без базы' });
  await mirror.stop();
  await proxy.close();
}, 40_000);

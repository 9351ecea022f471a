import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { runCli } from './run-cli.ts';

let broker: TestBroker;
let supabase: TestSupabase;
let bus: Bus;
beforeAll(async () => {
  [broker, supabase] = await Promise.all([startNats(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
}, 60_000);
afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), supabase.close()]);
});

const cli = (...args: string[]) => runCli({ NATS_URL: broker.url, ...supabase.env }, ...args);

test('staff are added with a link, listed, changed, disabled when agreed, and enabled', async () => {
  const owner = await cli('staff', 'add', 'owner@leadwire-sample.kz', '--role', 'owner');
  expect(owner.err).toBe('');
  expect(owner.out).toMatch(
    /^http:\/\/localhost:3106\/auth\/confirm\?token_hash=\w+&type=invite$/m,
  );
  const mail = 'marat@leadwire-sample.kz';
  const tags = ['--utm-source', 'Facebook', '--utm-source', 'tiktok'];
  const added = await cli('staff', 'add', mail, '--role', 'targetologist', ...tags, '--json');
  expect(JSON.parse(added.out)).toMatchObject({
    email: mail,
    role: 'targetologist',
    utmSources: ['facebook', 'tiktok'],
    link: expect.stringContaining('type=invite'),
  });
  const unasked = await cli('staff', 'disable', mail);
  expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining('Give --yes') });
  expect((await cli('staff', 'disable', mail, '-y')).out).toContain(`${mail} is disabled`);
  expect((await cli('staff', 'list')).out).toMatch(/marat@\S+ +targetologist +disabled +facebook/);
  expect((await cli('staff', 'link', mail)).err).toContain('is disabled');
  await cli('staff', 'enable', mail);
  await cli('staff', 'change', mail, '--role', 'viewer');
  const { out } = await cli('staff', 'list', '--json');
  expect(JSON.parse(out)).toMatchObject([{ email: mail, role: 'viewer', active: true }, {}]);
}, 60_000);

test.each([
  [['add', 'x@leadwire-sample.kz'], 2, "'--role <role>' not specified"],
  [['add', 'x', '--role', 'sales'], 1, 'is no mail address'],
  [['add', 'x@leadwire-sample.kz', '--role', 'boss'], 2, 'Allowed choices are owner'],
  [['disable', 'x@leadwire-sample.kz', '-y'], 1, 'does not work here'],
  [['disable', 'owner@leadwire-sample.kz', '-y'], 1, 'last active owner'],
  [['change', 'owner@leadwire-sample.kz'], 2, 'Nothing to change'],
])('staff %j is refused with a reason', async (args, code, reason) => {
  expect(await cli('staff', ...args)).toMatchObject({ code, err: expect.stringContaining(reason) });
});

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

test('staff are added with a link, changed, disabled when agreed, and listed', async () => {
  const mail = 'marat@leadwire-sample.kz';
  const tags = ['--utm-source', 'Facebook', '--utm-source', 'tiktok'];
  const [owner, added] = await Promise.all([
    cli('staff', 'add', 'owner@leadwire-sample.kz', '--role', 'owner'),
    cli('staff', 'add', mail, '--role', 'targetologist', ...tags, '--json'),
  ]);
  expect(owner.err).toBe('');
  expect(owner.out).toMatch(
    /^http:\/\/localhost:3106\/auth\/confirm\?token_hash=\w+&type=invite$/m,
  );
  expect(JSON.parse(added.out)).toMatchObject({
    email: mail,
    role: 'targetologist',
    utmSources: ['facebook', 'tiktok'],
    link: expect.stringContaining('type=invite'),
  });
  const [unasked, changed] = await Promise.all([
    cli('staff', 'disable', mail),
    cli('staff', 'change', mail, '--role', 'viewer'),
  ]);
  expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining('Give --yes') });
  expect(changed.out).toContain('has changed (viewer');
  expect((await cli('staff', 'disable', mail, '-y')).out).toContain(`${mail} is disabled`);
  const [list, link] = await Promise.all([cli('staff', 'list'), cli('staff', 'link', mail)]);
  expect(list.out).toMatch(/marat@\S+ +viewer +disabled +facebook, tiktok/);
  expect(link).toMatchObject({ code: 1, err: expect.stringContaining('is disabled') });
}, 120_000);

test.each([
  [['add', 'x@leadwire-sample.kz'], 2, "'--role <role>' not specified"],
  [['disable', 'x@leadwire-sample.kz', '-y'], 1, 'does not work here'],
])('staff %j is refused with a reason', async (args, code, reason) => {
  expect(await cli('staff', ...args)).toMatchObject({ code, err: expect.stringContaining(reason) });
});

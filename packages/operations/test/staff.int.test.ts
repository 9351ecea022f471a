/** Staff against the real database, Auth and broker, and lead-store behind it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '@supabase/supabase-js';
import { app as leadStoreApp } from '@leadwire/lead-store/app';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { createStaffAccounts, type StaffAccounts } from '../src/staff/accounts.ts';
import { createStaffDirectory } from '../src/staff/directory.ts';
import * as staff from '../src/staff/staff.ts';

const CONSOLE = 'http://console.local';
const stateless = {
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
};

let broker: TestBroker;
let supabase: TestSupabase;
let bus: Bus;
let leadStore: ServiceHere;
let parts: staff.StaffParts & { accounts: StaffAccounts };

beforeAll(async () => {
  [broker, supabase] = await Promise.all([startNats(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
  leadStore = await startServiceHere(leadStoreApp, { NATS_URL: broker.url, ...supabase.env });
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: key } = supabase.env;
  const client = createClient(url, key, stateless);
  const accounts = createStaffAccounts(client, `${CONSOLE}/`);
  parts = { directory: createStaffDirectory(client), accounts, bus, actor: 'cli:tester' };
}, 120_000);
afterAll(async () => {
  await leadStore.stop();
  await bus.drain();
  await Promise.all([broker.close(), supabase.close()]);
});

const visitor = () =>
  createClient(supabase.landing.url, supabase.env.LANDING_SUPABASE_PUBLISHABLE_KEY, stateless);

/** Opens a link as the console's page does after the click, and chooses a password. */
async function comeIn(
  link: string | undefined,
  password: string,
): Promise<ReturnType<typeof visitor>> {
  const { origin, pathname, searchParams } = new URL(link ?? '');
  expect(origin + pathname).toBe(`${CONSOLE}/auth/confirm`);
  const client = visitor();
  const { error } = await client.auth.verifyOtp({
    token_hash: searchParams.get('token_hash') ?? '',
    type: searchParams.get('type') as 'invite' | 'recovery',
  });
  if (error) throw error;
  if (password !== '') await client.auth.updateUser({ password });
  return client;
}

const auditOf = (subject: string, action: string) =>
  waitFor(
    async () => {
      const rows = await supabase.landing.sql<{ actor: string; result: string }>(
        'select actor, result from audit_log where subject = $1 and action = $2 order by at',
        [subject, action],
      );
      return rows.length > 0 ? rows : undefined;
    },
    { what: `${action} in the audit log` },
  );

test('the first owner gets a link until one has come in, and none from then on', async () => {
  const first = await staff.firstOwnerLink(parts, 'owner@leadwire-sample.kz');
  const second = await staff.firstOwnerLink(parts, 'other@leadwire-sample.kz');
  expect(await parts.directory.list()).toMatchObject([
    { email: 'owner@leadwire-sample.kz', role: 'owner' },
  ]);
  await expect(comeIn(first, '')).rejects.toMatchObject({ code: 'otp_expired' });
  await comeIn(second, 'synthetic pass phrase');
  expect(await staff.firstOwnerLink(parts, 'owner@leadwire-sample.kz')).toBeUndefined();
});

test('somebody is added once under one id, comes in, and is heard of by all', async () => {
  const wanted = { email: ' Aida@Leadwire-Sample.kz', role: 'sales' as const, name: 'Аида' };
  const { member } = await staff.addStaff(parts, wanted);
  const again = await staff.addStaff(parts, wanted);
  expect(again.member).toEqual(member);
  const client = await comeIn(again.link, 'synthetic pass phrase');
  expect((await client.auth.getUser()).data.user?.id).toBe(member.staffId);
  const own = await client.from('staff').select('email, role').throwOnError();
  expect(own.data).toEqual([{ email: 'aida@leadwire-sample.kz', role: 'sales' }]);

  const told = await bus.lastUnder('STAFF', `staff.changed.${member.staffId}`);
  expect(told?.event).toMatchObject({
    type: 'staff.changed.v1',
    data: { ...member, at: expect.any(String) },
  });
  const audit = await auditOf(member.staffId, 'staff.added');
  expect(audit[0]).toEqual({ actor: 'cli:tester', result: 'done' });
});

test('a disabled person is out at once, and back when enabled', async () => {
  const email = 'sergey@leadwire-sample.kz';
  const { member, link } = await staff.addStaff(parts, { email, role: 'sales' });
  const client = await comeIn(link, 'synthetic pass phrase');
  const { data: session } = await client.auth.getSession();
  await staff.disableStaff(parts, email);
  expect((await client.from('staff').select().throwOnError()).data).toEqual([]);
  const refresh_token = session.session?.refresh_token ?? '';
  expect((await visitor().auth.refreshSession({ refresh_token })).error?.status).toBe(400);
  await expect(staff.linkForStaff(parts, email)).rejects.toMatchObject({ problem: 'disabled' });
  await expect(staff.addStaff(parts, { email, role: 'sales' })).rejects.toMatchObject({
    problem: 'disabled',
  });
  expect((await auditOf(member.staffId, 'staff.link_made'))[0]?.result).toBe('refused');

  await staff.enableStaff(parts, email);
  const back = await comeIn(await staff.linkForStaff(parts, email), '');
  expect((await back.from('staff').select().throwOnError()).data).toHaveLength(1);
});

describe('what cannot be is refused in words and changes nothing', () => {
  test.each([
    ['no address', 'viewer', [], 'bad_address'],
    ['t@leadwire-sample.kz', 'targetologist', [' '], 'no_tags'],
    ['owner@leadwire-sample.kz', 'viewer', [], 'exists'],
  ] as const)('adding %s as %s', async (email, role, utmSources, problem) => {
    const before = await parts.directory.list();
    await expect(staff.addStaff(parts, { email, role, utmSources })).rejects.toMatchObject({
      problem,
    });
    expect(await parts.directory.list()).toEqual(before);
  });

  test('the last owner, and a stranger', async () => {
    const owner = 'owner@leadwire-sample.kz';
    const lastOwner = { problem: 'last_owner' };
    await expect(staff.disableStaff(parts, owner)).rejects.toMatchObject(lastOwner);
    await expect(staff.changeStaff(parts, owner, { role: 'viewer' })).rejects.toMatchObject(
      lastOwner,
    );
    await expect(staff.disableStaff(parts, 'x@y.kz')).rejects.toMatchObject({ problem: 'unknown' });
    const { staffId } = (await parts.directory.find(owner))!;
    expect(
      (await parts.accounts.hasComeIn(staffId)) && (await parts.directory.find(owner))?.active,
    ).toBe(true);
  });

  test('an owner steers with their own token, without the service key; sales do not', async () => {
    const as = async (email: string) => {
      const client = await comeIn(await staff.linkForStaff(parts, email), '');
      return {
        ...parts,
        accounts: undefined,
        directory: createStaffDirectory(client),
        actor: email,
      };
    };
    const asSales = await as('aida@leadwire-sample.kz');
    const change = { role: 'targetologist', utmSources: ['Facebook', ' facebook '] } as const;
    const wanted = { ...change, utmSources: [...change.utmSources] };
    await expect(
      staff.changeStaff(asSales, 'aida@leadwire-sample.kz', wanted),
    ).rejects.toMatchObject({ problem: 'not_allowed' });
    const asOwner = await as('owner@leadwire-sample.kz');
    expect(await staff.changeStaff(asOwner, 'aida@leadwire-sample.kz', wanted)).toMatchObject({
      role: 'targetologist',
      utmSources: ['facebook'],
    });
  });
});

/** The service between a real broker, two real projects, and two that are not as they should be. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStaffDirectory } from '@leadwire/operations/staff/directory';
import {
  addStaff,
  changeStaff,
  disableStaff,
  type StaffParts,
} from '@leadwire/operations/staff/staff';
import { staffProjectsOf } from '@leadwire/operations/staff/projects';
import { readStaffSync } from '@leadwire/operations/staff/staff-sync';
import { freePort, startNats } from '@leadwire/testing/nats';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { startLanding, startTraffic, type TestLanding } from '@leadwire/testing/supabase';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { FROM_EMAIL, RESEND_KEY, sandboxOptions } from '@leadwire/testing/settings';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { app } from '../src/app.ts';
import { tellUpkeepOfDay } from '../src/upkeep-day.ts';

let sandbox: Sandbox;
let broker: TestBroker;
let landing: TestLanding;
let traffic: Awaited<ReturnType<typeof startTraffic>>;
let bus: Bus;
let service: ServiceHere;
let staff: StaffParts;

beforeAll(async () => {
  sandbox = await startSandbox(sandboxOptions);
  const mail = { baseUrl: sandbox.resendUrl, apiKey: RESEND_KEY, from: FROM_EMAIL };
  [broker, landing, traffic] = await Promise.all([startNats(), startLanding(mail), startTraffic()]);
  bus = await openTestBus(broker, 'test');
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: key } = landing.env;
  service = await startServiceHere(app, {
    NATS_URL: broker.url,
    ...landing.env,
    ...traffic.env,
    // A project with another schema, and one that is away.
    TRIPWIRE_SUPABASE_URL: url,
    TRIPWIRE_SERVICE_ROLE_KEY: key,
    SUPABASE_URL: `http://127.0.0.1:${await freePort()}`,
    SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_main_0123456789abcdef',
    IDENTITY_LOOK_EVERY_MS: '500',
  });
  const { client } = staffProjectsOf(landing.env).get('landing')!;
  // As the console does it: the logins are this service's part.
  staff = { directory: createStaffDirectory(client), bus, actor: 'cli:test' };
}, 180_000);
afterAll(async () => {
  await service?.stop();
  await bus?.drain();
  await Promise.all([broker?.close(), landing?.close(), traffic?.close(), sandbox?.close()]);
});

const inTraffic = async (email: string) =>
  (
    await traffic.traffic.sql<Record<string, unknown>>(
      `select t.id, t.staff_id, t.role, t.utm_source, t.is_active, s.active, u.id as auth_id,
         u.banned_until is not null as is_banned
       from traffic_users t join staff s on s.id = t.staff_id left join auth.users u on u.id = s.id
       where t.email = $1`,
      [email],
    )
  )[0];
const until = <Value>(what: string, look: () => Promise<Value | undefined | false>) =>
  waitFor(look, { what, timeoutMs: 60_000 });

test('somebody arrives in every project that is there, changes there, and is banned there; the others are named', async () => {
  const email = 'marat@leadwire-sample.kz';
  const { member } = await addStaff(staff, {
    email,
    role: 'targetologist',
    utmSources: ['Facebook'],
  });
  const { staffId } = member;
  const there = await until('the row of traffic', async () => {
    const row = await inTraffic(email);
    return row?.['auth_id'] ? row : undefined;
  });
  expect(there).toMatchObject({
    id: staffId,
    auth_id: staffId,
    role: 'targetologist',
    utm_source: 'facebook',
    is_active: true,
    is_banned: false,
  });
  await until('the login of landing', async () => {
    const rows = await landing.landing.sql('select 1 from auth.users where id = $1', [staffId]);
    return rows.length === 1;
  });
  const mail = await until('the invitation', async () => {
    const [first] = await sandbox.control.mails(email);
    return first;
  });
  expect(JSON.stringify(mail)).toContain('/auth/confirm?token_hash=');

  await changeStaff(staff, email, { role: 'viewer' });
  await until('the role', async () => (await inTraffic(email))?.['role'] === 'viewer');
  await disableStaff(staff, email);
  await until('the ban', async () => (await inTraffic(email))?.['is_banned']);
  expect(await inTraffic(email)).toMatchObject({ is_active: false, active: false });
  // Heard of twice more, invited once.
  expect(await sandbox.control.mails(email)).toHaveLength(1);

  await until('all projects to be looked at', async () => {
    return (await readStaffSync(bus)).projects.get('main')?.state === 'broken';
  });
  const { projects } = await readStaffSync(bus);
  expect(projects.get('landing')?.state).toBe('ok');
  expect(projects.get('traffic')?.state).toBe('ok');
  expect(projects.get('tripwire')?.told).toContain('are the migrations applied?');
}, 120_000);

test('whoever is in conflict is left as they are and listed, and carried once a person has decided', async () => {
  const email = 'dana@leadwire-sample.kz';
  await traffic.traffic.sql(
    `insert into traffic_users (email, full_name, role) values ($1, 'Дана', 'admin'), ('Dana@leadwire-sample.kz', 'Дана 2', 'manager')`,
    [email],
  );
  const { member } = await addStaff(staff, { email, role: 'sales' });
  const conflictOf = async () =>
    (await readStaffSync(bus)).conflicts.find(({ staffId }) => staffId === member.staffId);
  expect(await until('the conflict', conflictOf)).toMatchObject({
    project: 'traffic',
    problem: 'two_rows',
  });
  const before = await traffic.traffic.sql(
    `select staff_id from traffic_users where email ilike $1`,
    [email],
  );
  expect(before).toEqual([{ staff_id: null }, { staff_id: null }]);
  const told = await waitFor(() => bus.lastUnder('ALERTS', 'alerts.*.staff_conflict'));
  expect(JSON.stringify(told.event)).not.toContain('leadwire-sample');

  await traffic.traffic.sql(`delete from traffic_users where full_name = 'Дана 2'`);
  await until('the conflict to be over', async () => (await conflictOf()) === undefined);
  await until('the alert to be over', async () => {
    const last = await bus.lastUnder('ALERTS', 'alerts.*.staff_conflict');
    return JSON.stringify(last?.event).includes('"resolved"');
  });
  // What the dashboard had said of her stays.
  expect(await inTraffic(email)).toMatchObject({ staff_id: member.staffId, role: 'admin' });
}, 120_000);

test('the checks of the day are told to admins once, from the hour on', async () => {
  const alerts = createAlerts(bus);
  const parts = { bus, alerts, landing: staffProjectsOf(landing.env).get('landing')!.database };
  const at = (hour: number) => new Date(Date.UTC(2026, 0, 5, hour));
  const tell = (now: Date) => tellUpkeepOfDay({ ...parts, hour: 9, timeZone: 'UTC' }, now);
  await landing.landing.sql(
    `insert into identity_conflicts (email, people) values ('two@leadwire-sample.kz', 2)`,
  );
  expect(await tell(at(8))).toBe(false);
  expect(await tell(at(9))).toBe(true);
  expect(await tell(at(20))).toBe(false);
  const told = JSON.stringify((await bus.lastUnder('ALERTS', 'alerts.*.upkeep'))?.event);
  expect(told).toContain('Одна почта, разные телефоны: 1 адрес ждёт решения');
  expect(told).not.toContain('leadwire-sample');
}, 120_000);

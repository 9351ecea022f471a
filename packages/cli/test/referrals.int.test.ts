/** `leadwire referrals …` in front of a broker, a database and the service. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { app as referralsApp } from '@leadwire/referrals/app';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { runCli } from './run-cli.ts';

let broker: TestBroker;
let database: TestLanding;
let service: ServiceHere;
let bus: Bus;
beforeAll(async () => {
  [broker, database] = await Promise.all([startNats(), startLanding()]);
  bus = await openTestBus(broker, 'test');
  service = await startServiceHere(referralsApp, { NATS_URL: broker.url, ...database.env });
}, 180_000);
afterAll(async () => {
  await service?.stop();
  await bus?.drain();
  await Promise.all([broker?.close(), database?.close()]);
});

const cli = (...args: string[]) =>
  runCli({ NATS_URL: broker.url, ...database.env }, 'referrals', ...args);
const dana = [
  '--name',
  '=Дана',
  '--email',
  'dana@leadwire-sample.kz',
  '--phone',
  '8 700 000 12 34',
];
const ids = {
  held: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001',
  first: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0002',
  second: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0003',
};

test('a referrer is added, their commissions approved, paid and exported, with a line in the audit log each', async () => {
  expect((await cli('tier', '1', '--percent', '10', '--amount', '50')).out).toContain(
    '10 % and 50 ₸',
  );
  expect((await cli('add', ...dana, '--code', 'dana-24', '--dry-run')).out).toContain('dry run');
  const added = await cli('add', ...dana, '--code', 'Dana-24', '--json');
  expect(JSON.parse(added.out)).toMatchObject({ code: 'dana-24', isNew: true });
  expect((await cli('add', ...dana)).out).toContain('already: dana-24');
  const taken = await cli(
    'add',
    ...dana.map((each) => each.replace('dana@', 'other@')),
    '--code',
    'dana-24',
  );
  expect(taken).toMatchObject({ code: 1, err: expect.stringContaining('Somebody else has') });

  await waitFor(async () => (await cli('list')).out.includes('dana-24'), { timeoutMs: 60_000 });
  await database.landing.sql(
    `insert into referral_conversions (id, referrer_id, student_id, product, amount, commission, tier, status, told_at)
     select v.id::uuid, r.id, v.student, 'Аналитика; курс', 5000, 550.5, 1, v.status, now()
     from referral_referrers r, (values ('${ids.held}', 'st-1', 'held'), ('${ids.first}', 'st-2', 'pending'),
       ('${ids.second}', 'st-3', 'pending')) as v(id, student, status)`,
  );
  const list = await cli('list');
  expect(list.out).toMatch(
    /dana-24 +active +0 +3 +550\.5 ₸ +1101 ₸ +0 ₸ +d•••@leadwire-sample\.kz/,
  );

  expect(await cli('approve', 'dana-24')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Give --yes'),
  });
  const dry = await cli('approve', 'dana-24', '--dry-run', '--json');
  expect(JSON.parse(dry.out)).toEqual({ meant: [ids.first, ids.second], changed: [] });
  expect((await cli('approve', 'dana-24', '-y')).out).toContain('2 commissions approved');
  expect((await cli('pay', ids.first, ids.held, '-y')).out).toContain('1 commission paid');
  expect((await cli('approve', ids.held, '-y')).out).toContain('1 commission approved');
  expect(await cli('pay', 'nobody', '-y')).toMatchObject({
    code: 1,
    err: expect.stringContaining('neither a commission nor a code'),
  });
  const shown = await cli('show', 'DANA-24', '--json');
  const { commissions } = JSON.parse(shown.out) as {
    commissions: { id: string; status: string }[];
  };
  expect(Object.fromEntries(commissions.map(({ id, status }) => [id, status]))).toEqual({
    [ids.held]: 'approved',
    [ids.first]: 'paid',
    [ids.second]: 'approved',
  });

  const { out } = await cli('export', '--status', 'paid');
  expect(out.startsWith('\uFEFFДата;Партнёр;Код;')).toBe(true);
  expect(out).toContain(
    `;'=Дана;dana-24;dana@leadwire-sample.kz;'+77000001234;st-2;"Аналитика; курс";5000;550,5;выплачено;${ids.first}\r\n`,
  );
  expect(out.trimEnd().split('\r\n')).toHaveLength(2);
  const audit = await bus.lastUnder('AUDIT', 'audit.commission.paid.>');
  expect(audit?.event).toMatchObject({ data: { result: 'done', details: { count: 1 } } });
}, 180_000);

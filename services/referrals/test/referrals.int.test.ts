/** The service between a real broker, a real database, a real notifier and the sandbox. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { app as notifierApp } from '@leadwire/notifier/app';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent } from '@leadwire/shared/contract/events';
import { saleIdOf } from '@leadwire/shared/contract/sale-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import { registerReferrer } from '@leadwire/shared/delivery/referral-codes';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { notifierEnv, sandboxOptions } from '@leadwire/testing/settings';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { app as referralsApp } from '../src/app.ts';

let broker: TestBroker;
let database: TestLanding;
let sandbox: Sandbox;
let bus: Bus;
let notifier: ServiceHere;
let referrals: ServiceHere;

const start = () => startServiceHere(referralsApp, { NATS_URL: broker.url, ...database.env });

beforeAll(async () => {
  [broker, database, sandbox] = await Promise.all([
    startNats(),
    startLanding(),
    startSandbox(sandboxOptions),
  ]);
  bus = await openTestBus(broker, 'test');
  [notifier, referrals] = await Promise.all([
    startServiceHere(notifierApp, { NATS_URL: broker.url, ...notifierEnv(sandbox.url) }),
    start(),
  ]);
}, 180_000);
afterAll(async () => {
  await Promise.all([notifier?.stop(), referrals?.stop()]);
  await bus?.drain();
  await Promise.all([broker?.close(), database?.close(), sandbox?.close()]);
});

const sql = <Row extends object>(query: string, params?: unknown[]) =>
  database.landing.sql<Row>(query, params);

type Row = Record<string, unknown>;
const conversions = () =>
  sql<Row>(
    'select c.*, r.code from referral_conversions c join referral_referrers r on r.id = c.referrer_id',
  );
const conversionOf = async (studentId: string) =>
  (await conversions()).find((row) => row['student_id'] === studentId);

async function register(code: string, n: number) {
  const person = {
    name: 'Дана',
    email: `${code}@mail.leadwire-sample.kz`,
    phone: `+7700000${String(1_000 + n)}`,
  };
  await registerReferrer(bus, { ...person, code }, new Date());
  await waitFor(
    async () => (await sql('select 1 from referral_referrers where code = $1', [code])).length,
    { timeoutMs: 60_000, what: `the row of ${code}` },
  );
  return person;
}

interface Buyer {
  id: string;
  email: string;
  amount: number;
}

const buyer = (id: string, amount = 5_000): Buyer => ({
  id,
  amount,
  email: `${id}@mail.leadwire-sample.kz`,
});

/** Stored once more each time, as a broker that forgot would. */
async function sell({ id, email, amount }: Buyer): Promise<void> {
  const saleId = saleIdOf(id);
  const at = new Date().toISOString();
  const data = { saleId, studentId: id, email, phone: null, product: 'Аналитика', course: null };
  const made = { source: 'test', subject: id, data: { ...data, amount, at } };
  await bus.publish(subjects.sale('recorded', id, saleId), makeEvent('sale.recorded.v1', made));
}

async function refund({ id }: Buyer): Promise<void> {
  const saleId = saleIdOf(id);
  const data = { saleId, studentId: id, at: new Date().toISOString() };
  const event = makeEvent('sale.refunded.v1', { source: 'test', subject: id, data });
  await bus.publish(subjects.sale('refunded', id, saleId), event);
}

async function bring({ email }: Buyer, code: string, phone: string | null = null): Promise<void> {
  const lead = someLead({ email, phone, metadata: { ref: code } });
  await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
}

async function allIsDone(): Promise<void> {
  const manager = await bus.manager();
  const durables = [
    ['SALES', 'referrals-sales'],
    ['LEADS', 'referrals-leads'],
  ] as const;
  for (const [stream, durable] of durables) {
    await waitFor(
      async () => {
        const { num_pending, num_ack_pending } = await manager.consumers.info(stream, durable);
        return num_pending + num_ack_pending === 0;
      },
      { timeoutMs: 240_000, what: `${durable} to be done` },
    );
  }
}

test('sales wait for a tier, then are told once by mail and SMS; whatever the order, the end is the same', async () => {
  const dana = await register('dana', 1);
  const early = buyer('st-early');
  await sell(early);
  await bring(early, 'DANA');
  await allIsDone();
  const noTiers = await bus.lastUnder('ALERTS', 'alerts.warning.referrals_no_tiers');
  expect(noTiers).toBeDefined();
  expect(await conversions()).toEqual([]);

  await sql(
    'insert into referral_commission_tiers values (1, 10, null), (4, null, 700), (10, 20, 500)',
  );
  const first = await waitFor(() => conversionOf('st-early'), { timeoutMs: 60_000 });
  await waitFor(async () => {
    const last = await bus.lastUnder('ALERTS', 'alerts.warning.referrals_no_tiers');
    return JSON.stringify(last?.event).includes('"resolved"');
  });
  expect(first).toMatchObject({ code: 'dana', tier: 1, status: 'pending', product: 'Аналитика' });
  expect(Number(first['commission'])).toBe(500);
  const [mail, ...moreMails] = await waitFor(
    async () => {
      const mails = await sandbox.control.mails(dana.email);
      return mails.length > 0 ? mails : undefined;
    },
    { timeoutMs: 60_000, what: 'the mail' },
  );
  expect(moreMails).toEqual([]);
  expect(mail?.text).toMatch(/Вам начислена комиссия 500\s₸/);
  const sms = await waitFor(
    async () => {
      const all = await sandbox.control.sms(dana.phone.replace('+', ''));
      return all.length > 0 ? all : undefined;
    },
    { timeoutMs: 60_000, what: 'the SMS' },
  );
  expect(sms).toHaveLength(1);
  expect(sms[0]?.text).toMatch(/вам начислено 500\s₸/);

  // Refunded before it is sold; brought by two; by somebody who was banned; by oneself.
  const [refunded, twice, banned, self] = ['st-refunded', 'st-twice', 'st-banned', 'st-self'].map(
    (id) => buyer(id),
  ) as [Buyer, Buyer, Buyer, Buyer];
  await Promise.all([register('timur', 2), register('gone', 3)]);
  await sql("update referral_referrers set is_active = false where code = 'gone'");
  await refund(refunded);
  await bring(refunded, 'dana');
  await bring(twice, 'timur');
  await bring(twice, 'dana');
  await bring(banned, 'gone');
  await bring(self, 'dana', dana.phone);
  await allIsDone();
  for (const each of [refunded, twice, banned, self]) await sell(each);
  await allIsDone();
  expect(await conversionOf('st-refunded')).toMatchObject({ status: 'reversed', told_at: null });
  expect(await conversionOf('st-twice')).toMatchObject({ code: 'timur', status: 'pending' });
  expect(await conversionOf('st-banned')).toBeUndefined();
  expect(await conversionOf('st-self')).toMatchObject({ status: 'held', reason: 'self_referral' });
  const remarks = await sql<Row>('select kind from referral_remarks order by kind');
  expect(remarks.map(({ kind }) => kind)).toEqual([
    'referrer_inactive',
    'second_code',
    'self_referral',
  ]);
  expect(await bus.lastUnder('ALERTS', 'alerts.*.referrals_self_referral')).toBeDefined();

  // Refunded after the commission was paid: it is taken back, and a person is told once.
  const [paid] = await sql<{ id: string }>(
    "update referral_conversions set status = 'paid', paid_at = now() where student_id = 'st-early' returning id",
  );
  await refund(early);
  await refund(early);
  await allIsDone();
  expect(await conversionOf('st-early')).toMatchObject({ status: 'reversed' });
  const alerts = await sql<Row>(
    "select kind, about from referral_remarks where kind = 'refund_after_payment'",
  );
  expect(alerts).toEqual([{ kind: 'refund_after_payment', about: paid?.id }]);
  const told = await bus.lastUnder('ALERTS', 'alerts.warning.referrals_refund_after_payment');
  expect(told?.event).toMatchObject({
    data: { message: expect.stringContaining(String(paid?.id)) },
  });
}, 300_000);

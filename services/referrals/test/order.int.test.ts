/** Sales in any order, with a database whose answers get lost, against a calculation made apart. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeEvent } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { saleIdOf } from '@leadwire/shared/contract/sale-facts';
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { createLog } from '@leadwire/shared/runtime/log';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { createHandlers } from '../src/handler.ts';
import { createSettle, tellReferrers } from '../src/settle.ts';
import { createReferralStore } from '../src/store.ts';

let landing: TestLanding;
beforeAll(async () => {
  landing = await startLanding();
}, 180_000);
afterAll(() => landing?.close());

/** A generator of its own, so that a failure can be looked at again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Every eighth call is cut off, before or after it took effect, as by a kill at that step. */
function cutOff(database: Database, random: () => number): Database {
  const sometimes = async <T>(work: () => Promise<T>): Promise<T> => {
    const fate = random() * 16;
    if (fate < 1) throw new Error('cut off before');
    const answer = await work();
    if (fate < 2) throw new Error('cut off after');
    return answer;
  };
  return {
    ...database,
    storeRows: (...args) => sometimes(() => database.storeRows(...args)),
    call: (...args) => sometimes(() => database.call(...args)),
  };
}

async function untilDone(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!/^cut off/.test((error as Error).message)) throw error;
    }
  }
}

const SALES = process.env['LEADWIRE_LONG_FORMS'] ? 200 : 54;

test(`${SALES} sales in a random order with repeats, refunds and lost answers earn what a calculation made apart says`, async () => {
  const random = randomFrom(20_261_129);
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = landing.env;
  const log = createLog('referrals', 'silent');
  const store = createReferralStore(
    cutOff(createDatabase({ project: 'landing', url, serviceKey }), random),
  );
  const done = () => Promise.resolve();
  const alerts = { raise: done, resolve: done, report: done };
  const { onLead, onSale } = createHandlers({
    store,
    settle: createSettle({ store, alerts, log }),
    log,
  });

  const codes = ['alpha', 'beta', 'gamma'];
  await landing.landing.sql(
    `insert into referral_commission_tiers values (1, 10, null), (4, null, 700), (10, 20, 500)`,
  );
  for (const code of codes) {
    await landing.landing.sql('insert into referral_referrers (code, email) values ($1, $2)', [
      code.toUpperCase(),
      `${code}@leadwire-sample.kz`,
    ]);
  }
  const buyers = Array.from({ length: SALES }, (_, n) => ({
    id: `st-${n}`,
    email: `buyer${n}@leadwire-sample.kz`,
    amount: 1_000 * (1 + Math.floor(random() * 20)),
    code: codes[Math.floor(random() * 3)]!,
  }));
  type Fact = readonly ['lead' | 'sale' | 'refund', (typeof buyers)[number]];
  const facts = shuffled<Fact>(
    [
      ...buyers.map((each) => ['sale', each] as const),
      ...buyers.slice(0, SALES / 2).map((each) => ['sale', each] as const),
      ...buyers.slice(SALES * 0.375, SALES * 0.625).map((each) => ['refund', each] as const),
      ...buyers.map((each) => ['lead', each] as const),
    ],
    random,
  );

  for (const [what, { id, email, amount, code }] of facts) {
    const at = new Date().toISOString();
    const sale = { saleId: saleIdOf(id), studentId: id, at };
    const made = { source: 'test', subject: id };
    if (what === 'lead') {
      const event = leadCreated(
        someLead({ leadId: newId(), email, phone: null, utm: { source: `ref_${code}` } }),
      );
      await untilDone(() => onLead(event));
    } else if (what === 'sale') {
      const data = { ...sale, email, phone: null, product: 'Аналитика', course: null, amount };
      const event = makeEvent('sale.recorded.v1', { ...made, data });
      await untilDone(() => onSale(event));
    } else {
      const event = makeEvent('sale.refunded.v1', { ...made, data: sale });
      await untilDone(() => onSale(event));
    }
  }

  // Apart: no tables and no rules of the service, only the order in which things became known.
  const expected: Record<string, string> = {};
  const known = { lead: new Set<string>(), sale: new Set<string>(), refund: new Set<string>() };
  const counts = new Map<string, number>();
  const reached = new Set<string>();
  for (const [what, { id, amount, code }] of facts) {
    known[what].add(id);
    const count = counts.get(code) ?? 0;
    const isRefunded = known.refund.has(id);
    const before = expected[id];
    if (before?.endsWith('pending') && isRefunded) {
      expected[id] = before.replace('pending', 'reversed');
      counts.set(code, count - 1);
    }
    if (before !== undefined || !known.lead.has(id) || !known.sale.has(id)) continue;
    const n = count + 1;
    if (n >= 10) reached.add(code);
    const money = n >= 10 ? amount / 5 + 500 : n >= 4 ? 700 : amount / 10;
    expected[id] = `${code} ${money} ${isRefunded ? 'reversed' : 'pending'}`;
    if (!isRefunded) counts.set(code, n);
  }
  const rows = await landing.landing.sql<Record<string, unknown>>(
    'select c.*, lower(r.code) as code from referral_conversions c join referral_referrers r on r.id = c.referrer_id',
  );
  const actual = rows.map((row) => [
    row['student_id'],
    `${String(row['code'])} ${Number(row['commission'])} ${String(row['status'])}`,
  ]);
  // Each has sales of every tier, the last one begins at ten.
  expect([...reached].sort()).toEqual(codes);
  expect(Object.keys(expected)).toHaveLength(SALES);
  expect(Object.fromEntries(actual)).toEqual(expected);

  const told: string[] = [];
  const tell = ({ conversionId }: { conversionId: string }) =>
    Promise.resolve(void told.push(conversionId));
  let before = -1;
  while (told.length > before) {
    before = told.length;
    await untilDone(() => tellReferrers(store, tell));
  }
  const pending = rows.filter(({ status }) => status === 'pending').map(({ id }) => id);
  // A repeat is the same message; who got their money back before is not told.
  expect([...new Set(told)].sort()).toEqual(pending.sort());
}, 300_000);

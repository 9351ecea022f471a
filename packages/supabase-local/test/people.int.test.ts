/** Which facts become one person, whatever their order, and what a person has to decide. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestProject } from '@leadwire/testing/database-process';
import { LANDING_MIGRATIONS } from '../src/migrations.ts';
import { addPeople, clientWith, signIn, startLanding, SERVICE_KEY } from './people.ts';

const id = (n: number) => `6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f${String(n).padStart(4, '0')}`;
const phone = (n: number) => `+7700000${String(n).padStart(4, '0')}`;
const mail = (n: number) => `m${n}@leadwire-sample.kz`;
const at = (hour: number) => new Date(Date.UTC(2026, 0, 5, hour)).toISOString();

interface Fact {
  lead?: number;
  sale?: number;
  phone?: number;
  email?: number;
  hour: number;
}

let landing: TestProject;

beforeAll(async () => {
  landing = await startLanding();
}, 120_000);
afterEach(async () => {
  for (const table of ['landing_leads', 'sales', 'people', 'identity_conflicts'])
    await landing.sql(`delete from ${table}`);
});
afterAll(() => landing.close());

async function store(name: string, rows: object[]): Promise<void> {
  await clientWith(landing, SERVICE_KEY).rpc(name, { rows }).throwOnError();
}

async function happens(fact: Fact): Promise<void> {
  const contacts = {
    phone: fact.phone === undefined ? null : phone(fact.phone),
    email: fact.email === undefined ? null : mail(fact.email),
  };
  if (fact.lead !== undefined) {
    const leadId = id(fact.lead);
    await store('leadwire_store_leads', [{ leadId, ...contacts, receivedAt: at(fact.hour) }]);
    await store('leadwire_tie_people', [{ leadId, ...contacts, at: at(fact.hour) }]);
    return;
  }
  const sale = { saleId: id(fact.sale ?? 0), studentId: `s${fact.sale}` };
  await store('leadwire_store_sales', [{ ...sale, ...contacts, amount: 1, soldAt: at(fact.hour) }]);
  await store('leadwire_tie_people', [{ ...sale, ...contacts, at: at(fact.hour) }]);
}

/** Everything that reports and people read of it, in the words of the facts. */
async function found() {
  const people = await landing.sql<{ value: string; person: string }>(
    "select value, person_id as person from person_identities where kind <> 'student' order by 1, 2",
  );
  const sales = await landing.sql<{ id: string; first: string | null; last: string | null }>(
    'select right(id::text, 2) as id, right(first_lead_id::text, 2) as first, right(last_lead_id::text, 2) as last from sales order by id',
  );
  const leads = await landing.sql(
    'select right(id::text, 2) as id, person_id as person from landing_leads order by id',
  );
  const open = await landing.sql<{ email: string }>(
    'select email from identity_conflicts where decision is null order by 1',
  );
  return { people, sales, leads, open: open.map(({ email }) => email) };
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = (n: number) => (Math.imul(n + 1, 2_654_435_761) ^ (seed * 40_503)) >>> 0;
  return items
    .map((item, n) => ({ item, by: random(n) }))
    .sort((a, b) => a.by - b.by)
    .map(({ item }) => item);
}

const FACTS: readonly Fact[] = [
  // One who came twice, once with the address alone, and bought.
  { lead: 1, phone: 1, email: 1, hour: 1 },
  { lead: 2, email: 1, hour: 2 },
  { lead: 3, phone: 1, hour: 3 },
  { sale: 11, phone: 1, hour: 4 },
  // Known by an address alone.
  { lead: 4, email: 4, hour: 5 },
  { sale: 14, email: 4, hour: 6 },
  // One address, two phones: nobody is merged.
  { lead: 5, phone: 5, email: 5, hour: 7 },
  { lead: 6, phone: 6, email: 5, hour: 8 },
  // Bought under another phone than that of the lead with the same address.
  { lead: 7, phone: 7, email: 7, hour: 9 },
  { sale: 17, phone: 8, email: 7, hour: 10 },
  // A lead long after the sale did not lead to it.
  { sale: 19, phone: 9, hour: 11 },
  { lead: 9, phone: 9, hour: 36 },
];

describe('facts in any order, with repeats', () => {
  test.each([1, 2, 3])('become the same people and the same sums (%i)', async (seed) => {
    for (const fact of shuffled([...FACTS, ...FACTS.slice(0, 5)], seed)) await happens(fact);
    const { people, sales, leads, open } = await found();
    expect(new Set(people.map(({ person }) => person)).size).toBe(7);
    expect(sales).toEqual([
      { id: '11', first: '01', last: '03' },
      { id: '14', first: '04', last: '04' },
      { id: '17', first: '07', last: '07' },
      { id: '19', first: null, last: null },
    ]);
    const [one, two, three] = leads;
    expect([two?.['person'], three?.['person']]).toEqual([one?.['person'], one?.['person']]);
    expect(open).toEqual([mail(5), mail(7)]);
  });
});

test('a deal that is a sale counts until the platform tells of the same person, in any order', async () => {
  const deal = { saleId: id(31), studentId: 'deal-1', dealId: 1 };
  const contacts = { phone: phone(1), email: null };
  const tellDeal = async (saleId: string, dealId: number, hour: number) => {
    const sale = { ...deal, saleId, dealId, ...contacts };
    await store('leadwire_store_sales', [{ ...sale, amount: 1, soldAt: at(hour) }]);
    await store('leadwire_tie_people', [{ saleId, ...contacts, at: at(hour) }]);
  };
  const counting = async () =>
    (
      await landing.sql<{ id: string }>(
        'select right(id::text, 2) as id from sales where superseded_by is null order by id',
      )
    ).map((row) => row.id);
  await tellDeal(id(32), 2, 2);
  expect(await counting()).toEqual(['32']);
  await tellDeal(id(31), 1, 1);
  expect(await counting()).toEqual(['31']);
  await happens({ sale: 33, phone: 1, hour: 3 });
  await tellDeal(id(31), 1, 1);
  expect(await counting()).toEqual(['33']);
});

test('nobody finds out by trying numbers who a person is; ids of before get a key, and keep what is theirs', async () => {
  const plain = "md5('leadwire.person:' || kind || ':' || value)::uuid";
  const bare = () => landing.sql(`select value from person_identities where person_id = ${plain}`);
  await happens({ lead: 1, phone: 1, email: 1, hour: 1 });
  await happens({ sale: 11, phone: 1, hour: 2 });
  expect(await bare()).toEqual([]);
  const before = await found();
  // As an older version made them.
  await landing.sql(
    `insert into people select md5('leadwire.person:phone:${phone(1)}')::uuid, since from people`,
  );
  await landing.sql(
    `select leadwire_merge_person(i.person_id, md5('leadwire.person:phone:' || value)::uuid)
       from person_identities i where kind = 'phone'`,
  );
  expect(await bare()).toHaveLength(1);
  const file = readFileSync(path.join(LANDING_MIGRATIONS, '20261129211000_people.sql'), 'utf8');
  const [, block = ''] =
    /-- People whose ids were made without a key[^\n]*\n(do [^]*?\$\$;)/.exec(file) ?? [];
  for (const run of [1, 2]) {
    await landing.sql(block);
    expect([run, await found()]).toEqual([run, before]);
  }
});

describe('one address of several people', () => {
  beforeAll(async () => {
    await addPeople(landing);
  }, 60_000);
  const conflicts = async (person: 'sales' | 'viewer') => {
    const client = await signIn(landing, person);
    const answer = await client.rpc('console_identity_conflicts', { most: 10 });
    const found = answer.data as { id: string; email: string; people: object[] }[];
    return { found, error: answer.error };
  };
  const decide = async (person: 'sales' | 'viewer', conflict: string, decided: string) =>
    (await signIn(landing, person)).rpc('console_decide_identity', { conflict, decided });

  test('is shown to whoever sees contacts, and a word of theirs makes one person of them', async () => {
    for (const fact of FACTS) await happens(fact);
    const { found: waiting } = await conflicts('sales');
    const asked = waiting.find(({ email }) => email === mail(5));
    expect(asked?.people).toEqual([
      { phone: phone(5), leadId: id(5), name: null, leads: 1, sales: 0 },
      { phone: phone(6), leadId: id(6), name: null, leads: 1, sales: 0 },
    ]);
    expect((await conflicts('viewer')).error?.code).toBe('42501');
    expect((await decide('viewer', asked?.id ?? '', 'same')).error?.code).toBe('42501');
    expect((await decide('sales', asked?.id ?? '', 'same')).data).toBe(true);
    expect((await decide('sales', asked?.id ?? '', 'same')).data).toBe(false);

    await happens({ lead: 8, phone: 6, hour: 20 });
    await happens({ sale: 15, phone: 6, hour: 21 });
    const { leads, sales, open } = await found();
    const persons = leads.filter(({ id: lead }) => ['05', '06', '08'].includes(String(lead)));
    expect(new Set(persons.map(({ person }) => person)).size).toBe(1);
    expect(sales).toContainEqual({ id: '15', first: '05', last: '08' });
    expect(open).toEqual([mail(7)]);
  });

  test('stays as it is when they are different, until one more has it', async () => {
    for (const n of [5, 6]) await happens({ lead: n, phone: n, email: 5, hour: n });
    const [asked] = (await conflicts('sales')).found;
    await decide('sales', asked?.id ?? '', 'different');
    await happens({ lead: 8, phone: 5, email: 5, hour: 8 });
    expect((await found()).open).toEqual([]);
    await happens({ lead: 9, phone: 9, email: 5, hour: 9 });
    expect((await found()).open).toEqual([mail(5)]);
  });
});

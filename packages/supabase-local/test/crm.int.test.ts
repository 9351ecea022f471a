import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '@supabase/supabase-js';
import { SERVICE_KEY, startLanding } from './people.ts';
import type { TestProject } from '@leadwire/testing/database-process';

const KEY = SERVICE_KEY;
const LEAD = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0011';

let landing: TestProject;

beforeAll(async () => {
  landing = await startLanding();
}, 60_000);
afterEach(async () => {
  await landing.sql(`
    with a as (delete from landing_leads), b as (delete from unified_lead_tracking),
      c as (delete from integration_tokens)
    delete from crm_deals`);
});
afterAll(() => landing.close());

async function store(name: string, rows: unknown[]): Promise<void> {
  const { error } = await createClient(landing.url, KEY).rpc(name, { rows });
  if (error) throw new Error(`${error.code}: ${error.message}`);
}

type Row = Record<string, unknown>;

/** A fact about the lead's deal at `minute` past ten. */
const fact = (outcome: string, minute: number, more: Row = {}): Row => ({
  leadId: LEAD,
  outcome,
  eventId: `${outcome}-${minute}`,
  at: `2026-01-05T10:${String(minute).padStart(2, '0')}:00.000Z`,
  ...more,
});

const lead = {
  leadId: LEAD,
  kind: 'proftest',
  name: 'Айгерим',
  phone: '+77051234567',
  receivedAt: '2026-01-05T10:00:00.000Z',
  eventId: 'lead-event',
};

const shown = async (): Promise<Row> => {
  const [row] = await landing.sql<Row>(`
    select l.amocrm_synced, l.amocrm_deal_id, l.amocrm_contact_id, l.amocrm_stage_id, l.amocrm_stage,
      l.amocrm_error, l.amocrm_synced_at, l.amocrm_deleted_at, u.amocrm_synced as u_synced,
      u.amocrm_deal_id as u_deal
    from landing_leads l join unified_lead_tracking u on u.lead_id = l.id`);
  return row!;
};

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, at) =>
    permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]),
  );
}

describe('what became of a deal', () => {
  const facts = [
    fact('failed', 1, { reason: 'attempts_spent', error: 'AmoCRM: HTTP 504' }),
    fact('synced', 2, { dealId: 11, contactId: 7, stageId: 20, stage: 'Оплата Kaspi' }),
    fact('moved', 3, { dealId: 11, stageId: 31, stage: 'Урок 1' }),
  ];

  test('shows in the lead and in the unified row', async () => {
    await store('leadwire_store_leads', [lead]);
    await store('leadwire_store_crm', [facts[0]]);
    expect(await shown()).toMatchObject({
      amocrm_synced: false,
      amocrm_error: 'AmoCRM: HTTP 504',
      u_synced: false,
    });
    await store('leadwire_store_crm', facts.slice(1));
    expect(await shown()).toMatchObject({
      amocrm_synced: true,
      amocrm_deal_id: 11,
      amocrm_contact_id: 7,
      amocrm_stage_id: 31,
      amocrm_stage: 'Урок 1',
      amocrm_error: null,
      u_synced: true,
      u_deal: 11,
    });
  });

  test('is the same in any order, the lead among them, one by one and twice', async () => {
    const all = [...facts, fact('deleted', 4, { dealId: 11 })];
    const states = new Set<string>();
    for (const order of permutations([lead, ...all])) {
      for (const row of order) {
        await store(row === lead ? 'leadwire_store_leads' : 'leadwire_store_crm', [row]);
      }
      await store('leadwire_store_crm', all);
      states.add(JSON.stringify(await shown()));
      await landing.sql(
        'with a as (delete from landing_leads), b as (delete from crm_deals) delete from unified_lead_tracking',
      );
    }
    expect([...states]).toHaveLength(1);
    expect(JSON.parse([...states][0]!)).toMatchObject({
      amocrm_synced: true,
      amocrm_deal_id: 11,
      amocrm_stage_id: null,
      amocrm_error: null,
      amocrm_deleted_at: expect.stringMatching(/^2026-01-05T10:04:00/),
    });
  }, 60_000);

  test('of a student without a lead is kept by itself', async () => {
    await store('leadwire_store_crm', [fact('synced', 1, { studentId: 'st-1', dealId: 5 })]);
    expect(await landing.sql('select student_id, deal_id from crm_deals')).toEqual([
      { student_id: 'st-1', deal_id: 5 },
    ]);
    expect(await landing.sql('select id from landing_leads')).toEqual([]);
  });

  test('that is none is refused by its row', async () => {
    await expect(store('leadwire_store_crm', [facts[0], fact('sold', 1)])).rejects.toThrow(
      '22023: row 1: outcome: expected synced, failed, moved or deleted',
    );
  });
});

describe('who has a lead', () => {
  const [dana, erlan] = [
    '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0021',
    '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0022',
  ];
  const word = (staffId: string | null, minute: number) => ({
    leadId: LEAD,
    staffId,
    at: `2026-01-05T10:0${minute}:00.000Z`,
    eventId: `assigned-${minute}`,
  });
  const has = () =>
    landing.sql<Row>(
      'select manager_id, taken_at, amocrm_deal_id, amocrm_synced from landing_leads',
    );

  test('is who the latest word names, whatever the order, before and after the lead’s row and its deal', async () => {
    const steps: [string, Row][] = [
      ['leadwire_store_leads', lead],
      ['leadwire_store_crm', fact('synced', 2, { dealId: 11 })],
      ['leadwire_store_assignments', word(dana, 1)],
      ['leadwire_store_assignments', word(erlan, 3)],
    ];
    for (const order of permutations(steps)) {
      for (const [name, row] of [...order, order[0]!]) await store(name, [row]);
      const shownNow = await has();
      expect({ order, rows: shownNow }).toMatchObject({
        order,
        rows: [
          {
            manager_id: erlan,
            taken_at: expect.stringMatching(/^2026-01-05T10:03:00/),
            amocrm_deal_id: 11,
            amocrm_synced: true,
          },
        ],
      });
      await landing.sql(
        'with a as (delete from landing_leads), b as (delete from unified_lead_tracking) delete from crm_deals',
      );
    }
  }, 120_000);

  test('may be nobody again; one batch with both ends with the later', async () => {
    await store('leadwire_store_leads', [lead]);
    await store('leadwire_store_assignments', [word(erlan, 3), word(null, 4), word(dana, 1)]);
    expect(await has()).toMatchObject([{ manager_id: null, taken_at: null }]);
    await store('leadwire_store_assignments', [word(dana, 5)]);
    await expect(
      store('leadwire_store_assignments', [{ ...word(dana, 1), staffId: 'Дана' }]),
    ).rejects.toThrow('22023: row 0: staffId: expected a uuid');
    expect(await has()).toMatchObject([{ manager_id: dana }]);
  });
});

test('a pair of tokens is replaced by a newer one only', async () => {
  const pair = (version: number) => ({
    service: 'amocrm',
    accessToken: `access-${version}`,
    refreshToken: `refresh-${version}`,
    expiresAt: '2026-01-06T10:00:00.000Z',
    version,
  });
  for (const version of [2, 1, 3, 3]) await store('leadwire_store_tokens', [pair(version)]);
  expect(await landing.sql('select access_token, version from integration_tokens')).toEqual([
    { access_token: 'access-3', version: 3 },
  ]);
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '@supabase/supabase-js';
import { SERVICE_KEY, startLanding } from './people.ts';
import type { TestProject } from '@leadwire/testing/database-process';

const KEY = SERVICE_KEY;
const LEAD = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001';
const DELIVERY = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0002';

function connect(project: TestProject) {
  return createClient(project.url, KEY);
}

type Client = ReturnType<typeof connect>;

let landing: TestProject;
let client: Client;

beforeAll(async () => {
  landing = await startLanding();
  client = connect(landing);
}, 60_000);

afterEach(wipe);

afterAll(async () => {
  await landing.close();
});

interface Fact {
  outcome: string;
  [field: string]: unknown;
}

/** An outcome of the SMS at `minute` past ten, its event named after both. */
function fact(outcome: string, minute: number, extra: Record<string, unknown> = {}): Fact {
  return {
    deliveryId: DELIVERY,
    leadId: LEAD,
    channel: 'sms',
    template: 'proftest-result',
    outcome,
    at: `2026-01-05T10:${String(minute).padStart(2, '0')}:00.000Z`,
    eventId: `${outcome}-${minute}`,
    ...extra,
  };
}

const lead = {
  leadId: LEAD,
  kind: 'proftest',
  campaign: 'spring_a',
  name: 'Айгерим',
  email: 'aigerim@mail.example-lead.kz',
  phone: '+77051234567',
  contactIssues: [],
  paymentMethod: null,
  answers: { q1: 'да' },
  utm: { source: 'instagram', medium: 'cpc', campaign: 'spring' },
  metadata: { screen: { width: 390 } },
  receivedAt: '2026-01-05T10:00:00.000Z',
  eventId: 'lead-event',
  eventSeq: 7,
};

async function store(name: string, rows: unknown[]): Promise<unknown> {
  const result = await client.rpc(name, { rows });
  if (result.error) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.data as unknown;
}

async function one(table: string, columns = '*'): Promise<Record<string, unknown>> {
  const { data } = await client.from(table).select(columns).single().throwOnError();
  return data as unknown as Record<string, unknown>;
}

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, at) =>
    permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]),
  );
}

/** Everything but the moments of writing. */
async function state(): Promise<unknown> {
  const rows: Record<string, unknown>[] = [];
  for (const table of [
    'scheduled_notifications',
    'landing_leads',
    'unified_lead_tracking',
    'short_links',
  ]) {
    const row = await one(table);
    delete row['updated_at'];
    if (table === 'unified_lead_tracking') delete row['id'];
    rows.push(row);
  }
  return rows;
}

/** Deletes rather than truncates: on tables this small it takes a tenth of the time. */
async function wipe(): Promise<void> {
  await landing.sql(`
    with a as (delete from landing_leads), b as (delete from unified_lead_tracking),
      c as (delete from scheduled_notifications), d as (delete from short_links),
      e as (delete from short_link_clicks)
    delete from integration_logs`);
}

describe('leadwire_store_leads', () => {
  test('stores a lead with its attribution, and the unified row with it', async () => {
    expect(await store('leadwire_store_leads', [lead])).toBe(1);
    expect(await one('landing_leads')).toMatchObject({
      id: LEAD,
      source: 'proftest_spring_a',
      utm_source: 'instagram',
      answers: { q1: 'да' },
      metadata: { screen: { width: 390 } },
      created_at: '2026-01-05T10:00:00+00:00',
      sms_status: null,
      sms_sent: false,
    });
    expect(await one('unified_lead_tracking')).toMatchObject({ lead_id: LEAD, phone: lead.phone });
  });

  test('a repeat changes nothing that came later', async () => {
    await store('leadwire_store_leads', [lead, { ...lead, name: 'Twice' }]);
    await store('leadwire_store_outcomes', [fact('sent', 10)]);
    const before = await one('landing_leads');
    expect(await store('leadwire_store_leads', [{ ...lead, name: 'Other' }])).toBe(0);
    expect(await one('landing_leads')).toEqual(before);
  });

  test('one bad row refuses the batch and says which and why', async () => {
    const bad = { ...lead, leadId: 'nobody' };
    await expect(store('leadwire_store_leads', [lead, bad])).rejects.toThrow(
      '22023: row 1: leadId: expected a uuid',
    );
    expect(await landing.sql('select id from landing_leads')).toEqual([]);
  });
});

describe('leadwire_store_outcomes', () => {
  const story = [
    fact('planned', 0, {
      scheduledFor: '2026-01-05T10:10:00.000Z',
      shortLink: { code: 'aB3', url: 'https://leadwire.kz/r' },
    }),
    fact('sent', 10, {
      providerId: 'm-1',
      attempts: 1,
      shortLink: { code: 'aB3', url: 'https://leadwire.kz/r' },
    }),
    fact('delivered', 11),
    fact('clicked', 12, { shortLink: { code: 'aB3' } }),
  ];

  test('any order of events, the lead among them, ends in the same state', async () => {
    let expected: unknown;
    for (const [n, order] of permutations(story).entries()) {
      await wipe();
      // The lead comes first, last, and everywhere between.
      for (const item of order.toSpliced(n % 5, 0, { outcome: 'lead' })) {
        if (item.outcome === 'lead') await store('leadwire_store_leads', [lead]);
        else await store('leadwire_store_outcomes', [item]);
      }
      const found = await state();
      expected ??= found;
      expect(found).toEqual(expected);
    }
    expect(expected).toMatchObject([
      {
        status: 'sent',
        provider_id: 'm-1',
        attempts: 1,
        scheduled_for: '2026-01-05T10:10:00+00:00',
      },
      {
        sms_status: 'sent',
        sms_sent: true,
        sms_sent_at: '2026-01-05T10:10:00+00:00',
        sms_error: null,
      },
      { sms_status: 'sent', sms_sent: true },
      { code: 'aB3', clicks: 1, url: 'https://leadwire.kz/r' },
    ]);
  });

  test('one batch, one by one, and everything twice are the same', async () => {
    await store('leadwire_store_leads', [lead]);
    await store('leadwire_store_outcomes', story);
    const whole = await state();
    await store('leadwire_store_outcomes', [...story, ...story]);
    expect(await state()).toEqual(whole);
    await wipe();
    await store('leadwire_store_leads', [lead]);
    for (const item of story) await store('leadwire_store_outcomes', [item]);
    expect(await state()).toEqual(whole);
  });

  test.each([
    [
      'a later attempt turns a failure into sent',
      [fact('failed', 10, { error: 'HTTP 500' }), fact('sent', 15)],
      'sent',
      null,
    ],
    [
      'a failure never undoes sent',
      [fact('sent', 10), fact('failed', 15, { error: 'late' })],
      'sent',
      null,
    ],
    [
      'unknown is settled by a failure',
      [fact('unknown', 10), fact('failed', 9, { error: 'refused' })],
      'failed',
      'refused',
    ],
    [
      'of two failures the later one speaks',
      [fact('failed', 12, { error: 'second' }), fact('failed', 10, { error: 'first' })],
      'failed',
      'second',
    ],
    [
      'a plan never undoes unknown',
      [fact('unknown', 10, { reason: 'no answer' }), fact('planned', 20)],
      'unknown',
      'no answer',
    ],
    [
      "the provider's word outranks our failure",
      [fact('failed', 10, { error: 'timeout' }), fact('delivered', 11)],
      'sent',
      null,
    ],
    [
      'a bounce keeps sent and says why',
      [fact('sent', 10), fact('bounced', 11, { reason: 'no such box' })],
      'sent',
      'no such box',
    ],
  ])('%s, in either order', async (_name, facts, status, problem) => {
    for (const order of permutations(facts)) {
      await wipe();
      await store('leadwire_store_leads', [lead]);
      for (const item of order) await store('leadwire_store_outcomes', [item]);
      expect(await one('landing_leads')).toMatchObject({ sms_status: status, sms_error: problem });
    }
  });

  test('a click counts once per event', async () => {
    const click = fact('clicked', 12, { shortLink: { code: 'aB3' } });
    const other = fact('clicked', 14, { shortLink: { code: 'aB3' } });
    await store('leadwire_store_outcomes', [click, click, other]);
    await store('leadwire_store_outcomes', [other, click]);
    expect(await one('short_links')).toMatchObject({
      clicks: 2,
      first_clicked_at: '2026-01-05T10:12:00+00:00',
      last_clicked_at: '2026-01-05T10:14:00+00:00',
    });
  });

  test('an outcome that is not one is refused by its row', async () => {
    await expect(
      store('leadwire_store_outcomes', [fact('sent', 1), fact('lost', 2)]),
    ).rejects.toThrow('22023: row 1: outcome: expected planned');
    await expect(
      store('leadwire_store_outcomes', [fact('sent', 1, { at: 'soon' })]),
    ).rejects.toThrow('row 0: at: expected a time');
  });
});

test('a log line is written once', async () => {
  const line = {
    eventId: 'log-1',
    service: 'resend',
    action: 'send_email',
    status: 'ok',
    durationMs: 120.6,
    leadId: LEAD,
    at: '2026-01-05T10:10:00.000Z',
  };
  expect(await store('leadwire_store_integration_logs', [line, line])).toBe(1);
  expect(await store('leadwire_store_integration_logs', [line])).toBe(0);
  expect(await one('integration_logs')).toMatchObject({ duration_ms: 121, service: 'resend' });
});

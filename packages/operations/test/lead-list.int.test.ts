/** Leads found in the real database, and whether they are missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { findLeads, type LeadQuery } from '../src/leads/lead-list.ts';
import { lookAtRows } from '../src/health/rows.ts';

let landing: TestLanding;
let database: Database;

/** Invented people, the newest first; each an hour before the one above. */
const PEOPLE = [
  ['Әсел Нұрланқызы', 'asel@leadwire-sample.kz', '+77000004567'],
  ['Айгерим', 'aigerim_1985@leadwire-sample.kz', '+77000001985'],
  ['Fedor 100%', 'fedor@leadwire-sample.kz', '8700000123'],
  ['Фёдор', null, '+77000000004'],
  ['Без имени', 'nobody@leadwire-sample.kz', null],
] as const;
const NEWEST = Date.parse('2026-11-20T10:00:00Z');

beforeAll(async () => {
  landing = await startLanding();
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = landing.env;
  database = createDatabase({ project: 'landing', url, serviceKey });
  for (const [index, person] of PEOPLE.entries()) {
    const at = new Date(NEWEST - index * 3_600_000).toISOString();
    await landing.landing.sql(
      `insert into landing_leads (name, email, phone, source, kind, created_at, quarantined, email_status, sms_status,
         amocrm_error)
       values ($1, $2, $3, $4, 'proftest', $5, $6, $7, $8, $9)`,
      [
        ...person,
        index === 0 ? 'course_purchase' : 'proftest',
        at,
        index === 4,
        ['failed', 'sent', 'unknown', 'skipped', null][index],
        ['pending', 'sent', 'sent', 'skipped', null][index],
        index === 1 ? 'no_stage' : null,
      ],
    );
  }
}, 120_000);
afterAll(() => landing.close());

/** Which people are found, by their place in the list above. */
async function found(query: Partial<LeadQuery>): Promise<number[]> {
  const { leads } = await findLeads(database, { limit: 50, ...query });
  return leads.map(({ at }) => (NEWEST - Date.parse(at)) / 3_600_000);
}

describe('a lead is found', () => {
  test.each([
    ['асел', [0]],
    ['НУРЛАН', [0]],
    ['4567', [0]],
    ['8 700 000-45-67', [0]],
    ['+7 (700) 000-45-67', [0]],
    ['1985', [1]],
    ['айг 1985', [1]],
    ['айг 4567', []],
    ['@leadwire-sample', [0, 1, 2, 4]],
    ['aigerim_1', [1]],
    ['aigerimx1', []],
    ['100%', [2]],
    ['федор', [3]],
    ["' or true --", []],
  ])('by %s', async (text, people) => {
    expect(await found({ text })).toEqual(people);
  });

  test.each([
    [{ state: 'quarantined' }, [4]],
    [{ state: 'failed' }, [0, 1]],
    [{ state: 'unknown' }, [2]],
    [{ state: 'trouble' }, [0, 1, 2, 4]],
    [{ state: 'skipped' }, [3]],
    [{ state: 'waiting' }, [0]],
    [{ source: 'course_purchase' }, [0]],
    [{ kind: 'purchase' }, []],
    [{ since: new Date(NEWEST - 3_600_000) }, [0, 1]],
    [{ until: new Date(NEWEST - 3 * 3_600_000) }, [4]],
    [{ text: 'leadwire', state: 'trouble', source: 'proftest' }, [1, 2, 4]],
  ] as const)('by %j', async (query, people) => {
    expect(await found(query)).toEqual(people);
  });

  test('by nothing of a name without end', async () => {
    expect(await found({ text: 'я'.repeat(4_000) })).toEqual([]);
  });

  test('page by page, each once, in the same order', async () => {
    for (const text of [undefined, 'leadwire']) {
      const all = (await findLeads(database, { text, limit: 50 })).leads;
      const paged: unknown[] = [];
      for (let before: LeadQuery['before']; ;) {
        const page = await findLeads(database, { text, limit: 2, before });
        paged.push(...page.leads);
        before = page.next;
        if (!before) break;
      }
      expect(paged).toEqual(all);
    }
  });

  test.each(['', ' ', 'я', '%'])('by no "%s": it would be nearly every lead', async (text) => {
    await expect(found({ text })).rejects.toMatchObject({ problem: 'too_short' });
  });
});

test('the database says what waits for somebody, and whether leads are missing', async () => {
  const now = new Date(NEWEST + 24 * 3_600_000 - 5 * 3_600_000);
  const parts = (await lookAtRows(database, now)).map(({ part, state, text }) => [
    part,
    state,
    text,
  ]);
  expect(parts).toEqual([
    ['database', 'ok', 'отвечает'],
    ['leads', 'ok', 'последняя 19 часов назад'],
    ['quarantined', 'warning', 'за сутки 1 заявка задержана'],
  ]);
});

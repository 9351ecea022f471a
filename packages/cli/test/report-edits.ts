/** What may become of leads, sales and deals after they were counted, and their sums counted without anything kept. */
import type { TestProject } from '@leadwire/testing/database-process';
import { random } from './month-of-facts.ts';
import { MANAGERS } from './report-staff.ts';

const DAYS = { since: '2026-03-01', until: '2026-03-31' };
const KEPT = { ...DAYS, timeZone: 'Asia/Almaty' };
/** Of the same hours as Almaty, and not kept. */
const ANEW = { ...DAYS, timeZone: 'Asia/Qyzylorda' };

const someManager = () => MANAGERS[random(MANAGERS.length)] ?? null;

/** Taken, or handed over: an older fact may come after a newer one, and the same fact twice. */
function assignment(lead: string): string {
  const at = new Date(Date.parse('2026-04-01T00:00:00Z') + random(40) * 60_000).toISOString();
  const staffId = someManager();
  const row = `jsonb_build_object('leadId', l.id, 'staffId', ${staffId === null ? 'null' : `'${staffId}'`}, 'at', '${at}', 'eventId', '${at}.${staffId}')`;
  return `select leadwire_store_assignments(jsonb_build_array(${row})) from landing_leads l where l.id = ${lead}`;
}

/** Any of these, at any time. The same place is the same row in each run. */
function someEdit(): string {
  const place = (table: string) =>
    `(select id from ${table} order by id limit 1 offset ${random(150)})`;
  const sale = `(select id from sales order by id limit 1 offset ${random(36)})`;
  const edits = [
    assignment(place('landing_leads')),
    assignment(place('landing_leads')),
    assignment(place('landing_leads')),
    `update sales set refunded_at = case when refunded_at is null then now() end where id = ${sale}`,
    `update sales set amount = amount + ${1 + random(900)} where id = ${sale}`,
    `update sales set first_lead_id = ${place('landing_leads')}, last_lead_id = ${place('landing_leads')} where id = ${sale}`,
    `update sales set first_lead_id = null, last_lead_id = null where id = ${sale}`,
    `update sales set superseded_by = case when superseded_by is null then ${sale} end where id = ${sale}`,
    `update sales set sold_at = sold_at + interval '${random(9) - 4} days' where id = ${sale}`,
    `delete from sales where id = ${sale}`,
    `update landing_leads set person_id = (select person_id from landing_leads where id = ${place('landing_leads')})
      where id = ${place('landing_leads')}`,
    `update landing_leads set name = null, phone = null, email = null, person_id = null where id = ${place('landing_leads')}`,
    `update landing_leads set utm_source = 'TikTok', utm_campaign = 'c${random(3)}' where id = ${place('landing_leads')}`,
    `update landing_leads set first_utm_source = 'blog' where id = ${place('landing_leads')}`,
    `update landing_leads set quarantined = not quarantined where id = ${place('landing_leads')}`,
    `update landing_leads set created_at = created_at + interval '${random(60) - 30} hours' where id = ${place('landing_leads')}`,
    `update landing_leads set email_clicked_at = now(), contact_issues = '["phone_invalid"]' where id = ${place('landing_leads')}`,
    `delete from landing_leads where id = ${place('landing_leads')}`,
    `insert into landing_leads (id, kind, utm_source, created_at, person_id) select gen_random_uuid(), kind, 'Google',
      created_at + interval '${random(50)} hours', person_id from landing_leads where id = ${place('landing_leads')}`,
    `insert into crm_deals (id, deal_id, moved_at) select id, ${1 + random(9_999)}, created_at + interval '${random(5_000)} minutes'
      from landing_leads where id = ${place('landing_leads')}
      on conflict (id) do update set deal_id = excluded.deal_id, moved_at = excluded.moved_at`,
    `insert into sales (id, student_id, amount, sold_at, last_lead_id) select gen_random_uuid(), gen_random_uuid()::text, 700,
      created_at + interval '2 days', id from landing_leads where id = ${place('landing_leads')}`,
  ];
  return edits[random(edits.length)] ?? '';
}

const KEYS = {
  source: `lower(coalesce(l.utm_source, ''))`,
  manager: `coalesce(l.manager_id::text, '')`,
} as const;
type Key = keyof typeof KEYS;

/**
 * Of the last touch, by source or manager: what reports say, from the rows themselves. `$1`, `$2`: the first day and the
 * one after the last.
 */
const countedBy = (by: Key) => `
  with came as (
    select l.id, coalesce(l.person_id, l.id) as person, ${KEYS[by]} as key,
      floor(extract(epoch from d.first_moved_at - l.created_at) / 60)::int as minutes
    from landing_leads l left join crm_deals d on d.id = l.id and d.first_moved_at > l.created_at
    where not l.quarantined and l.created_at >= $1::timestamp at time zone 'Asia/Almaty'
      and l.created_at < $2::timestamp at time zone 'Asia/Almaty'
  ), bought as (
    select c.key, count(*) filter (where s.refunded_at is null)::int as sales,
      count(*) filter (where s.refunded_at is not null)::int as refunds,
      coalesce(sum(s.amount) filter (where s.refunded_at is null), 0)::float as revenue
    from came c join sales s on s.last_lead_id = c.id where s.sold_at is not null and s.superseded_by is null group by 1
  )
  select c.key, count(*)::int as leads, count(distinct c.person)::int as people,
    percentile_disc(0.5) within group (order by c.minutes) as "contactMinutes", coalesce(b.sales, 0) as sales,
    coalesce(b.refunds, 0) as refunds, coalesce(b.revenue, 0) as revenue
  from came c left join bought b on b.key = c.key group by c.key, b.sales, b.refunds, b.revenue order by c.key collate "C"`;

interface Reported {
  report: { rows: { keys: string[] | null; leads: number; [name: string]: unknown }[] };
  cohorts: unknown;
}

/** Edits so many times, and answers each edit with what was kept and what is counted anew, of one report and of one grouping. */
export async function editAndCompare({ sql }: Pick<TestProject, 'sql'>, times: number) {
  const query = async (columns: string, asked: Record<string, unknown>) => {
    const [row] = await sql<Reported>(`select ${columns}`, [
      JSON.stringify({ ...asked, unit: 'week', days: [7, 30] }),
    ]);
    return row;
  };
  const REPORT = 'leadwire_report($1::jsonb) as report';
  const ask = (asked: Record<string, unknown>) =>
    query(`${REPORT}, leadwire_report_cohorts($1::jsonb) as cohorts`, asked);
  const seen: { edit: string; kept: unknown; anew: unknown }[] = [];
  for (let n = 0; n < times; n += 1) {
    const edit = someEdit();
    await sql(edit);
    const chosen = {
      touch: n % 2 === 0 ? 'last' : 'first',
      by: ['source', 'ad', 'page', 'day', 'manager'][random(5)],
      ...(random(2) === 0 && { manager: someManager() ?? '' }),
    };
    const by = n % 2 === 0 ? 'source' : 'manager';
    const parted = await query(REPORT, { ...KEPT, by, touch: 'last' });
    const told = (parted?.report.rows ?? []).filter(({ keys, leads }) => keys && leads > 0);
    const counted = await sql(countedBy(by), ['2026-03-01', '2026-04-01']);
    seen.push({
      edit,
      kept: [
        await ask({ ...KEPT, ...chosen }),
        told.map(numbersOf).sort((a, b) => (a.key < b.key ? -1 : 1)),
      ],
      anew: [await ask({ ...ANEW, ...chosen }), counted],
    });
  }
  return seen;
}

function numbersOf({
  keys,
  leads,
  people,
  contactMinutes,
  sales,
  refunds,
  revenue,
}: Reported['report']['rows'][number]) {
  return { key: keys?.[0] ?? '', leads, people, contactMinutes, sales, refunds, revenue };
}

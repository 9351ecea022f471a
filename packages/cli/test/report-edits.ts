/** What may become of leads, sales and deals after they were counted, and their sums counted without anything kept. */
import type { TestProject } from '@leadwire/testing/database-process';
import { random } from './month-of-facts.ts';

const DAYS = { since: '2026-03-01', until: '2026-03-31' };
const KEPT = { ...DAYS, timeZone: 'Asia/Almaty' };
/** Of the same hours as Almaty, and not kept. */
const ANEW = { ...DAYS, timeZone: 'Asia/Qyzylorda' };

/** Any of these, at any time. The same place is the same row in each run. */
function someEdit(): string {
  const place = (table: string) =>
    `(select id from ${table} order by id limit 1 offset ${random(150)})`;
  const sale = `(select id from sales order by id limit 1 offset ${random(36)})`;
  const edits = [
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

/** Of the last touch, by source: what reports say, from the rows themselves. `$1`, `$2`: the first day and the one after the last. */
const COUNTED_BY_SOURCE = `
  with came as (
    select l.id, coalesce(l.person_id, l.id) as person, lower(coalesce(l.utm_source, '')) as source,
      floor(extract(epoch from d.first_moved_at - l.created_at) / 60)::int as minutes
    from landing_leads l left join crm_deals d on d.id = l.id and d.first_moved_at > l.created_at
    where not l.quarantined and l.created_at >= $1::timestamp at time zone 'Asia/Almaty'
      and l.created_at < $2::timestamp at time zone 'Asia/Almaty'
  ), bought as (
    select c.source, count(*) filter (where s.refunded_at is null)::int as sales,
      count(*) filter (where s.refunded_at is not null)::int as refunds,
      coalesce(sum(s.amount) filter (where s.refunded_at is null), 0)::float as revenue
    from came c join sales s on s.last_lead_id = c.id where s.sold_at is not null and s.superseded_by is null group by 1
  )
  select c.source, count(*)::int as leads, count(distinct c.person)::int as people,
    percentile_disc(0.5) within group (order by c.minutes) as "contactMinutes", coalesce(b.sales, 0) as sales,
    coalesce(b.refunds, 0) as refunds, coalesce(b.revenue, 0) as revenue
  from came c left join bought b on b.source = c.source group by c.source, b.sales, b.refunds, b.revenue order by c.source`;

interface Reported {
  report: { rows: { keys: string[] | null; leads: number; [name: string]: unknown }[] };
  cohorts: unknown;
}

/** Edits so many times, and answers each edit with what was kept and what is counted anew, of one report and of the sources. */
export async function editAndCompare({ sql }: Pick<TestProject, 'sql'>, times: number) {
  const ask = async (asked: Record<string, unknown>) => {
    const [row] = await sql<Reported>(
      'select leadwire_report($1::jsonb) as report, leadwire_report_cohorts($1::jsonb) as cohorts',
      [JSON.stringify({ ...asked, unit: 'week', days: [7, 30] })],
    );
    return row;
  };
  const seen: { edit: string; kept: unknown; anew: unknown }[] = [];
  for (let n = 0; n < times; n += 1) {
    const edit = someEdit();
    await sql(edit);
    const chosen = {
      touch: n % 2 === 0 ? 'last' : 'first',
      by: ['source', 'ad', 'page', 'day'][random(4)],
    };
    const sources = await ask({ ...KEPT, by: 'source', touch: 'last' });
    const told = (sources?.report.rows ?? []).filter(({ keys, leads }) => keys && leads > 0);
    const counted = await sql<{ source: string }>(COUNTED_BY_SOURCE, ['2026-03-01', '2026-04-01']);
    seen.push({
      edit,
      kept: [
        await ask({ ...KEPT, ...chosen }),
        told.map(numbersOf).sort((a, b) => (a.source < b.source ? -1 : 1)),
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
  return { source: keys?.[0] ?? '', leads, people, contactMinutes, sales, refunds, revenue };
}

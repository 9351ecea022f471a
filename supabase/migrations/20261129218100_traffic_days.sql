-- Days of targetologists: what the dashboard of the traffic project is told, and what it says of their spend.

-- Where an amount is from: what a person brought in holds, what the dashboard says fills the days and sources without.
alter table public.ad_spend
  add column if not exists origin text not null default 'file' check (origin in ('file', 'traffic'));

-- What came of each day and tag of a targetologist, as reports count it with the last touch: by the day when the lead
-- came, without held leads and refunds. A day without leads is left out. asked: { since, until: days, both included;
-- timeZone }. Answers [{ day, source, staffId, leads, sales, revenue }]
create or replace function public.leadwire_traffic_days(asked jsonb) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  zone text := asked ->> 'timeZone';
  at_from timestamptz := (asked ->> 'since')::date::timestamp at time zone zone;
  at_to timestamptz := ((asked ->> 'until')::date + 1)::timestamp at time zone zone;
begin
  return (
    with tags as (
      select distinct on (lower(u.tag)) lower(u.tag) as source, s.id as staff_id
      from public.staff s cross join unnest(s.utm_sources) as u(tag)
      where s.role = 'targetologist' order by lower(u.tag), s.active desc, s.email
    ), bought as (
      select s.last_lead_id as lead_id, count(*) filter (where s.refunded_at is null) as sales,
        coalesce(sum(s.amount) filter (where s.refunded_at is null), 0) as revenue
      from public.sales s where s.sold_at is not null and s.superseded_by is null and s.last_lead_id is not null
      group by 1
    ), days as (
      select (l.created_at at time zone zone)::date as day, t.source, t.staff_id, count(*) as leads,
        coalesce(sum(b.sales), 0) as sales, coalesce(sum(b.revenue), 0) as revenue
      from public.landing_leads l
      join tags t on t.source = lower(l.utm_source)
      left join bought b on b.lead_id = l.id
      where l.created_at >= at_from and l.created_at < at_to and not l.quarantined
      group by 1, 2, 3
    )
    select coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'source', d.source, 'staffId', d.staff_id,
      'leads', d.leads, 'sales', d.sales, 'revenue', d.revenue) order by d.day, d.source), '[]')
    from days d
  );
end
$$;

-- Takes what the dashboard says of the spend of these days: all of it, so that what is no longer said there goes. Days and
-- sources that a person brought in stay as they are. asked: { since, until: days, both included }.
-- rows: [{ day, source, amount }]. Answers { amount, kept }: what is taken, and how many rows a person's word stands before.
create or replace function public.leadwire_take_traffic_spend(asked jsonb, rows jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  answer jsonb;
begin
  perform public.leadwire_check_rows(rows, '{day,source,amount}', '{}', '{}');
  perform pg_advisory_xact_lock(hashtextextended('leadwire.spend', 0));
  delete from public.ad_spend s
  where s.origin = 'traffic' and s.day between (asked ->> 'since')::date and (asked ->> 'until')::date;
  with summed as (
    select r.day, left(lower(r.source), 200) as source, sum(r.amount) as amount
    from jsonb_to_recordset(rows) as r(day date, source text, amount numeric) where r.amount >= 0
    group by 1, 2
  ), given as (
    select g.*, exists (
        select from public.ad_spend s where s.day = g.day and s.utm_source = g.source
      ) as is_kept
    from summed g
  ), taken as (
    insert into public.ad_spend (day, utm_source, amount, origin)
    select g.day, g.source, g.amount, 'traffic' from given g where not g.is_kept
    returning amount
  )
  select jsonb_build_object('amount', (select coalesce(sum(t.amount), 0) from taken t),
    'kept', (select count(*) from given g where g.is_kept)) into answer;
  return answer;
end
$$;

comment on table public.ad_spend is
  'What advertising cost. Written by owners (leadwire_import_spend) and identity-sync (leadwire_take_traffic_spend).';
select public.leadwire_service_only('{ad_spend}');

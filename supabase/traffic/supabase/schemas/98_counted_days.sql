-- Leads, sales and revenue of the targetologists' days, counted by Leadwire from its facts.

alter table public.traffic_daily_stats
  -- When Leadwire last changed the three; null in a row that it never counted.
  add column counted_at timestamptz;

-- Writes what came of the days from since to until; counting again changes nothing. A day and tag that has several rows has
-- its numbers in the first of them; what was counted once and is no longer given becomes 0. Spend and whatever else the
-- dashboard writes stays. asked: { since, until: days, both included }
-- rows: [{ day, source, staffId, leads, sales, revenue }]. Answers how many rows it changed or added.
create function public.leadwire_put_traffic_days(asked jsonb, rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  changed integer;
  added integer;
begin
  perform public.leadwire_check_rows(rows, '{day,source}', '{staffId}', '{}');
  perform pg_advisory_xact_lock(hashtextextended('leadwire.traffic_days', 0));
  with given as (
    select * from jsonb_to_recordset(rows) as r(
      day date, source text, "staffId" uuid, leads integer, sales integer, revenue numeric
    )
  ), stored as (
    select t.id::text as id, t.day, lower(t.utm_source) as source, t.counted_at,
      row_number() over (partition by t.day, lower(t.utm_source) order by t.id::text) = 1 as is_first
    from public.traffic_daily_stats t
    where t.day between (asked ->> 'since')::date and (asked ->> 'until')::date
  ), wanted as (
    select s.id, g."staffId" as staff_id, coalesce(g.leads, 0) as leads, coalesce(g.sales, 0) as sales,
      coalesce(g.revenue, 0) as revenue
    from stored s left join given g on g.day = s.day and g.source = s.source and s.is_first
    where s.counted_at is not null or g.source is not null
  )
  update public.traffic_daily_stats t
  set leads = w.leads, sales = w.sales, revenue = w.revenue, staff_id = coalesce(t.staff_id, w.staff_id),
    counted_at = now(), updated_at = now()
  from wanted w
  where t.id::text = w.id and (
    t.counted_at is null or (t.leads, t.sales, t.revenue) is distinct from (w.leads, w.sales, w.revenue)
  );
  get diagnostics changed = row_count;
  insert into public.traffic_daily_stats (day, utm_source, staff_id, leads, sales, revenue, counted_at)
  select g.day, g.source, g."staffId", g.leads, g.sales, g.revenue, now()
  from jsonb_to_recordset(rows) as g(
    day date, source text, "staffId" uuid, leads integer, sales integer, revenue numeric
  )
  where not exists (
    select from public.traffic_daily_stats t where t.day = g.day and lower(t.utm_source) = g.source
  );
  get diagnostics added = row_count;
  return changed + added;
end
$$;

-- What the dashboard says of the spend of these days: [{ day, source, amount }], amounts in tenge.
-- asked: { since, until: days, both included }
create function public.leadwire_traffic_spend(asked jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'source', d.source, 'amount', d.amount)
    order by d.day, d.source), '[]')
  from (
    select t.day, lower(t.utm_source) as source, sum(t.spend_kzt) as amount
    from public.traffic_daily_stats t
    where t.day between (asked ->> 'since')::date and (asked ->> 'until')::date
      and t.spend_kzt >= 0 and t.utm_source <> ''
    group by 1, 2
  ) d;
$$;

select public.leadwire_service_only('{}');

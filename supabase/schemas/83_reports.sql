-- Spend, and the numbers of the reports: what came in of what was paid for.

-- What advertising cost, by day. Sources and names in lower case, as the reports group by them.
create table public.ad_spend (
  day date not null,
  utm_source text not null,
  -- Empty where the file did not say.
  utm_campaign text not null default '',
  utm_content text not null default '',
  -- Tenge.
  amount numeric(14, 2) not null check (amount >= 0),
  updated_at timestamptz not null default now(),
  primary key (day, utm_source, utm_campaign, utm_content)
);
comment on table public.ad_spend is 'What advertising cost. Written by owners (leadwire_import_spend) and identity-sync (leadwire_take_traffic_spend).';

-- The first time that the deal of a lead was moved: somebody had a look at it.
alter table public.crm_deals add column first_moved_at timestamptz;
create function public.leadwire_first_move() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.first_moved_at := least(new.first_moved_at, new.moved_at);
  return new;
end
$$;
create trigger leadwire_first_move before insert or update of moved_at on public.crm_deals
  for each row execute function public.leadwire_first_move();

-- Takes what a file says as the whole spend of its days and sources: what was known of those before is replaced, so the
-- same file twice is the same spend. rows: [{ day, source, campaign, content, amount }]
-- Answers { days, rows, amount, replaced }: replaced is what was known before.
create function public.leadwire_import_spend(rows jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  before numeric;
begin
  perform public.leadwire_check_rows(rows, '{day,source,amount}', '{}', '{}');
  perform pg_advisory_xact_lock(hashtextextended('leadwire.spend', 0));
  with gone as (
    delete from public.ad_spend s
    using (select distinct (r ->> 'day')::date as day, lower(r ->> 'source') as source from jsonb_array_elements(rows) r) g
    where s.day = g.day and s.utm_source = g.source
    returning s.amount
  )
  select coalesce(sum(g.amount), 0) into before from gone g;
  insert into public.ad_spend (day, utm_source, utm_campaign, utm_content, amount)
  select r.day, lower(r.source), lower(coalesce(r.campaign, '')), lower(coalesce(r.content, '')), sum(r.amount)
  from jsonb_to_recordset(rows) as r(day date, source text, campaign text, content text, amount numeric)
  group by 1, 2, 3, 4;
  return (
    select jsonb_build_object('days', count(distinct r.day), 'rows', count(*), 'amount', coalesce(sum(r.amount), 0),
      'replaced', before)
    from jsonb_to_recordset(rows) as r(day date, amount numeric)
  );
end
$$;

-- asked: { since, until: days, both included; timeZone; by: day, week, month, source, page, campaign, ad, targetologist,
-- referrer, manager (keys: id and name, both empty for nobody); touch: first, last; source, campaign, manager (an id, empty for
-- nobody): only of these, if given }. own: the sources to keep to, in lower case; null for all.
-- Answers { rows: [sums], total: sums, paid: { leads, sales, revenue, spend } of the sources whose spend is known, or
-- null, days: [{ day, leads, sales, revenue, spend }], stages: [{ stage, count }], manager: the name of who was asked for } with
-- sums: { keys, leads, people, reachable, delivered, clicked, deals, sales, refunds, revenue, spend, contactMinutes }.
-- A lead belongs to the day when it came, and what was sold to its person later on belongs to it: by touch, the first
-- lead before the sale or the last one. Minutes are whole ones, their median is one of them. Held leads do not count. Sales are those that were not refunded. Null keys are
-- sales that no lead led to, on the day of the sale, and spend that the grouping does not know; null spend is unknown.
create function private.report(asked jsonb, own text[]) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  parted_by text := asked ->> 'by';
  only_source text := left(lower(asked ->> 'source'), 200);
  only_campaign text := left(lower(asked ->> 'campaign'), 200);
begin
  return (
    with entries as (
      select s.*, false as is_spend, null::numeric as spend from private.report_read(asked, own) s
      union all
      select a.day, false, false, a.utm_source, a.utm_campaign, a.utm_content, '', '', false, null, 0, 0, null, 0, 0, 0, 0, 0,
        0, null, null, null, true, a.amount
      from public.ad_spend a
      where a.day between (asked ->> 'since')::date and (asked ->> 'until')::date
        and (own is null or a.utm_source = any (own)) and (only_source is null or a.utm_source = only_source)
        and (only_campaign is null or a.utm_campaign = only_campaign)
        -- Nobody says what was paid for one's leads.
        and asked ->> 'manager' is null
    ), named as (
      select e.*, case
        when parted_by = 'day' then array[e.day::text]
        when parted_by = 'week' then array[date_trunc('week', e.day)::date::text]
        when parted_by = 'month' then array[to_char(e.day, 'YYYY-MM')]
        when e.is_alone then null
        when parted_by = 'source' then array[e.source]
        when parted_by = 'campaign' then array[e.source, e.campaign]
        when parted_by = 'ad' then array[e.source, e.campaign, e.content]
        when parted_by = 'targetologist' then array[coalesce((
          select coalesce(nullif(f.name, ''), split_part(f.email, '@', 1)) from public.staff f
          where f.role = 'targetologist' and e.source = any (f.utm_sources) order by f.active desc, f.email limit 1
        ), '')]
        when parted_by = 'page' and not e.is_spend then array[e.page]
        when parted_by = 'referrer' and not e.is_spend then array[e.ref]
        when parted_by = 'manager' and not e.is_spend then array[coalesce(e.manager::text, '')]
      end collate "C" as keys
      from entries e
    ), keyed as materialized (
      select n.*, dense_rank() over (order by n.keys) as place from named n
    ), counted as (
      select k.place, min(k.keys) as keys, sum(k.leads) as leads, sum(k.once) as once, sum(k.reachable) as reachable,
        sum(k.delivered) as delivered, sum(k.clicked) as clicked, coalesce(sum(k.leads) filter (where k.is_deal), 0) as deals,
        sum(k.sales) as sales, sum(k.refunds) as refunds, sum(k.revenue) as revenue, sum(k.spend) as spend
      from keyed k group by grouping sets ((k.place), ())
    ), repeated as (
      select k.place, count(distinct a.person) as people from keyed k cross join unnest(k.again) as a(person)
      group by grouping sets ((k.place), ())
    ), moved as (
      select k.place, percentile_disc(0.5) within group (order by m.minutes) as minutes
      from keyed k cross join unnest(k.minutes) as m(minutes) group by grouping sets ((k.place), ())
    ), summed as (
      -- The sum of all has no row of its own.
      select coalesce(c.place, 0) = 0 as is_total,
        case when parted_by = 'manager' and c.keys is not null
          then c.keys || coalesce(private.staff_name(nullif(c.keys[1], '')::uuid), '') else c.keys end as keys, coalesce(c.leads, 0) as leads,
        coalesce(c.once, 0) + coalesce(p.people, 0) as people, coalesce(c.reachable, 0) as reachable,
        coalesce(c.delivered, 0) as delivered, coalesce(c.clicked, 0) as clicked, c.deals, coalesce(c.sales, 0) as sales,
        coalesce(c.refunds, 0) as refunds, coalesce(c.revenue, 0) as revenue, c.spend, m.minutes as "contactMinutes"
      from counted c
      left join repeated p on coalesce(p.place, 0) = coalesce(c.place, 0)
      left join moved m on coalesce(m.place, 0) = coalesce(c.place, 0)
    )
    select jsonb_build_object(
      'rows', (select coalesce(jsonb_agg(to_jsonb(s) - 'is_total' order by s.leads desc, s.revenue desc, s.keys), '[]')
        from summed s where not s.is_total),
      'total', (select to_jsonb(s) - 'is_total' || '{"keys": null}' from summed s where s.is_total),
      'paid', (select jsonb_build_object('leads', sum(k.leads), 'sales', sum(k.sales), 'revenue', sum(k.revenue),
        'spend', sum(k.spend)) from keyed k
        where k.source in (select p.source from keyed p where p.is_spend) having count(*) > 0),
      'days', (select coalesce(jsonb_agg(to_jsonb(d) order by d.day), '[]') from (
        select k.day, sum(k.leads) as leads, sum(k.sales) as sales, sum(k.revenue) as revenue, sum(k.spend) as spend
        from keyed k group by k.day) d),
      'stages', (select coalesce(jsonb_agg(to_jsonb(g) order by g.count desc, g.stage), '[]') from (
        select k.stage, sum(k.leads) as count from keyed k where k.is_deal group by k.stage) g),
      'manager', private.staff_name(nullif(asked ->> 'manager', '')::uuid)
    )
  );
end
$$;
revoke all on function private.report(jsonb, text[]) from public, anon, authenticated;

create function public.leadwire_report(asked jsonb) returns jsonb
language sql set search_path = '' as $$
  select private.report(asked, null);
$$;

-- For owners and marketers everything; for a targetologist what carries their own tags.
create function public.console_report(asked jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if coalesce(private.staff_role() not in ('owner', 'viewer', 'targetologist'), true) then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return private.report(asked, private.own_utm_sources());
end
$$;

create function public.console_import_spend(rows jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if not private.is_owner() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return public.leadwire_import_spend(rows);
end
$$;

select public.leadwire_service_only('{ad_spend}');
grant usage on schema private to service_role;
grant execute on function private.report(jsonb, text[]) to service_role;
revoke all on function public.console_report(jsonb), public.console_import_spend(jsonb) from public, anon;
grant execute on function public.console_report(jsonb), public.console_import_spend(jsonb) to authenticated, service_role;

-- Sums that reports are read from: what came of the leads of one day, kept until one of its leads, sales or deals changes.

-- The zone whose days are kept; a report in another one is counted anew each time.
create table private.report_zone (
  id boolean primary key default true check (id),
  zone text not null
);
insert into private.report_zone (zone) values ('Asia/Almaty');

-- Days whose sums are kept: one without leads has no sums.
create table private.report_days (
  day date primary key
);

-- A row for each change of a day, written together with the change: a reader takes it and counts the day anew. Rows are
-- only added, so that nobody who writes waits for another.
create table private.report_changes (
  id bigint generated always as identity primary key,
  day date not null
);

-- What is alike of one day. A lead belongs to the day when it came, and what was sold to its person later on as well.
create table private.report_sums (
  day date not null,
  -- Whether tags and sales are those of the first touch, or of the last.
  is_first boolean not null,
  -- Sales that no lead led to, on the day of the sale; no tags then.
  is_alone boolean not null,
  source text not null,
  campaign text not null,
  content text not null,
  page text not null,
  ref text not null,
  is_deal boolean not null,
  -- Of the deal.
  stage text,
  leads integer not null,
  -- Of these the leads whose person left no other one on any day: people who need not be told apart.
  once integer not null,
  -- The people of the other leads, some of them several times.
  again uuid[],
  reachable integer not null,
  delivered integer not null,
  clicked integer not null,
  sales integer not null,
  refunds integer not null,
  revenue numeric not null,
  -- Whole minutes from a lead to the first move of its deal, for each deal that was moved.
  minutes integer[],
  -- Whole days from the lead to the sale, for each sale that was not refunded.
  sale_days integer[],
  -- Who has the leads; null for nobody.
  manager uuid
);
create index report_sums_day_idx on private.report_sums (day);
revoke all on private.report_zone, private.report_days, private.report_changes, private.report_sums
  from public, anon, authenticated;

-- Somebody's other leads change with a lead: the first one was the only one of its person until then.
create function private.mark_report_leads() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.report_changes (day)
  select distinct (m.at at time zone z.zone)::date
  from (
    select t.created_at as at from touched t
    union all
    select o.created_at from touched t join public.landing_leads o on o.person_id = t.person_id and o.id <> t.id
  ) m
  cross join private.report_zone z;
  return null;
end
$$;
create function private.mark_report_day_left() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.report_changes (day)
  select (old.created_at at time zone z.zone)::date from private.report_zone z;
  return null;
end
$$;
create function private.mark_report_sales() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.report_changes (day)
  select distinct (m.at at time zone z.zone)::date
  from (
    select t.sold_at as at from touched t where t.sold_at is not null
    union all
    select l.created_at from touched t
    cross join lateral (values (t.first_lead_id), (t.last_lead_id)) as led(id)
    join public.landing_leads l on l.id = led.id
  ) m
  cross join private.report_zone z;
  return null;
end
$$;
create function private.mark_report_deals() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.report_changes (day)
  select distinct (l.created_at at time zone z.zone)::date
  from touched t join public.landing_leads l on l.id = t.id cross join private.report_zone z;
  return null;
end
$$;
revoke all on function private.mark_report_leads(), private.mark_report_day_left(), private.mark_report_sales(),
  private.mark_report_deals() from public, anon, authenticated;

create trigger report_added after insert on public.landing_leads referencing new table as touched
  for each statement execute function private.mark_report_leads();
create trigger report_changed after update on public.landing_leads referencing new table as touched
  for each statement execute function private.mark_report_leads();
create trigger report_gone after delete on public.landing_leads referencing old table as touched
  for each statement execute function private.mark_report_leads();
create trigger report_day_left after update on public.landing_leads
  for each row when (old.created_at is distinct from new.created_at) execute function private.mark_report_day_left();

create trigger report_added after insert on public.sales referencing new table as touched
  for each statement execute function private.mark_report_sales();
create trigger report_was after update on public.sales referencing old table as touched
  for each statement execute function private.mark_report_sales();
create trigger report_changed after update on public.sales referencing new table as touched
  for each statement execute function private.mark_report_sales();
create trigger report_gone after delete on public.sales referencing old table as touched
  for each statement execute function private.mark_report_sales();

create trigger report_added after insert on public.crm_deals referencing new table as touched
  for each statement execute function private.mark_report_deals();
create trigger report_changed after update on public.crm_deals referencing new table as touched
  for each statement execute function private.mark_report_deals();
create trigger report_gone after delete on public.crm_deals referencing old table as touched
  for each statement execute function private.mark_report_deals();

-- Counts these days of the zone from leads, deals and sales themselves. Held leads do not count, nor sales that another
-- one supersedes. Deals and sales are looked up lead by lead: mostly it is one day of very many.
create function private.report_groups(zone text, days date[]) returns setof private.report_sums
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
begin
  return query
  with counted as (
    select d.day, d.day::timestamp at time zone zone as at_from, (d.day + 1)::timestamp at time zone zone as at_to
    from unnest(days) as d(day)
  ), leads as materialized (
    select r.id, d.day, r.created_at, coalesce(r.first_utm_source, r.first_utm_campaign) is not null as has_first,
      left(lower(coalesce(r.utm_source, '')), 200) as source,
      left(lower(coalesce(r.first_utm_source, '')), 200) as first_source,
      left(lower(coalesce(r.utm_campaign, '')), 200) as campaign,
      left(lower(coalesce(r.first_utm_campaign, '')), 200) as first_campaign,
      left(lower(coalesce(r.utm_content, '')), 200) as content,
      left(lower(coalesce(r.first_utm_content, '')), 200) as first_content,
      left(coalesce(r.form, r.source, r.kind, ''), 200) as page,
      left(lower(coalesce(r.metadata ->> 'ref',
        case when lower(r.utm_source) like 'ref\_%' then substr(r.utm_source, 5) end, '')), 200) as ref,
      r.amocrm_deal_id is not null and r.amocrm_deleted_at is null as is_deal, r.amocrm_stage as stage, r.manager_id as manager,
      case when exists (
        select from public.landing_leads o where o.person_id = r.person_id and o.id <> r.id
      ) then r.person_id end as person,
      (r.phone is not null and not r.contact_issues ? 'phone_invalid')
        or (r.email is not null and r.email_bounced_at is null) as is_reachable,
      coalesce(r.email_delivered_at, r.email_opened_at, r.email_clicked_at, r.sms_delivered_at, r.sms_clicked_at)
        is not null as is_delivered,
      coalesce(r.email_clicked_at, r.sms_clicked_at) is not null as is_clicked,
      (
        select floor(extract(epoch from c.first_moved_at - r.created_at) / 60)::integer
        from public.crm_deals c where c.id = r.id and c.first_moved_at > r.created_at
      ) as minutes
    from counted d
    join public.landing_leads r on r.created_at >= d.at_from and r.created_at < d.at_to and not r.quarantined
  ), sold as (
    select l.id, true as is_first, s.sold_at, s.refunded_at is not null as is_refund, s.amount
    from leads l
    cross join lateral (
      select * from public.sales x
      where x.first_lead_id = l.id and x.sold_at is not null and x.superseded_by is null offset 0
    ) s
    union all
    select l.id, false, s.sold_at, s.refunded_at is not null, s.amount
    from leads l
    cross join lateral (
      select * from public.sales x
      where x.last_lead_id = l.id and x.sold_at is not null and x.superseded_by is null offset 0
    ) s
  ), entries as (
    select l.id, t.is_first, true as is_lead, null::timestamptz as sold_at, null::boolean as is_refund,
      null::numeric as amount
    from leads l cross join (values (true), (false)) as t(is_first)
    union all
    select s.id, s.is_first, false, s.sold_at, s.is_refund, s.amount from sold s
  )
  select l.day, e.is_first, false,
    case when e.is_first and l.has_first then l.first_source else l.source end,
    case when e.is_first and l.has_first then l.first_campaign else l.campaign end,
    case when e.is_first and l.has_first then l.first_content else l.content end,
    l.page, l.ref, e.is_lead and l.is_deal, case when e.is_lead and l.is_deal then l.stage end,
    (count(*) filter (where e.is_lead))::integer, (count(*) filter (where e.is_lead and l.person is null))::integer,
    array_agg(l.person) filter (where e.is_lead and l.person is not null),
    (count(*) filter (where e.is_lead and l.is_reachable))::integer,
    (count(*) filter (where e.is_lead and l.is_delivered))::integer,
    (count(*) filter (where e.is_lead and l.is_clicked))::integer,
    (count(*) filter (where not e.is_refund))::integer, (count(*) filter (where e.is_refund))::integer,
    coalesce(sum(e.amount) filter (where not e.is_refund), 0),
    array_agg(l.minutes) filter (where e.is_lead and l.minutes is not null),
    -- Somebody may leave a lead on the day when they have paid already.
    array_agg(greatest(0, floor(extract(epoch from e.sold_at - l.created_at) / 86400))::integer)
      filter (where not e.is_refund),
    l.manager
  from entries e join leads l on l.id = e.id
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, l.manager;

  return query
  select d.day, t.is_first, true, '', '', '', '', '', false, null::text, 0, 0, null::uuid[], 0, 0, 0,
    (count(*) filter (where s.refunded_at is null))::integer,
    (count(*) filter (where s.refunded_at is not null))::integer,
    coalesce(sum(s.amount) filter (where s.refunded_at is null), 0), null::integer[], null::integer[], null::uuid
  from unnest(days) as d(day)
  join public.sales s on s.sold_at >= d.day::timestamp at time zone zone
    and s.sold_at < (d.day + 1)::timestamp at time zone zone and s.superseded_by is null
  cross join (values (true), (false)) as t(is_first)
  where case when t.is_first then s.first_lead_id else s.last_lead_id end is null
  group by 1, 2;
end
$$;

-- Counts of these days the newest `most` whose sums are not kept, or no longer true; null: all. Answers how many.
create function private.keep_report_days(day_from date, day_to date, most integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  changed date[];
  missing date[];
begin
  if not exists (select from private.report_changes)
    and (select count(*) from private.report_days d where d.day between day_from and day_to) > day_to - day_from then
    return 0;
  end if;
  -- Whoever reads at the same time waits, and finds what is kept here.
  perform pg_advisory_xact_lock(hashtextextended('leadwire.reports', 0));
  -- Taken first and counted after: a change that comes between the two is counted, and once more by the next reader.
  with gone as (
    delete from private.report_changes returning day
  )
  select array_agg(distinct g.day) into changed from gone g;
  delete from private.report_sums s where s.day = any (changed);
  delete from private.report_days d where d.day = any (changed);
  missing := array(
    select d::date from generate_series(day_to::timestamp, day_from, '-1 day') as d
    where not exists (select from private.report_days k where k.day = d::date)
    order by d desc limit most
  );
  if missing = '{}' then
    return 0;
  end if;
  insert into private.report_days (day) select unnest(missing);
  insert into private.report_sums select g.* from private.report_zone z cross join private.report_groups(z.zone, missing) g;
  return cardinality(missing);
end
$$;

-- Keeps the days of a zone from now on, a part of them at a time: whoever calls it goes on until it answers 0.
-- asked: { timeZone, since, until: days, both included; most: so many in one call }. Answers how many were counted.
create function public.leadwire_keep_reports(asked jsonb) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  -- Before it no day has leads that would have to be counted.
  first_day date := (select (min(l.created_at) at time zone (asked ->> 'timeZone'))::date from public.landing_leads l);
begin
  if first_day is null then
    return 0;
  end if;
  if not exists (select from private.report_zone z where z.zone = asked ->> 'timeZone') then
    -- Whoever writes now would note days of the zone before.
    lock table public.landing_leads, public.sales, public.crm_deals in share row exclusive mode;
    delete from private.report_changes;
    delete from private.report_sums;
    delete from private.report_days;
    update private.report_zone set zone = asked ->> 'timeZone';
  end if;
  return private.keep_report_days(
    greatest((asked ->> 'since')::date, first_day), (asked ->> 'until')::date, (asked ->> 'most')::integer
  );
end
$$;

-- The sums of a report: asked and own as private.report takes them. What is kept is brought up to date first.
create function private.report_read(asked jsonb, own text[]) returns setof private.report_sums
language plpgsql security definer set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  day_from date := (asked ->> 'since')::date;
  day_to date := (asked ->> 'until')::date;
  by_first boolean := asked ->> 'touch' = 'first';
  only_source text := left(lower(asked ->> 'source'), 200);
  only_campaign text := left(lower(asked ->> 'campaign'), 200);
  of_manager boolean := asked ->> 'manager' is not null;
  only_manager uuid := nullif(asked ->> 'manager', '')::uuid;
begin
  if exists (select from private.report_zone z where z.zone = asked ->> 'timeZone') then
    perform private.keep_report_days(day_from, day_to, null);
    return query
    select s.* from private.report_sums s
    where s.day between day_from and day_to and s.is_first = by_first
      -- Sales without a lead are of no source, no campaign and nobody's.
      and (own is null or not s.is_alone and s.source = any (own))
      and (only_source is null or not s.is_alone and s.source = only_source)
      and (only_campaign is null or not s.is_alone and s.campaign = only_campaign)
      and (not of_manager or not s.is_alone and s.manager is not distinct from only_manager);
    return;
  end if;
  return query
  select s.* from private.report_groups(asked ->> 'timeZone',
    array(select d::date from generate_series(day_from::timestamp, day_to, '1 day') as d)) s
  where s.is_first = by_first
    and (own is null or not s.is_alone and s.source = any (own))
    and (only_source is null or not s.is_alone and s.source = only_source)
    and (only_campaign is null or not s.is_alone and s.campaign = only_campaign)
    and (not of_manager or not s.is_alone and s.manager is not distinct from only_manager);
end
$$;
revoke all on function private.report_groups(text, date[]), private.keep_report_days(date, date, integer),
  private.report_read(jsonb, text[]) from public, anon, authenticated;
grant execute on function private.report_read(jsonb, text[]) to service_role;

select public.leadwire_service_only('{}');

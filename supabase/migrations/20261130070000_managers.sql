-- Who of those who work here has a lead: told by the button in Telegram and by AmoCRM, shown with the lead, and a grouping
-- and a filter of the reports.

alter table public.landing_leads
  -- Who of those who work here has the lead, and since when; null for nobody.
  add column if not exists manager_id uuid,
  add column if not exists taken_at timestamptz;
alter table public.crm_deals
  -- Who of those who work here has the lead, null for nobody, since when, and the event that says so.
  add column if not exists manager_id uuid,
  add column if not exists manager_at timestamptz,
  add column if not exists manager_event_id text;
comment on table public.crm_deals is
  'What stands in the CRM for a lead or a student, and who has it. Written by lead-store (leadwire_store_crm, leadwire_store_assignments).';

-- Shows the deals of these leads in landing_leads and in unified_lead_tracking.
create or replace function public.leadwire_refresh_crm(ids uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.landing_leads l
  set amocrm_synced = d.synced_at is not null, amocrm_synced_at = d.synced_at, amocrm_deal_id = d.deal_id,
    amocrm_contact_id = d.contact_id, amocrm_stage_id = d.stage_id, amocrm_stage = d.stage,
    amocrm_deleted_at = d.deleted_at, amocrm_error = d.error, manager_id = d.manager_id,
    taken_at = case when d.manager_id is not null then d.manager_at end, updated_at = clock_timestamp()
  from public.crm_deals d
  where d.id = any (ids) and l.id = d.id
    and (l.amocrm_synced, l.amocrm_synced_at, l.amocrm_deal_id, l.amocrm_contact_id, l.amocrm_stage_id,
      l.amocrm_stage, l.amocrm_deleted_at, l.amocrm_error, l.manager_id, l.taken_at)
    is distinct from (d.synced_at is not null, d.synced_at, d.deal_id, d.contact_id, d.stage_id, d.stage,
      d.deleted_at, d.error, d.manager_id, case when d.manager_id is not null then d.manager_at end);

  perform public.leadwire_refresh_leads(array(select l.id from public.landing_leads l where l.id = any (ids)));
end
$$;

-- A lead whose deal is known before its row: the row begins with what is known.
create or replace function public.leadwire_show_deal() returns trigger
language plpgsql set search_path = '' as $$
declare
  d public.crm_deals;
begin
  select * into d from public.crm_deals c where c.id = new.id;
  if found then
    new.amocrm_synced := d.synced_at is not null;
    new.amocrm_synced_at := d.synced_at;
    new.amocrm_deal_id := d.deal_id;
    new.amocrm_contact_id := d.contact_id;
    new.amocrm_stage_id := d.stage_id;
    new.amocrm_stage := d.stage;
    new.amocrm_deleted_at := d.deleted_at;
    new.amocrm_error := d.error;
    new.manager_id := d.manager_id;
    new.taken_at := case when d.manager_id is not null then d.manager_at end;
  end if;
  return new;
end
$$;

-- Stores who has which lead; answers of how many leads this is the newest word. A repeat and a late fact change nothing.
-- rows: [{ leadId, staffId, at, eventId }]; staffId is null when nobody who works here has it any more.
create or replace function public.leadwire_store_assignments(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  changed integer;
begin
  perform public.leadwire_check_rows(rows, '{leadId,at,eventId}', '{leadId,staffId}', '{at}');
  perform public.leadwire_lock();

  insert into public.crm_deals as d (id, manager_id, manager_at, manager_event_id)
  select distinct on (r."leadId") r."leadId", r."staffId", r.at, r."eventId"
  from jsonb_to_recordset(rows) as r("leadId" uuid, "staffId" uuid, at timestamptz, "eventId" text)
  order by r."leadId", r.at desc, r."eventId" desc
  on conflict (id) do update
  set manager_id = excluded.manager_id, manager_at = excluded.manager_at,
    manager_event_id = excluded.manager_event_id, updated_at = clock_timestamp()
  where d.manager_at is null
    or (excluded.manager_at, excluded.manager_event_id) > (d.manager_at, d.manager_event_id);
  get diagnostics changed = row_count;

  perform public.leadwire_refresh_crm(
    array(select distinct (r ->> 'leadId')::uuid from jsonb_array_elements(rows) as r)
  );
  return changed;
end
$$;

-- What somebody who works here is called, also when they have left; null for nobody.
create or replace function private.staff_name(who uuid) returns text
language sql stable security definer set search_path = '' as $$
  select case when who is not null then coalesce((
    select coalesce(nullif(s.name, ''), split_part(s.email, '@', 1)) from public.staff s where s.id = who
  ), left(who::text, 8)) end
$$;

-- { manager_id, manager: their name, taken_at } of a lead that the caller has made sure is for whoever asks.
create or replace function private.taken_by(lead uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('manager_id', l.manager_id, 'manager', private.staff_name(l.manager_id), 'taken_at', l.taken_at)
  from public.landing_leads l where l.id = lead
$$;

revoke all on function private.staff_name(uuid), private.taken_by(uuid) from public, anon, authenticated;
grant execute on function private.staff_name(uuid), private.taken_by(uuid) to service_role;
grant execute on function private.taken_by(uuid) to authenticated;

-- Sums that do not say whose the leads are were counted before: all days are counted anew.
do $$
begin
  if not exists (
    select from pg_catalog.pg_attribute a
    where a.attrelid = 'private.report_sums'::regclass and a.attname = 'manager' and not a.attisdropped
  ) then
    alter table private.report_sums add column manager uuid;
    delete from private.report_sums;
    delete from private.report_days;
  end if;
end
$$;

-- Counts these days of the zone from leads, deals and sales themselves. Held leads do not count, nor sales that another
-- one supersedes. Deals and sales are looked up lead by lead: mostly it is one day of very many.
create or replace function private.report_groups(zone text, days date[]) returns setof private.report_sums
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

-- The sums of a report: asked and own as private.report takes them. What is kept is brought up to date first.
create or replace function private.report_read(asked jsonb, own text[]) returns setof private.report_sums
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

-- asked: { since, until: days, both included; timeZone; by: day, week, month, source, page, campaign, ad, targetologist,
-- referrer, manager (keys: id and name, both empty for nobody); touch: first, last; source, campaign, manager (an id, empty for
-- nobody): only of these, if given }. own: the sources to keep to, in lower case; null for all.
-- Answers { rows: [sums], total: sums, paid: { leads, sales, revenue, spend } of the sources whose spend is known, or
-- null, days: [{ day, leads, sales, revenue, spend }], stages: [{ stage, count }], manager: the name of who was asked for } with
-- sums: { keys, leads, people, reachable, delivered, clicked, deals, sales, refunds, revenue, spend, contactMinutes }.
-- A lead belongs to the day when it came, and what was sold to its person later on belongs to it: by touch, the first
-- lead before the sale or the last one. Minutes are whole ones, their median is one of them. Held leads do not count. Sales are those that were not refunded. Null keys are
-- sales that no lead led to, on the day of the sale, and spend that the grouping does not know; null spend is unknown.
create or replace function private.report(asked jsonb, own text[]) returns jsonb
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

-- ' and …', that this column of landing_leads as l has one of these values, '' standing for none; '' when none are given.
create or replace function private.is_one_of(name text, given jsonb) returns text
language sql immutable set search_path = '' as $$
  select case when coalesce(jsonb_array_length(given), 0) = 0 then '' else
    format(' and (l.%I::text = any (%L)%s)', name, array(select jsonb_array_elements_text(given))::text,
      case when given ? '' then format(' or l.%I is null', name) else '' end) end
$$;

-- The columns of a list's row, for the role that asks. asked: { text as private.has_words takes it, since, until, sources:
-- [text, '' for none], kinds, stages, payments, campaigns, managers: [id, '' for nobody], onlyTroubled, onlyQuarantined, beforeAt, beforeId, limit,
-- countUpTo }; only limit is required. Answers { rows, total, troubled, isMore }: the counts stop at countUpTo and are null
-- without it, and for words that stand in too many leads to be counted; isMore says that there are more than total, because
-- no more leads than twice countUpTo are looked at for what no index counts.
create or replace function public.console_find_leads(asked jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  own text[] := private.own_utm_sources();
  words text := private.has_words(asked -> 'text');
  at_most integer := (asked ->> 'limit')::integer;
  up_to integer := (asked ->> 'countUpTo')::integer;
  -- What is not asked for adds nothing: text and null are null.
  period text := 'l.created_at >= ' || quote_literal(coalesce(asked ->> 'since', '-infinity'))
    || coalesce(' and l.created_at < ' || quote_literal(asked ->> 'until'), '')
    || coalesce(' and lower(l.utm_source) = any (' || quote_literal(own::text) || ')', '')
    || case when (asked ->> 'onlyQuarantined')::boolean then ' and l.quarantined' else '' end;
  trouble constant text := ' and private.is_troubled(l.quarantined, l.email_status, l.sms_status, l.email_bounced_at, '
    'l.amocrm_error)';
  is_troubled boolean := coalesce((asked ->> 'onlyTroubled')::boolean, false);
  filters text := private.is_one_of('utm_source', asked -> 'sources') || private.is_one_of('kind', asked -> 'kinds')
    || private.is_one_of('amocrm_stage', asked -> 'stages') || private.is_one_of('payment_method', asked -> 'payments')
    || private.is_one_of('campaign', asked -> 'campaigns') || private.is_one_of('manager_id', asked -> 'managers');
  cut constant text := ', l.utm_source, l.kind, l.amocrm_stage, l.payment_method, l.campaign, l.manager_id';
  only_troubled text := case when is_troubled then trouble else '' end;
  before text := coalesce(' and (l.created_at, l.id) < (' || quote_literal(asked ->> 'beforeAt') || ', '
    || quote_literal(asked ->> 'beforeId') || ')', '');
  newest text := 'from public.landing_leads l where ' || period || filters || only_troubled || before
    || ' order by l.created_at desc, l.id desc limit ';
  ids uuid[];
  seen bigint;
  total bigint;
  troubled bigint;
  is_more boolean := false;
begin
  if private.staff_role() is null then
    raise exception 'not for you' using errcode = '42501';
  end if;
  if not asked ? 'text' then
    execute 'select array(select l.id ' || newest || at_most || ')' into ids;
    if up_to is not null then
      -- In order, because the planner takes most leads to be in trouble and would read the table.
      execute 'select least(count(*), $1) from (select l.created_at' || case when filters = '' then '' else cut end
        || ' from public.landing_leads l where ' || period || trouble || ' order by l.created_at desc, l.id desc limit ' || 2 * up_to
        || ') l where true' || filters into troubled using up_to;
      if is_troubled then
        total := troubled;
      elsif filters = '' then
        execute 'select count(*) from (select from public.landing_leads l where ' || period || ' limit ' || up_to || ') c'
          into total;
      else
        execute 'select count(*), count(*) filter (where true' || filters || ') from (select l.created_at' || cut
          || ' from public.landing_leads l where ' || period || ' order by l.created_at desc limit ' || 2 * up_to || ') l'
          into seen, total;
        is_more := seen >= 2 * up_to;
      end if;
    end if;
  elsif words is not null and private.sees_contacts() then
    -- What stands in one of seventy leads or more is found among the newest soon, what is rarer by the index of words,
    -- all of it; the page's own order would tempt the planner to read every lead from the newest on.
    execute 'select array(select l.id from (select l.* ' || newest || '200) l where ' || words || ' limit ' || at_most || ')'
      into ids;
    if cardinality(ids) between 3 and at_most - 1 then
      execute 'select array(select l.id from (select l.* ' || newest || '8000) l where ' || words || ' limit ' || at_most
        || ')' into ids;
    end if;
    if cardinality(ids) < at_most then
      execute 'with fitting as materialized (select l.* from public.landing_leads l where ' || words
        || '), asked as (select l.* from fitting l where ' || period || filters || only_troubled || ') '
        'select array(select l.id from asked l where true' || before || ' order by l.created_at desc, l.id desc limit '
        || at_most || '), (select least(count(*), $1) from asked), (select least(count(*), $1) from asked l where true'
        || trouble || ')' into ids, total, troubled using up_to;
    end if;
  else
    ids := '{}';
    total := 0;
    troubled := 0;
  end if;
  return (
    with page as (
      select v.id, v.created_at, v.kind, v.campaign, v.name, v.phone, v.email, v.utm_source, v.utm_campaign, v.utm_content,
        v.payment_method, v.quarantined, v.contact_issues, v.email_status, v.email_delivered_at, v.email_opened_at,
        v.email_clicked_at, v.email_bounced_at, v.email_error, v.sms_status, v.sms_delivered_at, v.sms_clicked_at,
        v.sms_error, v.amocrm_synced, v.amocrm_deal_id, v.amocrm_stage, v.amocrm_error, v.amocrm_deleted_at
      from public.staff_leads v where v.id = any (ids)
    ), due as (
      select n.lead_id, min(n.scheduled_for) filter (where n.channel = 'email') as email_due,
        min(n.scheduled_for) filter (where n.channel = 'sms') as sms_due
      from public.scheduled_notifications n
      where n.lead_id = any (ids) and n.status = 'pending' and n.campaign_id is null
      group by n.lead_id
    )
    select jsonb_build_object('rows', coalesce(jsonb_agg(to_jsonb(p) || private.taken_by(p.id) || jsonb_build_object('email_due',
      d.email_due, 'sms_due', d.sms_due) order by p.created_at desc, p.id desc), '[]'), 'total', case when up_to is not null then total end,
      'troubled', case when up_to is not null then troubled end, 'isMore', is_more)
    from page p left join due d on d.lead_id = p.id
  );
end
$$;

-- What can be chosen in the list's filters, from the newest 10,000 leads since then: { sources, kinds, stages, payments,
-- campaigns, managers }, each [{ value, count, name: of a manager, else null }], the most frequent first; a value that nobody
-- would choose by its name is left out.
create or replace function public.console_lead_filters(since timestamptz) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  own text[] := private.own_utm_sources();
begin
  if private.staff_role() is null then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return (
    with recent as (
      select l.utm_source, l.kind, l.amocrm_stage, l.payment_method, l.campaign, l.manager_id from public.landing_leads l
      where l.created_at >= since and (own is null or lower(l.utm_source) = any (own))
      order by l.created_at desc limit 10000
    ), alike as (
      -- Few rows are left, so that each is looked at for each filter.
      select r.utm_source, r.kind, r.amocrm_stage, r.payment_method, r.campaign, r.manager_id, count(*) as count
      from recent r group by 1, 2, 3, 4, 5, 6
    ), counted as (
      select c.name, c.value, sum(a.count) as count,
        row_number() over (partition by c.name order by sum(a.count) desc, c.value) as place
      from alike a, lateral (values ('sources', coalesce(a.utm_source, '')), ('kinds', a.kind),
        ('stages', a.amocrm_stage), ('payments', a.payment_method), ('campaigns', a.campaign),
        ('managers', coalesce(a.manager_id::text, ''))) as c(name, value)
      where c.value is not null and length(c.value) <= 200
      group by c.name, c.value
    ), listed as (
      select c.name, jsonb_agg(jsonb_build_object('value', c.value, 'count', c.count, 'name',
        case when c.name = 'managers' then private.staff_name(nullif(c.value, '')::uuid) end) order by c.place) as choices
      from counted c where c.place <= 20 group by c.name
    )
    select coalesce(jsonb_object_agg(l.name, l.choices), '{}') from listed l
  );
end
$$;

-- Everything about one lead, as the one who asks may see it: this function has no rights of its own, the views and
-- policies decide. Answers { lead, deliveries, groups: [{ id, title }], others: [{ id, created_at, kind, utm_source }], the newest
-- leads with the same number or address }; null for a lead that is not there or not theirs.
create or replace function public.console_lead(lead uuid) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'lead', to_jsonb(v) || private.taken_by(v.id) || coalesce((
      select jsonb_build_object('consent_at', l.consent_at, 'consent_text', l.consent_text)
      from public.landing_leads l where l.id = v.id
    ), '{"consent_at": null, "consent_text": null}'),
    'deliveries', (select coalesce(jsonb_agg(to_jsonb(d) order by d.created_at, d.id), '[]') from (
      select n.* from public.staff_deliveries n where n.lead_id = v.id order by n.created_at, n.id limit 200) d),
    'groups', (select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'title', g.title)), '[]')
      from public.telegram_groups g),
    'others', (select coalesce(jsonb_agg(to_jsonb(o) order by o.created_at desc, o.id), '[]') from (
      select s.id, s.created_at, s.kind, s.utm_source from (
        (select l.* from public.landing_leads l where l.phone = v.phone and v.phone <> '' and l.id <> v.id
          order by l.created_at desc limit 10)
        union
        (select l.* from public.landing_leads l where l.email = v.email and v.email <> '' and l.id <> v.id
          order by l.created_at desc limit 10)
      ) s order by s.created_at desc limit 10) o)
  ) from public.staff_leads v where v.id = lead
$$;

select public.leadwire_service_only('{}');

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
-- referrer; touch: first, last; source, campaign: only of these, if given }. own: the sources to keep to, in lower case; null for all.
-- Answers { rows: [sums], total: sums, paid: { leads, sales, revenue, spend } of the sources whose spend is known, or
-- null, days: [{ day, leads, sales, revenue, spend }], stages: [{ stage, count }] } with
-- sums: { keys, leads, people, reachable, delivered, clicked, deals, sales, refunds, revenue, spend, contactMinutes }.
-- A lead belongs to the day when it came, and what was sold to its person later on belongs to it: by touch, the first
-- lead before the sale or the last one. Held leads do not count. Sales are those that were not refunded. Null keys are
-- sales that no lead led to, on the day of the sale, and spend that the grouping does not know; null spend is unknown.
create function private.report(asked jsonb, own text[]) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  zone text := asked ->> 'timeZone';
  day_from date := (asked ->> 'since')::date;
  day_to date := (asked ->> 'until')::date;
  at_from timestamptz := day_from::timestamp at time zone zone;
  at_to timestamptz := (day_to + 1)::timestamp at time zone zone;
  is_first boolean := asked ->> 'touch' = 'first';
  parted_by text := asked ->> 'by';
  only_source text := left(lower(asked ->> 'source'), 200);
  only_campaign text := left(lower(asked ->> 'campaign'), 200);
  has_campaign boolean := parted_by in ('campaign', 'ad') or only_campaign is not null;
begin
  return (
    with sold as materialized (
      select case when is_first then s.first_lead_id else s.last_lead_id end as lead_id, s.sold_at,
        (s.refunded_at is null)::integer as sales, (s.refunded_at is not null)::integer as refunds,
        case when s.refunded_at is null then coalesce(s.amount, 0) else 0 end as revenue
      from public.sales s where s.sold_at is not null and s.superseded_by is null
    ), bought as (
      select lead_id, sum(sales) as sales, sum(refunds) as refunds, sum(revenue) as revenue
      from sold where lead_id is not null group by lead_id
    ), entries as materialized (
      select true as is_lead, false as is_alone, coalesce(r.person_id, r.id) as person,
        (r.created_at at time zone zone)::date as day,
        left(lower(coalesce(case when f.is_by_first then r.first_utm_source else r.utm_source end, '')), 200) as source,
        case when has_campaign then
          left(lower(coalesce(case when f.is_by_first then r.first_utm_campaign else r.utm_campaign end, '')), 200) end as campaign,
        case when parted_by = 'ad' then
          left(lower(coalesce(case when f.is_by_first then r.first_utm_content else r.utm_content end, '')), 200) end as content,
        case when parted_by = 'page' then left(coalesce(r.form, r.source, r.kind, ''), 200) end as page,
        case when parted_by = 'referrer' then left(lower(coalesce(r.metadata ->> 'ref',
          case when lower(r.utm_source) like 'ref\_%' then substr(r.utm_source, 5) end, '')), 200) end as ref,
        (r.phone is not null and not r.contact_issues ? 'phone_invalid')
          or (r.email is not null and r.email_bounced_at is null) as is_reachable,
        coalesce(r.email_delivered_at, r.email_opened_at, r.email_clicked_at, r.sms_delivered_at, r.sms_clicked_at)
          is not null as is_delivered,
        coalesce(r.email_clicked_at, r.sms_clicked_at) is not null as is_clicked,
        r.amocrm_deal_id is not null and r.amocrm_deleted_at is null as is_deal, r.amocrm_stage as stage,
        extract(epoch from d.first_moved_at - r.created_at) / 60 as minutes,
        coalesce(b.sales, 0) as sales, coalesce(b.refunds, 0) as refunds, coalesce(b.revenue, 0) as revenue,
        null::numeric as spend
      from public.landing_leads r
      cross join lateral (
        select is_first and coalesce(r.first_utm_source, r.first_utm_campaign) is not null as is_by_first
      ) f
      left join bought b on b.lead_id = r.id
      left join public.crm_deals d on d.id = r.id and d.first_moved_at > r.created_at
      where r.created_at >= at_from and r.created_at < at_to and not r.quarantined
      union all
      select false, true, null, (s.sold_at at time zone zone)::date, '', '', '', '', '', false, false, false, false, null,
        null, s.sales, s.refunds, s.revenue, null
      from sold s where s.lead_id is null and s.sold_at >= at_from and s.sold_at < at_to and own is null
      union all
      select false, false, null, a.day, a.utm_source, a.utm_campaign, a.utm_content, null, null, false, false, false, false,
        null, null, 0, 0, 0, a.amount
      from public.ad_spend a where a.day between day_from and day_to
    ), keyed as materialized (
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
        when parted_by = 'page' and e.page is not null then array[e.page]
        when parted_by = 'referrer' and e.ref is not null then array[e.ref]
      end collate "C" as keys
      from entries e
      where (own is null or e.source = any (own))
        -- Of one source, or one campaign of it: sales without a lead are of none.
        and (only_source is null or not e.is_alone and e.source = only_source)
        and (only_campaign is null or not e.is_alone and e.campaign = only_campaign)
    ), summed as (
      select grouping(k.keys) = 1 as is_total, k.keys, count(*) filter (where k.is_lead) as leads,
        count(distinct k.person) as people, count(*) filter (where k.is_reachable) as reachable,
        count(*) filter (where k.is_delivered) as delivered, count(*) filter (where k.is_clicked) as clicked,
        count(*) filter (where k.is_deal) as deals, coalesce(sum(k.sales), 0) as sales,
        coalesce(sum(k.refunds), 0) as refunds, coalesce(sum(k.revenue), 0) as revenue, sum(k.spend) as spend,
        round((percentile_cont(0.5) within group (order by k.minutes))::numeric) as "contactMinutes"
      from keyed k group by grouping sets ((k.keys), ())
    )
    select jsonb_build_object(
      'rows', (select coalesce(jsonb_agg(to_jsonb(s) - 'is_total' order by s.leads desc, s.revenue desc, s.keys), '[]')
        from summed s where not s.is_total),
      'total', (select to_jsonb(s) - 'is_total' from summed s where s.is_total),
      'paid', (select jsonb_build_object('leads', count(*) filter (where k.is_lead), 'sales', sum(k.sales),
        'revenue', sum(k.revenue), 'spend', sum(k.spend)) from keyed k
        where k.source in (select p.source from keyed p where p.spend is not null) having count(*) > 0),
      'days', (select coalesce(jsonb_agg(to_jsonb(d) order by d.day), '[]') from (
        select k.day, count(*) filter (where k.is_lead) as leads, sum(k.sales) as sales, sum(k.revenue) as revenue,
          sum(k.spend) as spend from keyed k group by k.day) d),
      'stages', (select coalesce(jsonb_agg(to_jsonb(g) order by g.count desc, g.stage), '[]') from (
        select k.stage, count(*) as count from keyed k where k.is_deal group by k.stage) g)
    )
  );
end
$$;
revoke all on function private.report(jsonb, text[]) from public, anon, authenticated;

create function public.leadwire_report(asked jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select private.report(asked, null);
$$;

-- For owners and marketers everything; for a targetologist what carries their own tags.
create function public.console_report(asked jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
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

-- Cohorts: of the leads that came in a week or a month, how many sales they had after so many days.

-- asked: as private.report takes it, of which `by` is not looked at; and { unit: week or month, days: [7, 14, …] }. own:
-- the sources to keep to, in lower case; null for all.
-- Answers [{ cohort: its first day, leads, sales, within: [sales within each of `days` after the lead] }], the newest first.
-- What counts as a lead and as its sale is the same as in the report.
create function private.report_cohorts(asked jsonb, own text[]) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  zone text := asked ->> 'timeZone';
  at_from timestamptz := (asked ->> 'since')::timestamp at time zone zone;
  at_to timestamptz := ((asked ->> 'until')::date + 1)::timestamp at time zone zone;
  is_first boolean := asked ->> 'touch' = 'first';
  unit text := case when asked ->> 'unit' = 'month' then 'month' else 'week' end;
  only_source text := left(lower(asked ->> 'source'), 200);
  only_campaign text := left(lower(asked ->> 'campaign'), 200);
  days integer[] := array(select jsonb_array_elements_text(asked -> 'days')::integer);
begin
  return (
    with leads as materialized (
      select r.id, r.created_at, date_trunc(unit, r.created_at at time zone zone)::date as cohort
      from public.landing_leads r
      cross join lateral (
        select is_first and coalesce(r.first_utm_source, r.first_utm_campaign) is not null as is_by_first
      ) f
      where r.created_at >= at_from and r.created_at < at_to and not r.quarantined
        and (own is null or
          left(lower(coalesce(case when f.is_by_first then r.first_utm_source else r.utm_source end, '')), 200) = any (own))
        and (only_source is null or
          left(lower(coalesce(case when f.is_by_first then r.first_utm_source else r.utm_source end, '')), 200) = only_source)
        and (only_campaign is null or
          left(lower(coalesce(case when f.is_by_first then r.first_utm_campaign else r.utm_campaign end, '')), 200)
            = only_campaign)
    ), came as (
      select l.cohort, count(*) as leads from leads l group by l.cohort
    ), paid as materialized (
      select case when is_first then s.first_lead_id else s.last_lead_id end as lead_id, s.sold_at
      from public.sales s where s.sold_at is not null and s.refunded_at is null and s.superseded_by is null
    ), bought as (
      -- Somebody may leave a lead on the day when they have paid already.
      select l.cohort, count(*) as sales,
        array_agg(greatest(0, floor(extract(epoch from p.sold_at - l.created_at) / 86400))) as after_days
      from paid p join leads l on l.id = p.lead_id group by l.cohort
    )
    select coalesce(jsonb_agg(jsonb_build_object('cohort', c.cohort, 'leads', c.leads, 'sales', coalesce(b.sales, 0),
      'within', (
        select jsonb_agg((select count(*) from unnest(b.after_days) as d where d < w.days) order by w.place)
        from unnest(days) with ordinality as w(days, place)
      )) order by c.cohort desc), '[]')
    from came c left join bought b on b.cohort = c.cohort
  );
end
$$;
revoke all on function private.report_cohorts(jsonb, text[]) from public, anon, authenticated;
grant execute on function private.report_cohorts(jsonb, text[]) to service_role;

create function public.leadwire_report_cohorts(asked jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select private.report_cohorts(asked, null);
$$;
revoke all on function public.leadwire_report_cohorts(jsonb) from public, anon, authenticated;
grant execute on function public.leadwire_report_cohorts(jsonb) to service_role;

-- For owners and marketers everything; for a targetologist what carries their own tags.
create function public.console_report_cohorts(asked jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if coalesce(private.staff_role() not in ('owner', 'viewer', 'targetologist'), true) then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return private.report_cohorts(asked, private.own_utm_sources());
end
$$;
revoke all on function public.console_report_cohorts(jsonb) from public, anon;
grant execute on function public.console_report_cohorts(jsonb) to authenticated, service_role;

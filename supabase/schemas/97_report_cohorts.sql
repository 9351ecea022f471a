-- Cohorts: of the leads that came in a week or a month, how many sales they had after so many days.

-- asked: as private.report takes it, of which `by` is not looked at; and { unit: week or month, days: [7, 14, …] }. own:
-- the sources to keep to, in lower case; null for all.
-- Answers [{ cohort: its first day, leads, sales, within: [sales within each of `days` after the lead] }], the newest first.
-- What counts as a lead and as its sale is the same as in the report.
create function private.report_cohorts(asked jsonb, own text[]) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  unit text := case when asked ->> 'unit' = 'month' then 'month' else 'week' end;
begin
  return (
    with sums as materialized (
      select date_trunc(unit, s.day::timestamp)::date as cohort, s.leads, s.sales, s.sale_days
      from private.report_read(asked, own) s where not s.is_alone
    ), came as (
      select s.cohort, sum(s.leads) as leads, sum(s.sales) as sales from sums s group by s.cohort
    ), bought as materialized (
      select s.cohort, d.after, count(*) as sales from sums s cross join unnest(s.sale_days) as d(after)
      group by s.cohort, d.after
    )
    select coalesce(jsonb_agg(jsonb_build_object('cohort', c.cohort, 'leads', c.leads, 'sales', c.sales,
      'within', (
        select jsonb_agg((
          select coalesce(sum(b.sales), 0) from bought b where b.cohort = c.cohort and b.after < w.days
        ) order by w.place)
        from (
          select d.days::integer, d.place from jsonb_array_elements_text(asked -> 'days') with ordinality as d(days, place)
        ) w
      )) order by c.cohort desc), '[]')
    from came c
  );
end
$$;
revoke all on function private.report_cohorts(jsonb, text[]) from public, anon, authenticated;
grant execute on function private.report_cohorts(jsonb, text[]) to service_role;

create function public.leadwire_report_cohorts(asked jsonb) returns jsonb
language sql set search_path = '' as $$
  select private.report_cohorts(asked, null);
$$;
revoke all on function public.leadwire_report_cohorts(jsonb) from public, anon, authenticated;
grant execute on function public.leadwire_report_cohorts(jsonb) to service_role;

-- For owners and marketers everything; for a targetologist what carries their own tags.
create function public.console_report_cohorts(asked jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if coalesce(private.staff_role() not in ('owner', 'viewer', 'targetologist'), true) then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return private.report_cohorts(asked, private.own_utm_sources());
end
$$;
revoke all on function public.console_report_cohorts(jsonb) from public, anon;
grant execute on function public.console_report_cohorts(jsonb) to authenticated, service_role;

-- The day at a glance, for the role that asks.

-- asked: { now, timeZone }. Answers { today: [{ hour, count }], usual: the same for the four same weekdays before, summed,
-- usualDays: how many of these have leads, sources: [{ source, today, usual }] with usual summed up to this time of the
-- day, messages: [{ channel, sent, delivered, waiting, failed, skipped }] of the leads' own that were planned today,
-- deals: { made, failed, waiting }, lastLeadAt, lastHours and usualHours: leads in the last three hours and, summed, in
-- those of the four weekdays, troubled, quarantined: both of the last 30 days }.
create or replace function public.console_today(asked jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  zone text := asked ->> 'timeZone';
  at timestamptz := (asked ->> 'now')::timestamptz;
  day_start timestamptz := date_trunc('day', at at time zone zone) at time zone zone;
  -- A targetologist's own tags; the same rule as that of the view staff_leads, past which no index finds what is troubled.
  own text[] := private.own_utm_sources();
begin
  if private.staff_role() is null then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return (
    with days as (
      select n, day_start - make_interval(days => 7 * n) as day_from from generate_series(0, 4) as n
    ), leads as materialized (
      select d.n, v.created_at, v.created_at - d.day_from as since_midnight,
        coalesce(nullif(lower(v.utm_source), ''), '') as source, v.amocrm_synced, v.amocrm_error, v.quarantined
      from days d join public.landing_leads v
        on v.created_at >= d.day_from and v.created_at < d.day_from + interval '1 day'
        and (own is null or lower(v.utm_source) = any (own))
    ), hours as (
      select n > 0 as is_usual, extract(hour from since_midnight)::integer as hour, count(*) as count
      from leads group by 1, 2
    ), by_source as (
      select source, count(*) filter (where n = 0) as today,
        count(*) filter (where n > 0 and since_midnight < at - day_start) as usual
      from leads group by source
    ), messages as (
      select m.channel, count(*) filter (where m.status = 'sent') as sent,
        count(*) filter (where m.status = 'sent' and m.delivered_at is not null) as delivered,
        count(*) filter (where m.status = 'pending') as waiting,
        count(*) filter (where m.status in ('failed', 'unknown') or m.bounced_at is not null) as failed,
        count(*) filter (where m.status = 'skipped') as skipped
      from public.staff_deliveries m
      where m.created_at >= day_start and m.campaign_id is null
      group by m.channel
    )
    select jsonb_build_object(
      'today', (select coalesce(jsonb_agg(jsonb_build_object('hour', hour, 'count', count) order by hour), '[]')
        from hours where not is_usual),
      'usual', (select coalesce(jsonb_agg(jsonb_build_object('hour', hour, 'count', count) order by hour), '[]')
        from hours where is_usual),
      'usualDays', (select count(distinct n) from leads where n > 0),
      'sources', (select coalesce(jsonb_agg(jsonb_build_object('source', source, 'today', today, 'usual', usual)
        order by today desc, usual desc, source), '[]') from (select * from by_source
        order by today desc, usual desc, source limit 8) s),
      'messages', (select coalesce(jsonb_agg(to_jsonb(m)), '[]') from messages m),
      'deals', (select jsonb_build_object('made', count(*) filter (where amocrm_synced),
        'failed', count(*) filter (where not amocrm_synced and amocrm_error is not null),
        'waiting', count(*) filter (where not amocrm_synced and amocrm_error is null and not quarantined))
        from leads where n = 0),
      'lastLeadAt', (select v.created_at from public.landing_leads v where v.created_at <= at
        and (own is null or lower(v.utm_source) = any (own))
        order by v.created_at desc limit 1),
      'lastHours', (select count(*) from public.landing_leads v
        where v.created_at > at - interval '3 hours' and v.created_at <= at
        and (own is null or lower(v.utm_source) = any (own))),
      'usualHours', (select count(*) from days d join public.landing_leads v
        on v.created_at > at - interval '3 hours' - make_interval(days => 7 * d.n)
        and v.created_at <= at - make_interval(days => 7 * d.n)
        where d.n > 0 and (own is null or lower(v.utm_source) = any (own))),
      -- In order, because the planner takes most leads to be in trouble and would read the month.
      'troubled', (select count(*) from (select v.created_at from public.landing_leads v
        where v.created_at >= at - interval '30 days' and (own is null or lower(v.utm_source) = any (own))
        and private.is_troubled(v.quarantined, v.email_status, v.sms_status, v.email_bounced_at, v.amocrm_error)
        order by v.created_at desc, v.id desc limit 100000) t),
      'quarantined', (select count(*) from public.landing_leads v where v.created_at >= at - interval '30 days'
        and v.quarantined and (own is null or lower(v.utm_source) = any (own)))
    )
  );
end
$$;
revoke all on function public.console_today(jsonb) from public, anon;
grant execute on function public.console_today(jsonb) to authenticated, service_role;

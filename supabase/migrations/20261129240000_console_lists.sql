-- Lists and searches of the console at 200,000 leads: each statement stops when it has what is shown, and what a person
-- has to look at is found by its index.

-- What a search compares: name and mail in lower case, with the Russian letters that people type for Kazakh ones, and
-- the digits of the phone. Only what has other letters than the English ones is translated: that is what takes the time,
-- and each lead that a search looks at is made this text of. The index holds it: another text would need another index.
create or replace function public.leadwire_search_text(name text, email text, phone text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case when octet_length(name) = length(name) then lower(name)
      else translate(lower(coalesce(name, '')), 'ёәіїұүқғңөһ', 'еаииуукгнох') end
    || ' ' || case when octet_length(email) = length(email) then lower(email)
      else translate(lower(coalesce(email, '')), 'ёәіїұүқғңөһ', 'еаииуукгнох') end
    || ' ' || regexp_replace(coalesce(phone, ''), '\D', '', 'g')
$$;

-- ' and …', that this column of landing_leads as l has one of these values, '' standing for none; '' when none are given.
create or replace function private.is_one_of(name text, given jsonb) returns text
language sql immutable set search_path = '' as $$
  select case when coalesce(jsonb_array_length(given), 0) = 0 then '' else
    format(' and (l.%I = any (%L)%s)', name, array(select jsonb_array_elements_text(given))::text,
      case when given ? '' then format(' or l.%I is null', name) else '' end) end
$$;

-- The columns of a list's row, for the role that asks. asked: { text as private.has_words takes it, since, until, sources:
-- [text, '' for none], kinds, stages, payments, campaigns, onlyTroubled, onlyQuarantined, beforeAt, beforeId, limit,
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
    || private.is_one_of('campaign', asked -> 'campaigns');
  cut constant text := ', l.utm_source, l.kind, l.amocrm_stage, l.payment_method, l.campaign';
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
    select jsonb_build_object('rows', coalesce(jsonb_agg(to_jsonb(p) || jsonb_build_object('email_due', d.email_due,
      'sms_due', d.sms_due) order by p.created_at desc, p.id desc), '[]'), 'total', case when up_to is not null then total end,
      'troubled', case when up_to is not null then troubled end, 'isMore', is_more)
    from page p left join due d on d.lead_id = p.id
  );
end
$$;

-- What can be chosen in the list's filters, from the newest 10,000 leads since then: { sources, kinds, stages, payments,
-- campaigns }, each [{ value, count }], the most frequent first; a value that nobody would choose by its name is left out.
create or replace function public.console_lead_filters(since timestamptz) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if private.staff_role() is null then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return (
    with recent as (
      select v.utm_source, v.kind, v.amocrm_stage, v.payment_method, v.campaign from public.staff_leads v
      where v.created_at >= since order by v.created_at desc limit 10000
    ), alike as (
      -- Few rows are left, so that each is looked at for each filter.
      select r.utm_source, r.kind, r.amocrm_stage, r.payment_method, r.campaign, count(*) as count
      from recent r group by 1, 2, 3, 4, 5
    ), counted as (
      select c.name, c.value, sum(a.count) as count,
        row_number() over (partition by c.name order by sum(a.count) desc, c.value) as place
      from alike a, lateral (values ('sources', coalesce(a.utm_source, '')), ('kinds', a.kind),
        ('stages', a.amocrm_stage), ('payments', a.payment_method), ('campaigns', a.campaign)) as c(name, value)
      where c.value is not null and length(c.value) <= 200
      group by c.name, c.value
    ), listed as (
      select c.name, jsonb_agg(jsonb_build_object('value', c.value, 'count', c.count) order by c.place) as choices
      from counted c where c.place <= 20 group by c.name
    )
    select coalesce(jsonb_object_agg(l.name, l.choices), '{}') from listed l
  );
end
$$;

revoke all on function public.console_find_leads(jsonb), public.console_lead_filters(timestamptz) from public, anon;
revoke all on function private.is_one_of(text, jsonb) from public, anon, authenticated;
grant execute on function public.console_find_leads(jsonb), public.console_lead_filters(timestamptz)
  to authenticated, service_role;
drop function if exists private.leads_with(jsonb, timestamptz);

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

-- The list of leads in the console. People search by any part of a name, a phone or an address; contacts are masked by
-- the view, past which no index helps, so functions that ask for the role first read the table underneath.

create index if not exists landing_leads_newest_idx on public.landing_leads (created_at desc, id desc);
create index if not exists scheduled_notifications_created_at_idx on public.scheduled_notifications (created_at);

-- The newest leads up to that moment that have these words in them, at most 2,000; words as private.has_words takes them.
-- What is frequent is found among the newest at once, what is rare by the index; their own order would tempt the planner
-- to read every lead from the newest on.
create or replace function private.leads_with(words jsonb, up_to timestamptz) returns uuid[]
language plpgsql stable security definer set search_path = '' as $$
declare
  wanted text := private.has_words(words);
  found uuid[];
begin
  if not private.sees_contacts() or wanted is null then
    return '{}';
  end if;
  execute format('select array(select l.id from (select n.* from public.landing_leads n where n.created_at <= $1 '
    'order by n.created_at desc, n.id desc limit 2000) l where %s)', wanted) into found using up_to;
  if cardinality(found) >= 200 then
    return found;
  end if;
  execute format('with fitting as materialized (select l.id, l.created_at from public.landing_leads l where %s) '
    'select array(select f.id from fitting f where f.created_at <= $1 order by f.created_at desc, f.id desc limit 2000)',
    wanted) into found using up_to;
  return found;
end
$$;

-- The columns of a list's row, for the role that asks. asked: { text as private.has_words takes it, since, until, sources: [text or null], kinds,
-- stages, payments, campaigns, onlyTroubled, onlyQuarantined, beforeAt, beforeId, limit, countUpTo }; only limit is
-- required. Answers { rows, total, troubled }; the counts stop at countUpTo and are null without it, and for words that
-- stand in too many leads to be counted.
create or replace function public.console_find_leads(asked jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  from_at timestamptz := coalesce((asked ->> 'since')::timestamptz, '-infinity');
  to_at timestamptz := coalesce((asked ->> 'until')::timestamptz, 'infinity');
  sources text[] := array(select jsonb_array_elements_text(asked -> 'sources'));
  kinds text[] := array(select jsonb_array_elements_text(asked -> 'kinds'));
  stages text[] := array(select jsonb_array_elements_text(asked -> 'stages'));
  payments text[] := array(select jsonb_array_elements_text(asked -> 'payments'));
  campaigns text[] := array(select jsonb_array_elements_text(asked -> 'campaigns'));
  only_troubled boolean := coalesce((asked ->> 'onlyTroubled')::boolean, false);
  only_quarantined boolean := coalesce((asked ->> 'onlyQuarantined')::boolean, false);
  before_at timestamptz := (asked ->> 'beforeAt')::timestamptz;
  before_id uuid := (asked ->> 'beforeId')::uuid;
  ids uuid[] := case when asked ? 'text' then private.leads_with(asked -> 'text', coalesce(before_at, to_at)) end;
  is_countable boolean := ids is null or cardinality(ids) < 200;
  up_to bigint := case when is_countable then (asked ->> 'countUpTo')::bigint end;
  found jsonb;
  total bigint;
  troubled bigint;
begin
  if private.staff_role() is null then
    raise exception 'not for you' using errcode = '42501';
  end if;
  with page as (
    select v.id, v.created_at, v.kind, v.campaign, v.name, v.phone, v.email, v.utm_source, v.utm_campaign, v.utm_content,
      v.payment_method, v.quarantined, v.contact_issues, v.email_status, v.email_delivered_at, v.email_opened_at,
      v.email_clicked_at, v.email_bounced_at, v.email_error, v.sms_status, v.sms_delivered_at, v.sms_clicked_at,
      v.sms_error, v.amocrm_synced, v.amocrm_deal_id, v.amocrm_stage, v.amocrm_error, v.amocrm_deleted_at
    from public.staff_leads v
    where v.created_at >= from_at and v.created_at < to_at
      and (ids is null or v.id = any (ids))
      and (before_at is null or (v.created_at, v.id) < (before_at, before_id))
      and (cardinality(sources) = 0 or coalesce(v.utm_source, '') = any (sources))
      and (cardinality(kinds) = 0 or v.kind = any (kinds))
      and (cardinality(stages) = 0 or v.amocrm_stage = any (stages))
      and (cardinality(payments) = 0 or v.payment_method = any (payments))
      and (cardinality(campaigns) = 0 or v.campaign = any (campaigns))
      and (not only_troubled
        or private.is_troubled(v.quarantined, v.email_status, v.sms_status, v.email_bounced_at, v.amocrm_error))
      and (not only_quarantined or v.quarantined)
    order by v.created_at desc, v.id desc
    limit (asked ->> 'limit')::integer
  ), due as (
    select n.lead_id, min(n.scheduled_for) filter (where n.channel = 'email') as email_due,
      min(n.scheduled_for) filter (where n.channel = 'sms') as sms_due
    from public.scheduled_notifications n
    where n.lead_id in (select p.id from page p) and n.status = 'pending' and n.campaign_id is null
    group by n.lead_id
  )
  select coalesce(jsonb_agg(to_jsonb(p) || jsonb_build_object('email_due', d.email_due, 'sms_due', d.sms_due)
    order by p.created_at desc, p.id desc), '[]')
  into found from page p left join due d on d.lead_id = p.id;

  if up_to is not null then
    select count(*), count(*) filter (where c.is_troubled) into total, troubled from (
      select private.is_troubled(v.quarantined, v.email_status, v.sms_status, v.email_bounced_at, v.amocrm_error)
        as is_troubled
      from public.staff_leads v
      where v.created_at >= from_at and v.created_at < to_at
        and (ids is null or v.id = any (ids))
        and (cardinality(sources) = 0 or coalesce(v.utm_source, '') = any (sources))
        and (cardinality(kinds) = 0 or v.kind = any (kinds))
        and (cardinality(stages) = 0 or v.amocrm_stage = any (stages))
        and (cardinality(payments) = 0 or v.payment_method = any (payments))
        and (cardinality(campaigns) = 0 or v.campaign = any (campaigns))
        and (not only_troubled
          or private.is_troubled(v.quarantined, v.email_status, v.sms_status, v.email_bounced_at, v.amocrm_error))
        and (not only_quarantined or v.quarantined)
      limit up_to
    ) c;
  end if;
  return jsonb_build_object('rows', found, 'total', total, 'troubled', troubled);
end
$$;

-- What can be chosen in the list's filters, from the newest 20,000 leads since then: { sources, kinds, stages, payments,
-- campaigns }, each [{ value, count }], the most frequent first; a value that nobody would choose by its name is left out.
create or replace function public.console_lead_filters(since timestamptz) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if private.staff_role() is null then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return (
    with recent as materialized (
      select v.utm_source, v.kind, v.amocrm_stage, v.payment_method, v.campaign from public.staff_leads v
      where v.created_at >= since order by v.created_at desc limit 20000
    ), counted as (
      select c.name, c.value, count(*) as count,
        row_number() over (partition by c.name order by count(*) desc, c.value) as place
      from recent r, lateral (values ('sources', coalesce(r.utm_source, '')), ('kinds', r.kind),
        ('stages', r.amocrm_stage), ('payments', r.payment_method), ('campaigns', r.campaign)) as c(name, value)
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
revoke all on function private.leads_with(jsonb, timestamptz) from public, anon, authenticated;
grant execute on function public.console_find_leads(jsonb), public.console_lead_filters(timestamptz)
  to authenticated, service_role;

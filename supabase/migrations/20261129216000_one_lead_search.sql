-- One way to find leads for the terminal and the console: one index for any part of a name, phone or address, one for
-- leads that somebody has to look at.

drop index if exists public.landing_leads_trouble_idx;
drop index if exists public.landing_leads_pieces_idx;
drop function if exists private.leads_with(text);
drop function if exists private.lead_pieces(text, text, text);
drop function if exists private.pieces(text);
drop function if exists private.folded(text);
drop function if exists private.phone_digits(text);

-- The condition on landing_leads as l that all these words stand in a lead, in one spelling each; null without words.
-- words: [[pattern, or this one], and …], patterns of LIKE for leadwire_search_text.
create or replace function private.has_words(words jsonb) returns text
language sql immutable set search_path = '' as $$
  select string_agg('(' || (
    select string_agg(format('public.leadwire_search_text(l.name, l.email, l.phone) like %L', pattern.value), ' or ')
    from jsonb_array_elements_text(word.value) as pattern
  ) || ')', ' and ')
  from jsonb_array_elements(words) as word
$$;
revoke all on function private.is_troubled(boolean, text, text, timestamptz, text), private.has_words(jsonb)
  from public, anon, authenticated;
grant execute on function private.is_troubled(boolean, text, text, timestamptz, text), private.has_words(jsonb)
  to service_role;

-- The newest leads that fit, as an array, at most `at_most`.
-- wanted: { text: [[pattern, or this one], and …], source, kind, since, until, state, before: { at, id } }, each may be
--   missing. Patterns are those of LIKE, for leadwire_search_text. `before` is the last lead of the page before.
--   state: quarantined, failed, unknown, skipped, waiting, or trouble (whatever a person should look at).
-- newest: among so many of the newest a text is looked for first: what is frequent is found there at once, and what is
--   rare by the index.
create or replace function public.leadwire_find_leads(wanted jsonb, at_most integer, newest integer) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  trouble constant text := 'private.is_troubled(l.quarantined, l.email_status, l.sms_status, l.email_bounced_at, '
    'l.amocrm_error)';
  state text := case wanted ->> 'state'
    when 'quarantined' then 'l.quarantined'
    when 'failed' then trouble || ' and (''failed'' in (l.email_status, l.sms_status) '
      'or l.email_bounced_at is not null or l.amocrm_error is not null)'
    when 'unknown' then trouble || ' and ''unknown'' in (l.email_status, l.sms_status)'
    when 'trouble' then trouble
    when 'skipped' then '''skipped'' in (l.email_status, l.sms_status)'
    when 'waiting' then '''pending'' in (l.email_status, l.sms_status)'
    else 'true' end;
  -- What is not wanted adds nothing: text and null are null.
  others text := state
    || coalesce(' and l.source = ' || quote_literal(wanted ->> 'source'), '')
    || coalesce(' and l.kind = ' || quote_literal(wanted ->> 'kind'), '')
    || coalesce(' and l.created_at >= ' || quote_literal(wanted ->> 'since') || '::timestamptz', '')
    || coalesce(' and l.created_at < ' || quote_literal(wanted ->> 'until') || '::timestamptz', '')
    || coalesce(' and (l.created_at, l.id) < (' || quote_literal(wanted #>> '{before,at}') || '::timestamptz, '
      || quote_literal(wanted #>> '{before,id}') || '::uuid)', '');
  words text := private.has_words(wanted -> 'text');
  page constant text := 'select coalesce(jsonb_agg(to_jsonb(p) order by p.created_at desc, p.id desc), ''[]'') from ('
    'select l.id, l.created_at, l.kind, l.source, l.name, l.email, l.phone, l.quarantined, l.email_status, '
    'l.sms_status, l.email_bounced_at, l.amocrm_deal_id, l.amocrm_stage, l.amocrm_error from %s l where %s '
    'order by l.created_at desc, l.id desc limit %s) p';
  found jsonb;
begin
  if words is null then
    execute format(page, 'public.landing_leads', others, at_most) into found;
    return found;
  end if;
  execute format(page, format('(select l.* from public.landing_leads l where %s '
    'order by l.created_at desc, l.id desc limit %s)', others, newest), words, at_most) into found;
  if jsonb_array_length(found) >= at_most then
    return found;
  end if;
  -- The page's own order would tempt the planner to read every lead from the newest on.
  execute format('with fitting as materialized (select l.* from public.landing_leads l where %s) ', words)
    || format(page, 'fitting', others, at_most) into found;
  return found;
end
$$;

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

revoke all on function private.leads_with(jsonb, timestamptz) from public, anon, authenticated;

select public.leadwire_service_only('{}');

-- Finding leads, and telling whether they are missing.

-- pg_trgm serves "any part of". Where a project has it in another schema already, it stays there.
create schema if not exists extensions;
create extension if not exists pg_trgm with schema extensions;

-- What a search compares: name and mail in lower case, with the Russian letters that people type for Kazakh ones, and
-- the digits of the phone. Only what has other letters than the English ones is translated: that is what takes the time,
-- and each lead that a search looks at is made this text of. The index holds it: another text would need another index.
create function public.leadwire_search_text(name text, email text, phone text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case when octet_length(name) = length(name) then lower(name)
      else translate(lower(coalesce(name, '')), 'ёәіїұүқғңөһ', 'еаииуукгнох') end
    || ' ' || case when octet_length(email) = length(email) then lower(email)
      else translate(lower(coalesce(email, '')), 'ёәіїұүқғңөһ', 'еаииуукгнох') end
    || ' ' || regexp_replace(coalesce(phone, ''), '\D', '', 'g')
$$;

do $$
begin
  execute format(
    'create index landing_leads_search_idx on public.landing_leads using gin '
    '(public.leadwire_search_text(name, email, phone) %I.gin_trgm_ops)',
    (select n.nspname from pg_catalog.pg_extension e
      join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm')
  );
end
$$;
create index landing_leads_source_idx on public.landing_leads (source, created_at);
create index landing_leads_quarantined_idx on public.landing_leads (created_at) where quarantined;

-- Whether a person has to look at a lead.
create function private.is_troubled(
  quarantined boolean, email_status text, sms_status text, email_bounced_at timestamptz, amocrm_error text
) returns boolean
language sql immutable parallel safe as $$
  select quarantined or coalesce(email_status in ('failed', 'unknown'), false)
    or coalesce(sms_status in ('failed', 'unknown'), false) or email_bounced_at is not null or amocrm_error is not null;
$$;
create index landing_leads_troubled_idx on public.landing_leads (created_at desc, id desc)
  where private.is_troubled(quarantined, email_status, sms_status, email_bounced_at, amocrm_error);

-- The condition on landing_leads as l that all these words stand in a lead, in one spelling each; null without words.
-- words: [[pattern, or this one], and …], patterns of LIKE for leadwire_search_text.
create function private.has_words(words jsonb) returns text
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
create function public.leadwire_find_leads(wanted jsonb, at_most integer, newest integer) returns jsonb
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
    'l.sms_status, l.email_bounced_at, l.amocrm_deal_id, l.amocrm_stage, l.amocrm_error, '
    'private.staff_name(l.manager_id) as manager, l.taken_at from %s l where %s '
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

-- How many leads came in each hour since then, quarantined ones left out; when the newest and the oldest came; how many
-- were held, and of how many messages nobody knows what became, lately.
-- Answers { hours: [[Unix seconds, leads], …], newest, oldest, quarantined, unknown }.
create function public.leadwire_lead_pace(since timestamptz, lately timestamptz) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'hours', (
      select coalesce(jsonb_agg(jsonb_build_array(h.hour, h.leads)), '[]') from (
        select floor(extract(epoch from l.created_at) / 3600)::bigint * 3600 as hour, count(*) as leads
        from public.landing_leads l where l.created_at >= since and not l.quarantined group by 1
      ) h
    ),
    'newest', (select l.created_at from public.landing_leads l where not l.quarantined
      order by l.created_at desc nulls last limit 1),
    'oldest', (select l.created_at from public.landing_leads l where not l.quarantined order by l.created_at limit 1),
    'quarantined', (select count(*) from public.landing_leads l where l.quarantined and l.created_at >= lately),
    'unknown', (select count(*) from public.scheduled_notifications n
      where n.status = 'unknown' and n.reason is distinct from 'erased' and n.scheduled_for >= lately)
  )
$$;

select public.leadwire_service_only('{}');

-- `leadwire leads list` shows who has each lead, and since when.

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

-- The list of leads in the console. People search by any part of a name, a phone or an address; contacts are masked by
-- the view, past which no index helps, so functions that ask for the role first read the table underneath.

create index if not exists landing_leads_newest_idx on public.landing_leads (created_at desc, id desc);
create index if not exists scheduled_notifications_created_at_idx on public.scheduled_notifications (created_at);

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

revoke all on function public.console_find_leads(jsonb), public.console_lead_filters(timestamptz) from public, anon;
revoke all on function private.is_one_of(text, jsonb) from public, anon, authenticated;
grant execute on function public.console_find_leads(jsonb), public.console_lead_filters(timestamptz)
  to authenticated, service_role;

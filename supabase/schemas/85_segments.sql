-- Segments: people by what is known of them from leads, sales and past campaigns. A filter is JSON, as
-- packages/shared/src/contract/segments.ts checks it; here it becomes a condition on a person's contact.

create table public.segments (
  id uuid primary key,
  name text not null,
  filter jsonb not null,
  created_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index segments_name_key on public.segments (lower(name));
comment on table public.segments is
  'Filters of people that were given a name. Written by mailer-batch (leadwire_segment_save).';

-- A query of the contacts of a channel that belong to people with one of the contacts (of either channel) in p_found, a
-- query itself: whoever bought by mail has bought, also for SMS. People are tied by their identities, and by their leads.
create function public.leadwire_segment_kin(p_found text, p_own text) returns text
language sql immutable set search_path = '' as $$
  select format(
    'with s as materialized (select f.contact from (%1$s) as f(contact) where f.contact is not null)
     select s.contact from s union select %2$s from public.landing_leads l where %2$s is not null
     and (lower(l.email) in (select s.contact from s) or l.phone in (select s.contact from s))
     union select k.value from public.person_identities i
     join public.person_identities k on k.person_id = i.person_id and k.kind in (''email'', ''phone'')
     where i.kind in (''email'', ''phone'') and i.value in (select s.contact from s)', p_found, p_own);
$$;

-- A moment that a filter names, as SQL: a day of p_time_zone (2026-11-01), or so many days ago (30d).
create function public.leadwire_segment_moment(p_value text, p_time_zone text) returns text
language sql immutable set search_path = '' as $$
  select case when p_value ~ '^[0-9]{1,4}d$'
    then format('(clock_timestamp() - interval %L)', rtrim(p_value, 'd') || ' days')
    else format('(%L::date::timestamp at time zone %L)', p_value, p_time_zone) end;
$$;

-- A filter as an SQL condition on p.contact. { all: [filter] }, { any: [filter] } or { field, op, value }. What is not
-- known here is refused.
create function public.leadwire_segment_condition(p_filter jsonb, p_channel text, p_time_zone text) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_own text := case p_channel when 'sms' then 'l.phone' else 'lower(l.email)' end;
  v_field text := p_filter ->> 'field';
  v_op text := p_filter ->> 'op';
  v_value text := p_filter ->> 'value';
  v_values text[];
  v_column text;
  v_at text;
  v_contacts text;
begin
  if p_filter ? 'all' or p_filter ? 'any' then
    return (
      select '(' || coalesce(string_agg(public.leadwire_segment_condition(c, p_channel, p_time_zone),
        case when p_filter ? 'all' then ' and ' else ' or ' end), 'true') || ')'
      from jsonb_array_elements(coalesce(p_filter -> 'all', p_filter -> 'any')) as c
    );
  end if;
  v_values := case jsonb_typeof(p_filter -> 'value')
    when 'array' then array(select lower(v) from jsonb_array_elements_text(p_filter -> 'value') as v)
    else array[lower(v_value)] end;
  v_column := case
    when v_field in ('source', 'kind', 'campaign', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_content',
      'utm_term', 'payment_method') then v_field
    when v_field = 'stage' then 'amocrm_stage' end;
  if v_op in ('since', 'before') then
    v_at := case v_op when 'since' then '>= ' else '< ' end || public.leadwire_segment_moment(v_value, p_time_zone);
  end if;

  if v_column is not null then
    v_contacts := format(
      'select %1$s from public.landing_leads l where not l.quarantined and %1$s is not null
       and lower(l.%2$I) = any (%3$L::text[])', v_own, v_column, v_values);
  elsif v_field = 'lead_at' and v_at is not null then
    v_contacts := format(
      'select %1$s from public.landing_leads l where not l.quarantined and %1$s is not null and l.created_at %2$s',
      v_own, v_at);
  elsif v_field in ('bought', 'product', 'bought_at') then
    v_contacts := public.leadwire_segment_kin(format(
      'select unnest(array[lower(s.email), s.phone, lower(b.email), b.phone]) from public.sales s
       left join public.landing_leads b on b.id = s.lead_id
       where s.sold_at is not null and s.refunded_at is null and %s',
      case when v_field = 'product' then format('lower(s.product) = any (%L::text[])', v_values)
        when v_field = 'bought_at' and v_at is not null then 's.sold_at ' || v_at else 'true' end), v_own);
  elsif v_field in ('campaign_sent', 'campaign_opened', 'campaign_clicked') then
    v_contacts := public.leadwire_segment_kin(format(
      'select r.contact from public.campaign_recipients r where r.status = ''sent'' and %s and %s',
      case when v_value = 'any' then 'true' else format('r.campaign_id = any (%L::uuid[])', v_values) end,
      case v_field when 'campaign_opened' then '(r.opened_at is not null or r.clicked_at is not null)'
        when 'campaign_clicked' then 'r.clicked_at is not null' else 'true' end), v_own);
  else
    raise exception 'a segment knows no field % with %', v_field, v_op using errcode = '22023';
  end if;
  return format('p.contact %s (%s)',
    case when v_op = 'is_not' or (v_field = 'bought' and v_value = 'false') then 'not in' else 'in' end, v_contacts);
end
$$;

-- The people of a filter as a query of (contact, name): leads that are not held, buyers, and people of past campaigns,
-- each once, under the newest name.
create function public.leadwire_segment_query(p_filter jsonb, p_channel text, p_time_zone text) returns text
language sql immutable set search_path = '' as $$
  select format(
    'select p.contact, p.name from (
       select distinct on (k.contact) k.contact collate "C" as contact, k.name from (
         select %1$s as contact, l.name, l.created_at as at from public.landing_leads l where not l.quarantined
         union all select %2$s, null, s.sold_at from public.sales s
         union all select r.contact, r.name, r.sent_at from public.campaign_recipients r
           join public.campaigns c on c.id = r.campaign_id and c.channel = %3$L where r.status = ''sent''
       ) as k where k.contact ~ %4$L order by k.contact, k.name is null, k.at desc
     ) as p where %5$s',
    case p_channel when 'sms' then 'l.phone' else 'lower(l.email)' end,
    case p_channel when 'sms' then 's.phone' else 'lower(s.email)' end,
    p_channel, case p_channel when 'sms' then '^\+[0-9]{8,15}$' else '^[^@]+@[^@]+$' end,
    public.leadwire_segment_condition(p_filter, p_channel, p_time_zone));
$$;

-- [{ contact, name }] after a contact, in the order of the contacts.
create function public.leadwire_segment_people(
  p_filter jsonb, p_channel text, p_time_zone text, p_after text, p_limit integer
) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_people jsonb;
begin
  execute format(
    'select coalesce(jsonb_agg(jsonb_build_object(''contact'', o.contact, ''name'', o.name) order by o.contact), ''[]'')
     from (select q.* from (%s) as q where q.contact > %L order by q.contact limit %s) as o',
    public.leadwire_segment_query(p_filter, p_channel, p_time_zone), p_after, p_limit) into v_people;
  return v_people;
end
$$;

-- { people, reachable }: how many it has, and how many of them may be written to as of now.
create function public.leadwire_segment_count(p_filter jsonb, p_channel text, p_time_zone text) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_counted jsonb;
begin
  execute format(
    'select jsonb_build_object(''people'', count(*), ''reachable'', count(*) filter (where
       not exists (select from public.suppressions s where s.channel = %2$L and s.contact = q.contact)
       and not exists (select from public.exclusion_lists e where e.channel = %2$L and e.contact = q.contact)))
     from (%1$s) as q',
    public.leadwire_segment_query(p_filter, p_channel, p_time_zone), p_channel) into v_counted;
  return v_counted;
end
$$;

create function public.leadwire_segment_json(s public.segments) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object('id', s.id, 'name', s.name, 'filter', s.filter, 'createdBy', s.created_by,
    'changedAt', s.updated_at);
$$;

create function public.leadwire_segments() returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(public.leadwire_segment_json(s) order by s.name), '[]') from public.segments s;
$$;

-- p_segment: { id, name, filter, createdBy }. p_changed_at: when it was last changed as the writer has read it, null for
-- a new one. { kind: saved, segment }, { kind: stale }: somebody else has changed it since, or { kind: name_taken }.
create function public.leadwire_segment_save(p_segment jsonb, p_changed_at timestamptz) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_id uuid := (p_segment ->> 'id')::uuid;
  v_segment public.segments;
begin
  select * into v_segment from public.segments s where s.id = v_id for update;
  if v_segment.updated_at is distinct from p_changed_at then
    return jsonb_build_object('kind', 'stale');
  end if;
  insert into public.segments as s (id, name, filter, created_by)
  values (v_id, p_segment ->> 'name', p_segment -> 'filter', p_segment ->> 'createdBy')
  on conflict (id) do update set name = excluded.name, filter = excluded.filter, updated_at = clock_timestamp()
  returning s.* into v_segment;
  return jsonb_build_object('kind', 'saved', 'segment', public.leadwire_segment_json(v_segment));
exception when unique_violation then
  return jsonb_build_object('kind', 'name_taken');
end
$$;

-- Drafts that were made of it keep its filter. Answers whether there was one.
create function public.leadwire_segment_delete(p_id uuid) returns boolean
language sql set search_path = '' as $$
  with gone as (delete from public.segments s where s.id = p_id returning s.id)
  select exists (select from gone);
$$;

select public.leadwire_service_only('{segments}');

-- The two lists of people who are not written to: suppressions and the standing exclusions. Contacts come in their
-- normal form. Each function is one transaction and may be repeated.

-- rows: [{ reason, source, at, recipientId } or { reason, source, at, channel, contact }]. Who is suppressed already
-- keeps the first reason. Answers how many people are new.
create or replace function public.leadwire_store_suppressions(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_bad bigint;
  v_new integer;
begin
  perform public.leadwire_check_rows(rows, '{reason,source,at}', '{recipientId}', '{at}');
  select min(t.n) - 1 into v_bad
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  left join public.campaign_recipients p on p.id = (t.r ->> 'recipientId')::uuid
  where coalesce(t.r ->> 'contact', p.contact) is null;
  if v_bad is not null then
    raise exception 'row %: there is no such recipient', v_bad using errcode = '22023';
  end if;

  insert into public.suppressions (channel, contact, reason, source, created_at)
  select distinct on (o.channel, o.contact) o.channel, o.contact, o.reason, o.source, o.at
  from (
    select coalesce(x.channel, c.channel) as channel, coalesce(x.contact, p.contact) as contact, x.reason,
      x.source || coalesce(':' || p.campaign_id, '') as source, x.at
    from jsonb_to_recordset(rows) as x(
      "recipientId" uuid, channel text, contact text, reason text, source text, at timestamptz
    )
    left join public.campaign_recipients p on p.id = x."recipientId"
    left join public.campaigns c on c.id = p.campaign_id
  ) o
  order by o.channel, o.contact, o.at
  on conflict (channel, contact) do nothing;
  get diagnostics v_new = row_count;
  return v_new;
end
$$;

-- [{ channel, contact, reason, source, createdAt }], the newest first.
create or replace function public.leadwire_campaign_suppressions(p_offset integer, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'channel', p.channel, 'contact', p.contact, 'reason', p.reason, 'source', p.source, 'createdAt', p.created_at
  ) order by p.created_at desc, p.id), '[]')
  from (
    select s.* from public.suppressions s order by s.created_at desc, s.id offset p_offset limit p_limit
  ) as p;
$$;

-- p_rows: [{ channel, contact }]. Who is suppressed already keeps the reason. Answers how many are new.
create or replace function public.leadwire_campaign_suppress(p_rows jsonb, p_source text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_new integer;
begin
  insert into public.suppressions (channel, contact, reason, source)
  select r.channel, r.contact, 'manual', p_source
  from jsonb_to_recordset(p_rows) as r(channel text, contact text)
  on conflict (channel, contact) do nothing;
  get diagnostics v_new = row_count;
  return v_new;
end
$$;

-- They may be written to again. Answers how many were on the list.
create or replace function public.leadwire_campaign_unsuppress(p_rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_gone integer;
begin
  delete from public.suppressions s using jsonb_to_recordset(p_rows) as r(channel text, contact text)
  where s.channel = r.channel and s.contact = r.contact;
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

-- [{ channel, contact, note, createdAt }], the newest first.
create or replace function public.leadwire_campaign_exclusions(p_offset integer, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'channel', p.channel, 'contact', p.contact, 'note', p.note, 'createdAt', p.created_at
  ) order by p.created_at desc, p.channel, p.contact), '[]')
  from (
    select e.* from public.exclusion_lists e
    order by e.created_at desc, e.channel, e.contact offset p_offset limit p_limit
  ) as p;
$$;

-- p_rows: [{ channel, contact }]. Who is on the list already gets the new note. Answers how many are new.
create or replace function public.leadwire_campaign_exclude(p_rows jsonb, p_note text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_new integer;
begin
  insert into public.exclusion_lists (channel, contact, note)
  select distinct r.channel, r.contact, p_note
  from jsonb_to_recordset(p_rows) as r(channel text, contact text)
  on conflict (channel, contact) do nothing;
  get diagnostics v_new = row_count;
  update public.exclusion_lists e set note = p_note
  from jsonb_to_recordset(p_rows) as r(channel text, contact text)
  where p_note is not null and e.channel = r.channel and e.contact = r.contact;
  return v_new;
end
$$;

-- Answers how many were on the list.
create or replace function public.leadwire_campaign_unexclude(p_rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_gone integer;
begin
  delete from public.exclusion_lists e using jsonb_to_recordset(p_rows) as r(channel text, contact text)
  where e.channel = r.channel and e.contact = r.contact;
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

-- Campaigns before they start: drafts, their lists, who is left out and why. mailer-batch calls these functions
-- through the REST API; each is one transaction and may be repeated.

-- How many of a campaign's people are in which state, and what became of the sent ones.
create or replace function public.leadwire_campaign_counts(p_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'audience', count(*),
    'pending', count(*) filter (where r.status = 'pending'),
    'sending', count(*) filter (where r.status = 'sending'),
    'sent', count(*) filter (where r.status = 'sent'),
    'failed', count(*) filter (where r.status = 'failed'),
    'skipped', count(*) filter (where r.status = 'skipped'),
    'unknown', count(*) filter (where r.status = 'unknown'),
    'delivered', count(r.delivered_at), 'bounced', count(r.bounced_at), 'complained', count(r.complained_at),
    'opened', count(r.opened_at), 'clicked', count(r.clicked_at),
    'sentLastMinute', count(*) filter (where r.sent_at > clock_timestamp() - interval '1 minute')
  )
  from public.campaign_recipients r where r.campaign_id = p_id;
$$;

-- A campaign as mailer-batch reads it.
create or replace function public.leadwire_campaign_json(c public.campaigns) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'id', c.id, 'name', c.name, 'channel', c.channel, 'template', c.template, 'topic', c.topic,
    'variables', c.variables, 'status', c.status, 'pauseReason', c.pause_reason,
    'source', c.audience, 'audienceReady', c.audience_ready, 'confirmedCount', c.confirmed_count,
    'scheduledFor', c.scheduled_for, 'quietHours', c.quiet_hours, 'timeZone', c.time_zone,
    'ratePerSecond', c.rate_per_second, 'maxBouncePercent', c.max_bounce_percent,
    'maxErrorPercent', c.max_error_percent, 'createdAt', c.created_at, 'startedAt', c.started_at,
    'pausedAt', c.paused_at, 'cancelledAt', c.cancelled_at, 'finishedAt', c.finished_at
  );
$$;

-- The campaign with its counts, or null. `changedAt` is the draft's, its list's too.
create or replace function public.leadwire_campaign_get(p_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select public.leadwire_campaign_json(c)
    || jsonb_build_object('counts', public.leadwire_campaign_counts(c.id), 'changedAt', c.updated_at)
  from public.campaigns c where c.id = p_id;
$$;

-- The newest campaigns with their counts.
create or replace function public.leadwire_campaign_list(p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(
    public.leadwire_campaign_json(c) || jsonb_build_object('counts', public.leadwire_campaign_counts(c.id))
    order by c.created_at desc, c.id
  ), '[]')
  from (select k.id from public.campaigns k order by k.created_at desc, k.id limit p_limit) as newest
  join public.campaigns c on c.id = newest.id;
$$;

-- The newest campaigns whose id begins so (lower case), with their counts.
create or replace function public.leadwire_campaign_find(p_prefix text, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(
    public.leadwire_campaign_json(c) || jsonb_build_object('counts', public.leadwire_campaign_counts(c.id))
    order by c.created_at desc, c.id
  ), '[]')
  from (
    select k.id from public.campaigns k
    where starts_with(k.id::text, p_prefix) order by k.created_at desc, k.id limit p_limit
  ) as newest
  join public.campaigns c on c.id = newest.id;
$$;

-- Whether it is quiet now: p_hours are local times of p_zone such as 21:00-09:00, null for none.
create or replace function public.leadwire_campaign_is_quiet(p_hours text, p_zone text) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  v_from time := nullif(split_part(coalesce(p_hours, ''), '-', 1), '');
  v_to time := nullif(split_part(coalesce(p_hours, ''), '-', 2), '');
  v_local time := (clock_timestamp() at time zone p_zone)::time;
begin
  if v_from is null or v_to is null then
    return false;
  end if;
  if v_from <= v_to then
    return v_local >= v_from and v_local < v_to;
  end if;
  return v_local >= v_from or v_local < v_to;
end
$$;

-- p_campaign: { id, name, channel, template, topic?, variables, source, scheduledFor?, quietHours?, timeZone,
--   ratePerSecond?, maxBouncePercent, maxErrorPercent, requestHash? }; the same id again changes nothing. Answers the
-- campaign, with the requestHash of who made it.
create or replace function public.leadwire_campaign_create(p_campaign jsonb) returns jsonb
language plpgsql set search_path = '' as $$
begin
  insert into public.campaigns (id, name, channel, template, topic, variables, audience, scheduled_for, quiet_hours,
    time_zone, rate_per_second, max_bounce_percent, max_error_percent, request_hash)
  select r.id, r.name, r.channel, r.template, r.topic, coalesce(r.variables, '{}'), coalesce(r.source, '{}'),
    r."scheduledFor", r."quietHours", coalesce(r."timeZone", 'UTC'), r."ratePerSecond",
    r."maxBouncePercent", r."maxErrorPercent", r."requestHash"
  from jsonb_to_record(p_campaign) as r(
    id uuid, name text, channel text, template text, topic text, variables jsonb, source jsonb,
    "scheduledFor" timestamptz, "quietHours" text, "timeZone" text, "ratePerSecond" numeric,
    "maxBouncePercent" numeric, "maxErrorPercent" numeric, "requestHash" text
  )
  on conflict (id) do nothing;
  -- A zone or hours that this database cannot read are refused here, not when it is time to send.
  perform public.leadwire_campaign_is_quiet(c.quiet_hours, c.time_zone)
  from public.campaigns c where c.id = (p_campaign ->> 'id')::uuid;
  return (
    select public.leadwire_campaign_json(c) || jsonb_build_object('requestHash', c.request_hash)
    from public.campaigns c where c.id = (p_campaign ->> 'id')::uuid
  );
end
$$;

-- p_patch: any of { name, template, topic, variables, quietHours, timeZone } of a draft, scheduledFor until it
-- starts, ratePerSecond (null: the provider's own) until it ends. Answers { kind: 'changed', campaign } or
-- { kind: 'not_allowed', field, status } or { kind: 'missing' }.
create or replace function public.leadwire_campaign_patch(p_id uuid, p_patch jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_field text;
begin
  select * into v_campaign from public.campaigns c where c.id = p_id for update;
  if not found then
    return jsonb_build_object('kind', 'missing');
  end if;
  select k into v_field from jsonb_object_keys(p_patch) as k
  where v_campaign.status <> 'draft'
    and not (k = 'ratePerSecond' and v_campaign.status in ('scheduled', 'running', 'paused'))
    and not (k = 'scheduledFor' and v_campaign.status = 'scheduled')
  order by k limit 1;
  if v_field is not null then
    return jsonb_build_object('kind', 'not_allowed', 'field', v_field, 'status', v_campaign.status);
  end if;
  update public.campaigns c
  set name = case when p_patch ? 'name' then p_patch ->> 'name' else c.name end,
    template = case when p_patch ? 'template' then p_patch ->> 'template' else c.template end,
    topic = case when p_patch ? 'topic' then p_patch ->> 'topic' else c.topic end,
    variables = case when p_patch ? 'variables' then p_patch -> 'variables' else c.variables end,
    quiet_hours = case when p_patch ? 'quietHours' then p_patch ->> 'quietHours' else c.quiet_hours end,
    time_zone = case when p_patch ? 'timeZone' then p_patch ->> 'timeZone' else c.time_zone end,
    scheduled_for = case when p_patch ? 'scheduledFor' then (p_patch ->> 'scheduledFor')::timestamptz
      else c.scheduled_for end,
    rate_per_second = case when p_patch ? 'ratePerSecond' then (p_patch ->> 'ratePerSecond')::numeric
      else c.rate_per_second end,
    paced_until = case when p_patch ? 'ratePerSecond' then null else c.paced_until end,
    updated_at = clock_timestamp()
  where c.id = p_id
  returning * into v_campaign;
  perform public.leadwire_campaign_is_quiet(v_campaign.quiet_hours, v_campaign.time_zone);
  return jsonb_build_object('kind', 'changed', 'campaign', public.leadwire_campaign_json(v_campaign));
end
$$;

-- Stores a part of the list. The first part removes what was there; after the last one the list is complete.
-- p_upload is the same for all parts of one list; { kind: superseded } when another list was begun meanwhile.
-- p_people: [{ row, contact, name, variables }], contact normalised; p_left_out: [{ row, contact, name, reason }].
create or replace function public.leadwire_campaign_set_audience(
  p_id uuid, p_upload uuid, p_people jsonb, p_left_out jsonb, p_first boolean, p_last boolean
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_status text;
  v_upload uuid;
begin
  select c.status, c.audience_upload into v_status, v_upload from public.campaigns c where c.id = p_id for update;
  if v_status is null then
    return jsonb_build_object('kind', 'missing');
  end if;
  if v_status <> 'draft' then
    return jsonb_build_object('kind', 'not_draft', 'status', v_status);
  end if;
  if not p_first and v_upload is distinct from p_upload then
    return jsonb_build_object('kind', 'superseded');
  end if;
  if p_first then
    delete from public.campaign_recipients r where r.campaign_id = p_id;
    delete from public.campaign_left_out l where l.campaign_id = p_id;
  end if;
  insert into public.campaign_recipients (campaign_id, line, contact, name, variables)
  select p_id, r."row", r.contact, r.name, coalesce(r.variables, '{}')
  from jsonb_to_recordset(p_people) as r("row" integer, contact text, name text, variables jsonb)
  on conflict (campaign_id, contact) do nothing;
  insert into public.campaign_left_out (campaign_id, line, contact, name, reason)
  select p_id, r."row", r.contact, r.name, r.reason
  from jsonb_to_recordset(p_left_out) as r("row" integer, contact text, name text, reason text)
  on conflict (campaign_id, line) do nothing;
  update public.campaigns c
  set audience_ready = p_last, audience_upload = p_upload, updated_at = clock_timestamp()
  where c.id = p_id;
  return jsonb_build_object('kind', 'stored');
end
$$;

-- Of a draft's list: who would be left out if it started now, for what the database knows about them.
create or replace function public.leadwire_campaign_left_out_now(p_id uuid)
returns table (id uuid, line integer, name text, contact text, reason text)
language sql stable set search_path = '' as $$
  select r.id, r.line, r.name, r.contact,
    case
      when e.contact is not null then 'excluded_standing'
      when s.reason in ('unsubscribed', 'bounced', 'complained') then s.reason
      when s.contact is not null then 'suppressed'
      else 'topic_already_sent'
    end
  from public.campaigns c
  join public.campaign_recipients r on r.campaign_id = c.id
  left join public.exclusion_lists e on e.channel = c.channel and e.contact = r.contact
  left join public.suppressions s on s.channel = c.channel and s.contact = r.contact
  left join public.campaign_topic_sends t on t.topic = c.topic and t.channel = c.channel and t.contact = r.contact
  where c.id = p_id and c.status = 'draft'
    and (e.contact is not null or s.contact is not null or t.contact is not null);
$$;

-- { read, audience, leftOut: { <reason>: <count> } }, or null.
create or replace function public.leadwire_campaign_preview(p_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  with left_out as (
    select l.reason from public.campaign_left_out l where l.campaign_id = p_id
    union all
    select n.reason from public.leadwire_campaign_left_out_now(p_id) n
  ), people as (
    select count(*) as n from public.campaign_recipients r where r.campaign_id = p_id
  ), now_out as (
    select count(*) as n from public.leadwire_campaign_left_out_now(p_id)
  ), fixed_out as (
    select count(*) as n from public.campaign_left_out l where l.campaign_id = p_id
  )
  select jsonb_build_object(
    'read', people.n + fixed_out.n, 'audience', people.n - now_out.n,
    'leftOut', (
      select coalesce(jsonb_object_agg(g.reason, g.n), '{}')
      from (select o.reason, count(*) as n from left_out o group by o.reason) as g
    )
  )
  from people, now_out, fixed_out
  where exists (select from public.campaigns c where c.id = p_id);
$$;

-- [{ row, name, contact, reason }] after a row, in the order of the list.
create or replace function public.leadwire_campaign_left_out_page(p_id uuid, p_after integer, p_limit integer)
returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(
    jsonb_build_object('row', o.line, 'name', o.name, 'contact', o.contact, 'reason', o.reason) order by o.line
  ), '[]')
  from (
    select u.* from (
      select l.line, l.name, l.contact, l.reason from public.campaign_left_out l where l.campaign_id = p_id
      union all
      select n.line, n.name, n.contact, n.reason from public.leadwire_campaign_left_out_now(p_id) n
    ) as u
    where u.line > p_after order by u.line limit p_limit
  ) as o;
$$;

-- [{ id, row, contact, name, variables, batch, status, … }] after a row, in the order of the list.
create or replace function public.leadwire_campaign_recipients_page(p_id uuid, p_after integer, p_limit integer)
returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'row', r.line, 'contact', r.contact, 'name', r.name, 'variables', r.variables, 'batch', r.batch,
    'status', r.status, 'reason', r.reason, 'error', r.error, 'providerId', r.provider_id, 'attempts', r.attempts,
    'sentAt', r.sent_at, 'deliveredAt', r.delivered_at, 'bouncedAt', r.bounced_at,
    'complainedAt', r.complained_at, 'openedAt', r.opened_at, 'clickedAt', r.clicked_at
  ) order by r.line), '[]')
  from (
    select k.* from public.campaign_recipients k
    where k.campaign_id = p_id and k.line > p_after order by k.line limit p_limit
  ) as r;
$$;

-- What people get a text of their own from, those counted once who have the same: of p_limit rows of the list after
-- p_after, without whom the campaign would leave out now.
-- { groups: [{ row, name, variables, people }], next }: `row` is the first of them, `next` null at the end.
create or replace function public.leadwire_campaign_texts(p_id uuid, p_after integer, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  with page as (
    select r.line, r.contact, r.name, r.variables from public.campaign_recipients r
    where r.campaign_id = p_id and r.line > p_after order by r.line limit p_limit
  ), alike as (
    select min(p.line) as line, p.name, p.variables, count(*) as people
    from public.campaigns c cross join page p
    left join public.exclusion_lists e on e.channel = c.channel and e.contact = p.contact
    left join public.suppressions s on s.channel = c.channel and s.contact = p.contact
    left join public.campaign_topic_sends t on t.topic = c.topic and t.channel = c.channel and t.contact = p.contact
    where c.id = p_id and (c.status <> 'draft' or coalesce(e.contact, s.contact, t.contact) is null)
    group by p.name, p.variables
  )
  select jsonb_build_object(
    'groups', (select coalesce(jsonb_agg(jsonb_build_object(
      'row', a.line, 'name', a.name, 'variables', a.variables, 'people', a.people
    ) order by a.line), '[]') from alike a),
    'next', (select case when count(*) = p_limit then max(p.line) end from page p)
  );
$$;

-- Campaigns from start to end. Each function of this and the next files is one transaction and may be repeated at any
-- point. The order of locks is campaign, batch, recipients (those by id). Always: pending + sending + sent + failed +
-- skipped + unknown = the audience.

-- Puts the pending people that are in no batch into new ones, in the order of the list.
create or replace function public.leadwire_campaign_cut(p_id uuid, p_batch_size integer) returns void
language sql set search_path = '' as $$
  with numbered as (
    select r.id, coalesce((select max(b.n) from public.campaign_batches b where b.campaign_id = p_id), 0) + 1
      + ((row_number() over (order by r.line, r.id) - 1) / p_batch_size)::integer as n
    from public.campaign_recipients r
    where r.campaign_id = p_id and r.status = 'pending' and r.batch is null
  ), cut as (
    update public.campaign_recipients r set batch = x.n from numbered x where r.id = x.id returning x.n
  )
  insert into public.campaign_batches (campaign_id, n, idempotency_key)
  select distinct p_id, cut.n, 'campaign-' || p_id || '-' || cut.n from cut;
$$;

-- Starts a draft whose audience has exactly p_expected people, now or at the time it is scheduled for. From here on
-- nobody comes into the audience. p_changed_at: when the draft had last been changed as it was read for p_frozen; if it
-- or its list was changed since, nothing starts. Answers { kind: started | scheduled, audience }, { kind: changed },
-- { kind: count_differs, audience }, { kind: not_draft, status }, { kind: no_audience } or { kind: missing }.
create or replace function public.leadwire_campaign_start(
  p_id uuid, p_expected integer, p_frozen jsonb, p_batch_size integer, p_changed_at timestamptz
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_out_ids uuid[];
  v_out_reasons text[];
  v_audience integer;
  v_status text;
begin
  select * into v_campaign from public.campaigns c where c.id = p_id for update;
  if not found then
    return jsonb_build_object('kind', 'missing');
  end if;
  if v_campaign.status <> 'draft' then
    return jsonb_build_object('kind', 'not_draft', 'status', v_campaign.status);
  end if;
  if v_campaign.updated_at is distinct from p_changed_at then
    return jsonb_build_object('kind', 'changed');
  end if;
  select coalesce(array_agg(n.id), '{}'), coalesce(array_agg(n.reason), '{}') into v_out_ids, v_out_reasons
  from public.leadwire_campaign_left_out_now(p_id) n;
  select count(*) - coalesce(cardinality(v_out_ids), 0) into v_audience
  from public.campaign_recipients r where r.campaign_id = p_id;
  if not v_campaign.audience_ready or v_audience = 0 then
    return jsonb_build_object('kind', 'no_audience');
  end if;
  if v_audience <> p_expected then
    return jsonb_build_object('kind', 'count_differs', 'audience', v_audience);
  end if;

  with gone as (
    delete from public.campaign_recipients r using unnest(v_out_ids, v_out_reasons) as o(id, reason)
    where r.id = o.id returning r.line, r.name, r.contact, o.reason
  )
  insert into public.campaign_left_out (campaign_id, line, name, contact, reason)
  select p_id, g.line, g.name, g.contact, g.reason from gone g
  on conflict (campaign_id, line) do nothing;
  perform public.leadwire_campaign_cut(p_id, p_batch_size);

  v_status := case when v_campaign.scheduled_for > clock_timestamp() then 'scheduled' else 'running' end;
  update public.campaigns c
  set status = v_status, frozen = p_frozen, confirmed_count = p_expected, total = v_audience,
    started_at = case when v_status = 'running' then clock_timestamp() end, updated_at = clock_timestamp()
  where c.id = p_id;
  return jsonb_build_object('kind', case v_status when 'running' then 'started' else 'scheduled' end,
    'audience', v_audience);
end
$$;

-- Moves a campaign from one of p_from to p_to.
-- Answers { kind: 'done' | 'already' | 'not_allowed' | 'missing', status }.
create or replace function public.leadwire_campaign_move(
  p_id uuid, p_from text[], p_to text, p_reason text
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_status text;
begin
  select c.status into v_status from public.campaigns c where c.id = p_id for update;
  if v_status is null then
    return jsonb_build_object('kind', 'missing');
  end if;
  if v_status = p_to then
    return jsonb_build_object('kind', 'already', 'status', v_status);
  end if;
  if v_status <> all (p_from) then
    return jsonb_build_object('kind', 'not_allowed', 'status', v_status);
  end if;
  update public.campaigns c
  set status = p_to, pause_reason = case when p_to = 'paused' then p_reason end,
    paused_at = case when p_to = 'paused' then clock_timestamp() else c.paused_at end,
    resumed_at = case when v_status = 'paused' and p_to = 'running' then clock_timestamp() else c.resumed_at end,
    cancelled_at = case when p_to = 'cancelled' then clock_timestamp() else c.cancelled_at end,
    updated_at = clock_timestamp()
  where c.id = p_id;
  return jsonb_build_object('kind', 'done', 'status', p_to);
end
$$;

-- Nothing is claimed any more from here on; what is claimed already goes out. p_reason: one token.
create or replace function public.leadwire_campaign_pause(p_id uuid, p_reason text) returns jsonb
language sql set search_path = '' as $$
  select public.leadwire_campaign_move(p_id, '{running}', 'paused', p_reason);
$$;

-- Goes on where a pause stopped. Answers as leadwire_campaign_move.
create or replace function public.leadwire_campaign_resume(p_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_moved jsonb := public.leadwire_campaign_move(p_id, '{paused}', 'running', null);
begin
  if v_moved ->> 'kind' = 'done' then
    update public.campaign_batches b set nudged_at = null where b.campaign_id = p_id and b.state <> 'settled';
  end if;
  return v_moved;
end
$$;

-- For good: who is not claimed yet is skipped.
create or replace function public.leadwire_campaign_cancel(p_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_moved jsonb := public.leadwire_campaign_move(p_id, '{draft,scheduled,running,paused}', 'cancelled', null);
begin
  if v_moved ->> 'kind' = 'done' then
    update public.campaign_batches b set state = 'settled', settled_at = clock_timestamp()
    where b.campaign_id = p_id and b.state = 'pending';
    -- Nobody can know anything of the others.
    perform from public.campaign_recipients r
    where r.campaign_id = p_id and r.status = 'pending' and r.attempts > 0 order by r.id for update;
    update public.campaign_recipients r
    set status = 'skipped', reason = 'cancelled', settled_at = clock_timestamp(), updated_at = clock_timestamp()
    where r.campaign_id = p_id and r.status = 'pending';
  end if;
  return v_moved;
end
$$;

-- The failed ones once more, in batches and under keys of their own; the unknown ones as well when p_unknown_too.
-- Answers { kind: 'retried', people }, { kind: 'nothing' }, { kind: 'not_allowed', status } or { kind: 'missing' }.
create or replace function public.leadwire_campaign_retry(p_id uuid, p_batch_size integer, p_unknown_too boolean)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_status text;
  v_people integer;
begin
  select c.status into v_status from public.campaigns c where c.id = p_id for update;
  if v_status is null then
    return jsonb_build_object('kind', 'missing');
  end if;
  if v_status not in ('running', 'paused', 'finished') then
    return jsonb_build_object('kind', 'not_allowed', 'status', v_status);
  end if;
  perform from public.campaign_recipients r
  where r.campaign_id = p_id and r.status in ('failed', 'unknown') order by r.id for update;
  update public.campaign_recipients r
  set status = 'pending', batch = null, reason = null, error = null, settled_at = null, updated_at = clock_timestamp()
  where r.campaign_id = p_id and (r.status = 'failed' or (p_unknown_too and r.status = 'unknown'));
  get diagnostics v_people = row_count;
  if v_people = 0 then
    return jsonb_build_object('kind', 'nothing');
  end if;
  perform public.leadwire_campaign_cut(p_id, p_batch_size);
  update public.campaigns c
  set status = case when c.status = 'finished' then 'running' else c.status end, finished_at = null,
    resumed_at = clock_timestamp(), updated_at = clock_timestamp()
  where c.id = p_id;
  return jsonb_build_object('kind', 'retried', 'people', v_people);
end
$$;

-- Whether somebody has seen a copy at the provider or with the person: proof that it went out.
create or replace function public.leadwire_campaign_is_seen(r public.campaign_recipients) returns boolean
language sql immutable set search_path = '' as $$
  select coalesce(r.delivered_at, r.bounced_at, r.complained_at, r.opened_at, r.clicked_at) is not null;
$$;

-- Batches of cancelled campaigns whose sender never came back: nobody can say whether they arrived, and nobody asks
-- by sending once more. Whose copy has been seen got it.
create or replace function public.leadwire_campaign_close_cancelled() returns void
language sql set search_path = '' as $$
  with closed as (
    update public.campaign_batches b set state = 'settled', settled_at = clock_timestamp()
    from public.campaigns c
    where c.id = b.campaign_id and c.status = 'cancelled' and b.state = 'sending'
      and coalesce(b.lease_until, '-infinity') <= clock_timestamp()
    returning b.campaign_id, b.n
  ), locked as (
    select r.id from closed x
    join public.campaign_recipients r on r.campaign_id = x.campaign_id and r.batch = x.n and r.status = 'sending'
    order by r.id for update of r
  )
  update public.campaign_recipients r
  set status = case when public.leadwire_campaign_is_seen(r) then 'sent' else 'unknown' end,
    reason = case when not public.leadwire_campaign_is_seen(r) then 'cancelled_in_flight' end,
    sent_at = least(r.delivered_at, r.bounced_at, r.complained_at, r.opened_at, r.clicked_at),
    settled_at = clock_timestamp(), updated_at = clock_timestamp()
  from locked k where r.id = k.id and r.status = 'sending';
$$;

-- Finishes a running or paused campaign of which no batch is left; true when this call did it. A paused one ends as
-- well: what was claimed before the pause may have been the last of it.
create or replace function public.leadwire_campaign_finish_if_done(p_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  if exists (select from public.campaign_batches b where b.campaign_id = p_id and b.state <> 'settled') then
    return false;
  end if;
  perform from public.campaigns c where c.id = p_id and c.status in ('running', 'paused') for update;
  if not found then
    return false;
  end if;
  -- Looked at again now that nobody else can add one: a retry may have done so while the lock was waited for.
  if exists (select from public.campaign_batches b where b.campaign_id = p_id and b.state <> 'settled') then
    return false;
  end if;
  update public.campaigns c
  set status = 'finished', pause_reason = null, finished_at = clock_timestamp(), updated_at = clock_timestamp()
  where c.id = p_id;
  return true;
end
$$;

-- One batch of a campaign: looked at, claimed, sent, settled or put off.

-- Who of a batch that has not been tried yet would be sent to: pending, not suppressed, not told about the topic.
create or replace function public.leadwire_campaign_sendable(p_id uuid, p_n integer)
returns table (id uuid, line integer, why_not text)
language sql stable set search_path = '' as $$
  select r.id, r.line,
    case when s.contact is not null then 'suppressed' when t.contact is not null then 'topic_already_sent' end
  from public.campaigns c
  join public.campaign_recipients r on r.campaign_id = c.id and r.batch = p_n and r.status in ('pending', 'sending')
  left join public.suppressions s on s.channel = c.channel and s.contact = r.contact
  left join public.campaign_topic_sends t on t.topic = c.topic and t.channel = c.channel and t.contact = r.contact
    and t.campaign_id <> c.id
  where c.id = p_id;
$$;

-- Why a batch may not be sent just now: { kind: missing | settled | not_running | quiet | busy }, or null when it may.
create or replace function public.leadwire_campaign_hindrance(c public.campaigns, b public.campaign_batches)
returns jsonb
language sql stable set search_path = '' as $$
  select case
    when c.id is null or b.n is null then jsonb_build_object('kind', 'missing')
    when b.state = 'settled' then jsonb_build_object('kind', 'settled')
    when c.status <> 'running' then jsonb_build_object('kind', 'not_running')
    when b.lease_until > clock_timestamp() then jsonb_build_object('kind', 'busy')
    when public.leadwire_campaign_is_quiet(c.quiet_hours, c.time_zone) then jsonb_build_object('kind', 'quiet')
  end;
$$;

-- Looks at a batch before its turn, and changes nothing: what would be sent, as of now. A batch that has been tried
-- (body_hash) keeps its people and its time, so that its request has the same bytes.
create or replace function public.leadwire_campaign_look(p_id uuid, p_n integer) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_batch public.campaign_batches;
  v_hindrance jsonb;
begin
  select * into v_campaign from public.campaigns c where c.id = p_id;
  select * into v_batch from public.campaign_batches b where b.campaign_id = p_id and b.n = p_n;
  v_hindrance := public.leadwire_campaign_hindrance(v_campaign, v_batch);
  if v_hindrance is not null then
    return v_hindrance;
  end if;
  return jsonb_build_object('kind', 'ready', 'ratePerSecond', v_campaign.rate_per_second, 'batch', jsonb_build_object(
    'campaignId', p_id, 'n', p_n, 'channel', v_campaign.channel, 'campaignName', v_campaign.name,
    'template', v_campaign.template,
    'frozen', v_campaign.frozen, 'idempotencyKey', v_batch.idempotency_key, 'attempts', v_batch.attempts,
    'isInherited', v_batch.body_hash is not null,
    'at', case when v_batch.body_hash is null then clock_timestamp() else v_batch.first_claim_at end,
    'providerRef', v_batch.provider_ref, 'stage', v_batch.stage,
    'recipients', (
      select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'row', r.line, 'contact', r.contact, 'name', r.name,
        'variables', r.variables) order by r.line, r.id), '[]')
      from public.leadwire_campaign_sendable(p_id, p_n) s
      join public.campaign_recipients r on r.id = s.id
      where case when v_batch.body_hash is null then s.why_not is null else r.status = 'sending' end
    )
  ));
end
$$;

-- These people have not had the topic after all: another campaign about it may write to them.
create or replace function public.leadwire_campaign_forget_topic(p_id uuid, p_ids uuid[]) returns void
language sql set search_path = '' as $$
  delete from public.campaign_topic_sends t
  using public.campaigns c, public.campaign_recipients r
  where c.id = p_id and r.id = any (p_ids) and t.topic = c.topic and t.channel = c.channel
    and t.contact = r.contact and t.campaign_id = p_id;
$$;

-- Claims a batch for p_lease_ms, if its people are still p_ids (in the order of the list): they are then `sending`,
-- and who is suppressed or has had the topic is skipped. p_at and p_body_hash belong to the request that was made
-- from leadwire_campaign_look. Answers a hindrance, { kind: changed } (look again), { kind: empty } (nobody is left;
-- the batch is settled), { kind: other_body } (an earlier try had other bytes; it is ours to settle),
-- { kind: claimed } or { kind: inherited, firstClaimAt } (an earlier try may have arrived).
-- A sender waits for its turn at the campaign's rate as it was when it looked (p_rate, null for none). If the rate is
-- another by then, it has to look again: so a lowered limit holds from the moment it is answered, whatever waits.
create or replace function public.leadwire_campaign_claim(
  p_id uuid, p_n integer, p_owner text, p_lease_ms integer, p_at timestamptz, p_body_hash text, p_ids uuid[],
  p_rate numeric
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_batch public.campaign_batches;
  v_hindrance jsonb;
  v_ids uuid[];
  v_lease timestamptz := clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0);
begin
  -- Held until the claim is made: a limit that is changed meanwhile waits for it.
  select * into v_campaign from public.campaigns c where c.id = p_id for share;
  if v_campaign.rate_per_second is distinct from p_rate then
    return jsonb_build_object('kind', 'changed');
  end if;
  select * into v_batch from public.campaign_batches b where b.campaign_id = p_id and b.n = p_n for update;
  -- In the order in which everybody locks people: what providers report about them may come at this moment.
  perform from public.campaign_recipients r where r.campaign_id = p_id and r.batch = p_n order by r.id for update;
  v_hindrance := public.leadwire_campaign_hindrance(v_campaign, v_batch);
  if v_hindrance is not null then
    return v_hindrance;
  end if;

  if v_batch.body_hash is not null then
    update public.campaign_batches b
    set state = 'sending', owner = p_owner, lease_until = v_lease, attempts = b.attempts + 1
    where b.campaign_id = p_id and b.n = p_n;
    return jsonb_build_object('kind',
      case when v_batch.body_hash = p_body_hash then 'inherited' else 'other_body' end,
      'firstClaimAt', v_batch.first_claim_at);
  end if;

  select coalesce(array_agg(s.id order by s.line, s.id), '{}') into v_ids
  from public.leadwire_campaign_sendable(p_id, p_n) s where s.why_not is null;
  if v_ids <> p_ids then
    return jsonb_build_object('kind', 'changed');
  end if;
  -- Another campaign about the topic may be claiming the same people at this moment; the key lets one of them through.
  if v_campaign.topic is not null then
    insert into public.campaign_topic_sends (topic, channel, contact, campaign_id)
    select v_campaign.topic, v_campaign.channel, r.contact, p_id
    from public.campaign_recipients r where r.id = any (v_ids)
    order by r.contact
    on conflict (topic, channel, contact) do nothing;
    if exists (
      select from public.leadwire_campaign_sendable(p_id, p_n) s where s.id = any (v_ids) and s.why_not is not null
    ) then
      perform public.leadwire_campaign_forget_topic(p_id, v_ids);
      return jsonb_build_object('kind', 'changed');
    end if;
  end if;

  update public.campaign_recipients r
  set status = case when s.why_not is null then 'sending' else 'skipped' end, reason = s.why_not,
    settled_at = case when s.why_not is not null then clock_timestamp() end,
    attempts = r.attempts + case when s.why_not is null then 1 else 0 end, updated_at = clock_timestamp()
  from public.leadwire_campaign_sendable(p_id, p_n) s where r.id = s.id;
  if v_ids = '{}' then
    update public.campaign_batches b set state = 'settled', settled_at = clock_timestamp(), lease_until = null
    where b.campaign_id = p_id and b.n = p_n;
    return jsonb_build_object('kind', 'empty');
  end if;
  update public.campaign_batches b
  set state = 'sending', owner = p_owner, lease_until = v_lease, attempts = b.attempts + 1,
    first_claim_at = p_at, body_hash = p_body_hash
  where b.campaign_id = p_id and b.n = p_n;
  return jsonb_build_object('kind', 'claimed', 'firstClaimAt', p_at);
end
$$;

-- Writes down how far a sender has come (Mobizon takes several steps) and holds the lease for p_lease_ms more.
-- { kind: noted }, or { kind: lost }: somebody else has it by now, nothing more may be sent.
create or replace function public.leadwire_campaign_note(
  p_id uuid, p_n integer, p_owner text, p_lease_ms integer, p_provider_ref text, p_stage text
) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.campaign_batches b
  set provider_ref = coalesce(p_provider_ref, b.provider_ref), stage = coalesce(p_stage, b.stage),
    lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
  where b.campaign_id = p_id and b.n = p_n and b.state = 'sending' and b.owner = p_owner;
  return jsonb_build_object('kind', case when found then 'noted' else 'lost' end);
end
$$;

-- Records how people of a batch ended. p_results: [{ id, status, providerId?, reason?, error? }], status one of sent,
-- failed, skipped, unknown. A fact is taken from anybody, also from a sender that has been replaced; it never undoes
-- a better one, and whose copy has been seen got it, whatever the sender knows. The provider is asked about an
-- SMS without an end after p_ask_after_ms (leadwire_campaign_sms_to_ask). Answers { open }: batches of the campaign that
-- are left.
create or replace function public.leadwire_campaign_settle(
  p_id uuid, p_n integer, p_results jsonb, p_ask_after_ms bigint
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_is_sms boolean := exists (select from public.campaigns c where c.id = p_id and c.channel = 'sms');
  v_failed uuid[];
begin
  perform from public.campaign_batches b where b.campaign_id = p_id and b.n = p_n for update;
  -- What the provider reports meanwhile locks the same people, in the same order.
  perform from public.campaign_recipients r where r.campaign_id = p_id and r.batch = p_n order by r.id for update;
  with result as (
    select x.* from jsonb_to_recordset(p_results)
      as x(id uuid, status text, "providerId" text, reason text, error text)
    where x.status in ('sent', 'failed', 'skipped', 'unknown')
  )
  update public.campaign_recipients r
  set status = case when public.leadwire_campaign_is_seen(r) then 'sent' else x.status end,
    provider_id = coalesce(x."providerId", r.provider_id),
    reason = case when not public.leadwire_campaign_is_seen(r) then x.reason end,
    error = case when not public.leadwire_campaign_is_seen(r) then x.error end,
    sent_at = case when x.status = 'sent' then clock_timestamp()
      else least(r.delivered_at, r.bounced_at, r.complained_at, r.opened_at, r.clicked_at) end,
    ask_at = case when v_is_sms and x.status = 'sent' and not public.leadwire_campaign_is_seen(r)
      and coalesce(x."providerId", r.provider_id) is not null
      then clock_timestamp() + make_interval(secs => p_ask_after_ms / 1000.0) end,
    settled_at = clock_timestamp(), updated_at = clock_timestamp()
  from result x
  where r.id = x.id and r.campaign_id = p_id and r.batch = p_n and r.status in ('sending', 'unknown')
    and r.status <> x.status;
  select coalesce(array_agg(r.id), '{}') into v_failed from public.campaign_recipients r
  where r.campaign_id = p_id and r.batch = p_n and r.status in ('failed', 'skipped');
  perform public.leadwire_campaign_forget_topic(p_id, v_failed);
  update public.campaign_batches b
  set state = 'settled', settled_at = clock_timestamp(), lease_until = null
  where b.campaign_id = p_id and b.n = p_n and b.state <> 'settled' and not exists (
    select from public.campaign_recipients r
    where r.campaign_id = p_id and r.batch = p_n and r.status in ('pending', 'sending')
  );
  return jsonb_build_object('open', (
    select count(*) from public.campaign_batches b where b.campaign_id = p_id and b.state <> 'settled'
  ));
end
$$;

-- Puts a batch off for p_wait_ms after a failure. p_was_tried: it may have arrived, so its people stay as they are
-- and the same request is repeated; otherwise nothing has happened and they are pending again (skipped, if the
-- campaign has been cancelled meanwhile). { kind: deferred | lost }
create or replace function public.leadwire_campaign_defer(
  p_id uuid, p_n integer, p_owner text, p_wait_ms integer, p_error text, p_was_tried boolean
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_status text;
  v_ids uuid[];
begin
  select c.status into v_status from public.campaigns c where c.id = p_id for share;
  update public.campaign_batches b
  set error = p_error, owner = null, nudged_at = null,
    lease_until = clock_timestamp() + make_interval(secs => p_wait_ms / 1000.0),
    state = case when p_was_tried then b.state when v_status = 'cancelled' then 'settled' else 'pending' end,
    body_hash = case when p_was_tried then b.body_hash end,
    first_claim_at = case when p_was_tried then b.first_claim_at end,
    provider_ref = case when p_was_tried then b.provider_ref end, stage = case when p_was_tried then b.stage end
  where b.campaign_id = p_id and b.n = p_n and b.state = 'sending' and b.owner = p_owner;
  if not found then
    return jsonb_build_object('kind', 'lost');
  end if;
  if not p_was_tried then
    select coalesce(array_agg(r.id), '{}') into v_ids from public.campaign_recipients r
    where r.campaign_id = p_id and r.batch = p_n and r.status = 'sending';
    perform public.leadwire_campaign_forget_topic(p_id, v_ids);
    update public.campaign_recipients r
    set status = case when v_status = 'cancelled' then 'skipped' else 'pending' end,
      reason = case when v_status = 'cancelled' then 'cancelled' end, updated_at = clock_timestamp()
    where r.id = any (v_ids);
  end if;
  return jsonb_build_object('kind', 'deferred');
end
$$;

-- What time brings to campaigns.

-- Pauses a running campaign when too many of what it sent since its start (or resume) bounced or failed. Fewer than
-- p_min_people say nothing. It counts every p_weigh_ms at most: 100,000 people take a while. Answers the reason, or
-- null.
create or replace function public.leadwire_campaign_weigh(c public.campaigns, p_weigh_ms integer, p_min_people integer)
returns text
language plpgsql set search_path = '' as $$
declare
  v_sent integer;
  v_failed integer;
  v_bounced integer;
  v_reason text;
begin
  update public.campaigns k set weighed_at = clock_timestamp()
  where k.id = c.id and coalesce(k.weighed_at, '-infinity')
    < clock_timestamp() - make_interval(secs => p_weigh_ms / 1000.0);
  if not found then
    return null;
  end if;
  select count(*) filter (where r.status = 'sent'), count(*) filter (where r.status = 'failed'),
    count(r.bounced_at)
  into v_sent, v_failed, v_bounced
  from public.campaign_recipients r
  where r.campaign_id = c.id and r.settled_at > coalesce(c.resumed_at, c.started_at);
  if v_sent >= p_min_people and v_bounced * 100.0 / v_sent > c.max_bounce_percent then
    v_reason := 'too_many_bounces';
  elsif v_sent + v_failed >= p_min_people and v_failed * 100.0 / (v_sent + v_failed) > c.max_error_percent then
    v_reason := 'too_many_errors';
  end if;
  if v_reason is not null and public.leadwire_campaign_pause(c.id, v_reason) ->> 'kind' = 'done' then
    return v_reason;
  end if;
  return null;
end
$$;

-- Hands out the next batches of a running campaign: up to p_ahead, and no more than its own rate allows in the next
-- p_ahead_ms. A batch that was handed out comes again only after p_nudge_ms, if nobody has taken it up.
create or replace function public.leadwire_campaign_nudge(
  c public.campaigns, p_ahead integer, p_ahead_ms integer, p_nudge_ms integer
)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_from timestamptz := greatest(coalesce(c.paced_until, v_now), v_now);
  v_room integer := p_ahead;
  v_nudges jsonb;
begin
  if c.rate_per_second is not null then
    v_room := least(p_ahead, ceil(
      extract(epoch from v_now + make_interval(secs => p_ahead_ms / 1000.0) - v_from) * c.rate_per_second
    ));
  end if;
  if v_room <= 0 then
    return '[]'::jsonb;
  end if;
  with next as (
    select b.n from (
      select k.n, k.nudged_at from public.campaign_batches k
      where k.campaign_id = c.id and k.state <> 'settled' and (k.lease_until is null or k.lease_until <= v_now)
      order by k.n limit p_ahead
    ) as b
    where b.nudged_at is null or b.nudged_at < v_now - make_interval(secs => p_nudge_ms / 1000.0)
    order by b.n limit v_room
  ), nudged as (
    update public.campaign_batches b set nudged_at = v_now, nudges = b.nudges + 1
    from next x where b.campaign_id = c.id and b.n = x.n
    returning b.n, b.nudges
  )
  select coalesce(jsonb_agg(jsonb_build_object('campaignId', c.id, 'n', x.n, 'nudge', x.nudges) order by x.n), '[]')
  into v_nudges from nudged x;
  if c.rate_per_second is not null then
    update public.campaigns k
    set paced_until = v_from + make_interval(secs => jsonb_array_length(v_nudges) / c.rate_per_second::double precision)
    where k.id = c.id;
  end if;
  return v_nudges;
end
$$;

-- What time brings; any number of replicas may call it at any time, one of them at a time does it. Starts what is
-- scheduled, weighs bounces and errors, finishes what is done, closes what a cancelled campaign left in flight, and
-- hands out batches of the running campaigns that are not in their quiet hours. The numbers: leadwire_campaign_nudge and
-- leadwire_campaign_weigh.
-- { started: [id], paused: [{ id, reason }], finished: [id], nudges: [{ campaignId, n, nudge }] }
create or replace function public.leadwire_campaign_tick(
  p_ahead integer, p_ahead_ms integer, p_nudge_ms integer, p_weigh_ms integer, p_min_people integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_started jsonb := '[]';
  v_paused jsonb := '[]';
  v_finished jsonb := '[]';
  v_nudges jsonb := '[]';
  v_campaign public.campaigns;
  v_reason text;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('leadwire.campaign_tick', 0)) then
    return '{"started": [], "paused": [], "finished": [], "nudges": []}'::jsonb;
  end if;
  with s as (
    update public.campaigns c set status = 'running', started_at = clock_timestamp(), updated_at = clock_timestamp()
    where c.status = 'scheduled' and coalesce(c.scheduled_for, '-infinity') <= clock_timestamp()
    returning c.id
  )
  select coalesce(jsonb_agg(s.id), '[]') into v_started from s;
  perform public.leadwire_campaign_close_cancelled();

  for v_campaign in
    select c.* from public.campaigns c where c.status in ('running', 'paused') order by c.started_at, c.id
  loop
    if public.leadwire_campaign_finish_if_done(v_campaign.id) then
      v_finished := v_finished || to_jsonb(v_campaign.id);
    elsif v_campaign.status = 'running' then
      v_reason := public.leadwire_campaign_weigh(v_campaign, p_weigh_ms, p_min_people);
      if v_reason is not null then
        v_paused := v_paused || jsonb_build_object('id', v_campaign.id, 'reason', v_reason);
      elsif not public.leadwire_campaign_is_quiet(v_campaign.quiet_hours, v_campaign.time_zone) then
        v_nudges := v_nudges || public.leadwire_campaign_nudge(v_campaign, p_ahead, p_ahead_ms, p_nudge_ms);
      end if;
    end if;
  end loop;
  return jsonb_build_object('started', v_started, 'paused', v_paused, 'finished', v_finished, 'nudges', v_nudges);
end
$$;

-- What providers report about campaigns' copies. Facts come repeated, late and in any order; the outcome is the same
-- whatever the order.

-- rows: [{ recipientId, outcome, at, reason }], outcome one of delivered, bounced, complained, opened, clicked. Each
-- column keeps the earliest time. What a provider saw is proof that a copy went out, so an unknown one is sent, also
-- one that waits to be tried once more; nothing else changes a status. A copy that is not there (a campaign that was
-- deleted) is passed over.
create or replace function public.leadwire_store_campaign_outcomes(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_touched integer;
begin
  perform public.leadwire_check_rows(rows, '{recipientId,outcome,at}', '{recipientId}', '{at}');
  with fact as (
    select x."recipientId" as id,
      min(x.at) filter (where x.outcome = 'delivered') as delivered_at,
      min(x.at) filter (where x.outcome = 'bounced') as bounced_at,
      min(x.at) filter (where x.outcome = 'complained') as complained_at,
      min(x.at) filter (where x.outcome = 'opened') as opened_at,
      min(x.at) filter (where x.outcome = 'clicked') as clicked_at,
      min(x.reason) filter (where x.outcome = 'bounced') as bounce_reason,
      min(x.at) as first_at
    from jsonb_to_recordset(rows) as x("recipientId" uuid, outcome text, at timestamptz, reason text)
    group by 1
  ), locked as (
    -- In one order everywhere, so that two calls about the same people wait instead of blocking each other.
    select r.id, r.status = 'unknown' or (r.status = 'pending' and r.attempts > 0) as is_open
    from public.campaign_recipients r where r.id in (select f.id from fact f) order by r.id for update
  )
  update public.campaign_recipients r
  set delivered_at = least(r.delivered_at, f.delivered_at), bounced_at = least(r.bounced_at, f.bounced_at),
    complained_at = least(r.complained_at, f.complained_at), opened_at = least(r.opened_at, f.opened_at),
    clicked_at = least(r.clicked_at, f.clicked_at), bounce_reason = least(r.bounce_reason, f.bounce_reason),
    sent_at = case when k.is_open then f.first_at else r.sent_at end,
    settled_at = case when k.is_open then coalesce(r.settled_at, clock_timestamp()) else r.settled_at end,
    reason = case when k.is_open then null else r.reason end,
    error = case when k.is_open then null else r.error end,
    status = case when k.is_open then 'sent' else r.status end,
    ask_at = case when f.delivered_at is null and f.bounced_at is null then r.ask_at end,
    updated_at = clock_timestamp()
  from fact f join locked k on k.id = f.id
  where r.id = f.id;
  get diagnostics v_touched = row_count;
  return v_touched;
end
$$;

-- Whose SMS these are, by the provider's ids: [{ messageId, recipientId, campaignId }] for campaigns' copies,
-- [{ messageId, deliveryId, leadId, template }] for leads' messages. Ids of others are not in it.
create or replace function public.leadwire_find_sms(p_message_ids text[]) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(o.found), '[]') from (
    select jsonb_build_object('messageId', r.provider_id, 'recipientId', r.id, 'campaignId', r.campaign_id) as found
    from public.campaign_recipients r
    join public.campaigns c on c.id = r.campaign_id and c.channel = 'sms'
    where r.provider_id = any (p_message_ids)
    union all
    select jsonb_build_object('messageId', n.provider_id, 'deliveryId', n.id, 'leadId', n.lead_id,
      'template', n.template)
    from public.scheduled_notifications n
    where n.provider_id = any (p_message_ids) and n.channel = 'sms' and n.lead_id is not null
      and n.template is not null
  ) o;
$$;

-- SMS whose end nobody has reported, those that have waited longest first: [{ messageId, recipientId, campaignId }].
-- Each is handed to one caller and comes again after a wait that doubles each time: p_wait_ms passes before the first
-- time (leadwire_campaign_settle), twice that before the second. After p_times it comes no more.
create or replace function public.leadwire_campaign_sms_to_ask(p_limit integer, p_wait_ms bigint, p_times integer)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_found jsonb;
begin
  with due as (
    select r.id from public.campaign_recipients r
    where r.ask_at <= v_now order by r.ask_at limit p_limit for update skip locked
  ), taken as (
    update public.campaign_recipients r
    set asked = r.asked + 1,
      ask_at = case when r.asked + 1 < p_times
        then v_now + make_interval(secs => p_wait_ms / 1000.0 * power(2, r.asked + 1)) end
    from due d where r.id = d.id
    returning r.provider_id, r.id, r.campaign_id
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'messageId', t.provider_id, 'recipientId', t.id, 'campaignId', t.campaign_id
  )), '[]') into v_found from taken t;
  return v_found;
end
$$;

select public.leadwire_service_only('{}');

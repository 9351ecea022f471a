-- Campaigns before they start: drafts, their lists, who is left out and why. mailer-batch calls these functions
-- through the REST API; each is one transaction and may be repeated.

-- How many of a campaign's people are in which state, and what became of the sent ones.
create function public.leadwire_campaign_counts(p_id uuid) returns jsonb
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
create function public.leadwire_campaign_json(c public.campaigns) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'id', c.id, 'name', c.name, 'channel', c.channel, 'template', c.template, 'topic', c.topic,
    'subject', c.subject, 'variables', c.variables, 'status', c.status, 'pauseReason', c.pause_reason,
    'source', c.audience, 'audienceReady', c.audience_ready, 'confirmedCount', c.confirmed_count,
    'scheduledFor', c.scheduled_for, 'quietHours', c.quiet_hours, 'timeZone', c.time_zone,
    'ratePerSecond', c.rate_per_second, 'maxBouncePercent', c.max_bounce_percent,
    'maxErrorPercent', c.max_error_percent, 'createdAt', c.created_at, 'startedAt', c.started_at,
    'pausedAt', c.paused_at, 'cancelledAt', c.cancelled_at, 'finishedAt', c.finished_at
  );
$$;

-- The campaign with its counts, or null. `changedAt` is the draft's, its list's too.
create function public.leadwire_campaign_get(p_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select public.leadwire_campaign_json(c)
    || jsonb_build_object('counts', public.leadwire_campaign_counts(c.id), 'changedAt', c.updated_at)
  from public.campaigns c where c.id = p_id;
$$;

-- The newest campaigns with their counts; those of sequences are shown with their sequence.
create function public.leadwire_campaign_list(p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(
    public.leadwire_campaign_json(c) || jsonb_build_object('counts', public.leadwire_campaign_counts(c.id))
    order by c.created_at desc, c.id
  ), '[]')
  from (
    select k.id from public.campaigns k where k.sequence_id is null order by k.created_at desc, k.id limit p_limit
  ) as newest
  join public.campaigns c on c.id = newest.id;
$$;

-- The newest campaigns whose id begins so (lower case), with their counts.
create function public.leadwire_campaign_find(p_prefix text, p_limit integer) returns jsonb
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
create function public.leadwire_campaign_is_quiet(p_hours text, p_zone text) returns boolean
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
create function public.leadwire_campaign_create(p_campaign jsonb) returns jsonb
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
create function public.leadwire_campaign_patch(p_id uuid, p_patch jsonb) returns jsonb
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
create function public.leadwire_campaign_set_audience(
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
create function public.leadwire_campaign_left_out_now(p_id uuid)
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
create function public.leadwire_campaign_preview(p_id uuid) returns jsonb
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
create function public.leadwire_campaign_left_out_page(p_id uuid, p_after integer, p_limit integer)
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
create function public.leadwire_campaign_recipients_page(p_id uuid, p_after integer, p_limit integer)
returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'row', r.line, 'contact', r.contact, 'name', r.name, 'variables', r.variables, 'batch', r.batch,
    'status', r.status, 'reason', r.reason, 'error', r.error, 'providerId', r.provider_id, 'attempts', r.attempts,
    'sentAt', r.sent_at, 'deliveredAt', r.delivered_at, 'bouncedAt', r.bounced_at,
    'complainedAt', r.complained_at, 'openedAt', r.opened_at, 'clickedAt', r.clicked_at,
    'programClickedAt', r.program_clicked_at
  ) order by r.line), '[]')
  from (
    select k.* from public.campaign_recipients k
    where k.campaign_id = p_id and k.line > p_after order by k.line limit p_limit
  ) as r;
$$;

-- What people get a text of their own from, those counted once who have the same: of p_limit rows of the list after
-- p_after, without whom the campaign would leave out now.
-- { groups: [{ row, name, variables, people }], next }: `row` is the first of them, `next` null at the end.
create function public.leadwire_campaign_texts(p_id uuid, p_after integer, p_limit integer) returns jsonb
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

select public.leadwire_service_only('{}');

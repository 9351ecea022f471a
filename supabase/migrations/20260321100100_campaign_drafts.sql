-- Making campaigns, looking at them, starting them: a repeated request makes one draft, one is found by the beginning of
-- its id, what an SMS campaign costs is counted without reading everybody, and what starts is what was looked at.

alter table public.campaigns
  -- SHA-256 of the request that made it, when that had an Idempotency-Key.
  add column if not exists request_hash text;

create or replace function public.leadwire_campaign_json(c public.campaigns) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'id', c.id, 'name', c.name, 'channel', c.channel, 'template', c.template, 'topic', c.topic,
    'variables', c.variables, 'status', c.status, 'pauseReason', c.pause_reason,
    'source', c.audience, 'audienceReady', c.audience_ready, 'confirmedCount', c.confirmed_count,
    'scheduledFor', c.scheduled_for, 'quietHours', c.quiet_hours, 'timeZone', c.time_zone,
    'ratePerSecond', c.rate_per_second, 'maxBouncePercent', c.max_bounce_percent,
    'maxErrorPercent', c.max_error_percent, 'createdAt', c.created_at, 'startedAt', c.started_at,
    'pausedAt', c.paused_at, 'cancelledAt', c.cancelled_at, 'finishedAt', c.finished_at, 'changedAt', c.updated_at
  );
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
    coalesce(r."maxBouncePercent", 5), coalesce(r."maxErrorPercent", 20), r."requestHash"
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

-- As before, and only as long as nobody has changed the draft or its list since p_changed_at: p_frozen says what it said
-- then. Otherwise { kind: 'changed' }.
drop function if exists public.leadwire_campaign_start(uuid, integer, jsonb, integer);
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
  if v_campaign.updated_at <> p_changed_at then
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

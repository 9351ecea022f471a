-- Making campaigns, looking at them, starting them: a repeated request makes one draft, one is found by the beginning of
-- its id, what an SMS campaign costs is counted without reading everybody, and what starts is what was looked at.

alter table public.campaigns
  -- SHA-256 of the request that made it, when that had an Idempotency-Key.
  add column if not exists request_hash text;

-- The campaign with its counts, or null. `changedAt` is the draft's, its list's too.
create or replace function public.leadwire_campaign_get(p_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select public.leadwire_campaign_json(c)
    || jsonb_build_object('counts', public.leadwire_campaign_counts(c.id), 'changedAt', c.updated_at)
  from public.campaigns c where c.id = p_id;
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

-- leadwire_campaign_start as long as nobody has changed the draft or its list since p_changed_at: p_frozen says what it
-- said then. Otherwise { kind: 'changed' }.
create or replace function public.leadwire_campaign_start_as_read(
  p_id uuid, p_expected integer, p_frozen jsonb, p_batch_size integer, p_changed_at timestamptz
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns c where c.id = p_id for update;
  if v_campaign.status = 'draft' and v_campaign.updated_at <> p_changed_at then
    return jsonb_build_object('kind', 'changed');
  end if;
  return public.leadwire_campaign_start(p_id, p_expected, p_frozen, p_batch_size);
end
$$;

-- Campaigns from start to end. Each function is one transaction and may be repeated at any point. The order of locks
-- is campaign, batch, recipients. Always: pending + sending + sent + failed + skipped + unknown = the audience.

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

-- Starts a draft whose audience has exactly p_expected people, now or at the time it is scheduled for. From here on
-- nobody comes into the audience. Answers { kind: started | scheduled, audience }, { kind: count_differs, audience },
-- { kind: not_draft, status }, { kind: no_audience } or { kind: missing }.
create or replace function public.leadwire_campaign_start(
  p_id uuid, p_expected integer, p_frozen jsonb, p_batch_size integer
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

-- Moves a campaign from one of p_from to p_to. Answers { kind: 'done' | 'already' | 'not_allowed' | 'missing', status }.
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

-- What one may do with a batch just now: null for anything, or { kind: missing | settled | not_running | quiet | busy }.
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

-- Claims a batch for p_lease_ms, if its people are still p_ids (in the order of the list): they are then `sending`,
-- and who is suppressed or has had the topic is skipped. p_at and p_body_hash belong to the request that was made
-- from leadwire_campaign_look. Answers a hindrance, { kind: changed } (look again), { kind: empty } (nobody is left;
-- the batch is settled), { kind: other_body } (an earlier try had other bytes; it is ours to settle),
-- { kind: claimed } or { kind: inherited, firstClaimAt } (an earlier try may have arrived).
create or replace function public.leadwire_campaign_claim(
  p_id uuid, p_n integer, p_owner text, p_lease_ms integer, p_at timestamptz, p_body_hash text, p_ids uuid[]
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_batch public.campaign_batches;
  v_hindrance jsonb;
  v_ids uuid[];
  v_lease timestamptz := clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0);
begin
  select * into v_campaign from public.campaigns c where c.id = p_id for share;
  select * into v_batch from public.campaign_batches b where b.campaign_id = p_id and b.n = p_n for update;
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
    if exists (select from public.leadwire_campaign_sendable(p_id, p_n) s where s.id = any (v_ids) and s.why_not is not null) then
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

create or replace function public.leadwire_campaign_forget_topic(p_id uuid, p_ids uuid[]) returns void
language sql set search_path = '' as $$
  delete from public.campaign_topic_sends t
  using public.campaigns c, public.campaign_recipients r
  where c.id = p_id and r.id = any (p_ids) and t.topic = c.topic and t.channel = c.channel
    and t.contact = r.contact and t.campaign_id = p_id;
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
-- a better one. Answers { open }: batches of the campaign that are left.
create or replace function public.leadwire_campaign_settle(p_id uuid, p_n integer, p_results jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_failed uuid[];
begin
  perform from public.campaign_batches b where b.campaign_id = p_id and b.n = p_n for update;
  with result as (
    select x.* from jsonb_to_recordset(p_results)
      as x(id uuid, status text, "providerId" text, reason text, error text)
    where x.status in ('sent', 'failed', 'skipped', 'unknown')
  )
  update public.campaign_recipients r
  set status = x.status, provider_id = coalesce(x."providerId", r.provider_id), reason = x.reason, error = x.error,
    sent_at = case when x.status = 'sent' then clock_timestamp() end,
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

-- Finishes a running campaign of which no batch is left; true when this call did it.
create or replace function public.leadwire_campaign_finish_if_done(p_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.campaigns c
  set status = 'finished', finished_at = clock_timestamp(), updated_at = clock_timestamp()
  where c.id = p_id and c.status = 'running' and not exists (
    select from public.campaign_batches b where b.campaign_id = p_id and b.state <> 'settled'
  );
  return found;
end
$$;

-- Pauses a running campaign when too many of what it sent since its start (or resume) bounced or failed: at least 50
-- people, so that one bad address says nothing. Answers the reason, or null.
create or replace function public.leadwire_campaign_weigh(c public.campaigns) returns text
language plpgsql set search_path = '' as $$
declare
  v_sent integer;
  v_failed integer;
  v_bounced integer;
  v_reason text;
begin
  -- Counting 100,000 people takes a while: every two seconds will do.
  update public.campaigns k set weighed_at = clock_timestamp()
  where k.id = c.id and coalesce(k.weighed_at, '-infinity') < clock_timestamp() - interval '2 seconds';
  if not found then
    return null;
  end if;
  select count(*) filter (where r.status = 'sent'), count(*) filter (where r.status = 'failed'),
    count(r.bounced_at)
  into v_sent, v_failed, v_bounced
  from public.campaign_recipients r
  where r.campaign_id = c.id and r.settled_at > coalesce(c.resumed_at, c.started_at);
  if v_sent >= 50 and v_bounced * 100.0 / v_sent > c.max_bounce_percent then
    v_reason := 'too_many_bounces';
  elsif v_sent + v_failed >= 50 and v_failed * 100.0 / (v_sent + v_failed) > c.max_error_percent then
    v_reason := 'too_many_errors';
  end if;
  if v_reason is not null and public.leadwire_campaign_pause(c.id, v_reason) ->> 'kind' = 'done' then
    return v_reason;
  end if;
  return null;
end
$$;

-- Hands out the next batches of a running campaign: up to p_ahead, and no more than its own rate allows in the next
-- two seconds. A batch that was handed out comes again only after p_nudge_ms, if nobody has taken it up.
create or replace function public.leadwire_campaign_nudge(c public.campaigns, p_ahead integer, p_nudge_ms integer)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_from timestamptz := greatest(coalesce(c.paced_until, v_now), v_now);
  v_room integer := p_ahead;
  v_nudges jsonb;
begin
  if c.rate_per_second is not null then
    v_room := least(p_ahead, ceil(extract(epoch from v_now + interval '2 seconds' - v_from) * c.rate_per_second));
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

-- What time brings; any number of replicas may call it each second, one of them at a time does it. Starts what is
-- scheduled, weighs bounces and errors, finishes, closes what a cancelled campaign left in flight, and hands out
-- batches of the running campaigns that are not in their quiet hours.
-- { started: [id], paused: [{ id, reason }], finished: [id], nudges: [{ campaignId, n, nudge }] }
create or replace function public.leadwire_campaign_tick(p_ahead integer, p_nudge_ms integer) returns jsonb
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

  for v_campaign in select c.* from public.campaigns c where c.status = 'running' order by c.started_at, c.id loop
    if public.leadwire_campaign_finish_if_done(v_campaign.id) then
      v_finished := v_finished || to_jsonb(v_campaign.id);
      continue;
    end if;
    v_reason := public.leadwire_campaign_weigh(v_campaign);
    if v_reason is not null then
      v_paused := v_paused || jsonb_build_object('id', v_campaign.id, 'reason', v_reason);
    elsif not public.leadwire_campaign_is_quiet(v_campaign.quiet_hours, v_campaign.time_zone) then
      v_nudges := v_nudges || public.leadwire_campaign_nudge(v_campaign, p_ahead, p_nudge_ms);
    end if;
  end loop;
  return jsonb_build_object('started', v_started, 'paused', v_paused, 'finished', v_finished, 'nudges', v_nudges);
end
$$;

-- Batches of cancelled campaigns whose sender never came back: nobody can say whether they arrived, and nobody asks
-- by sending once more.
create or replace function public.leadwire_campaign_close_cancelled() returns void
language sql set search_path = '' as $$
  with closed as (
    update public.campaign_batches b set state = 'settled', settled_at = clock_timestamp()
    from public.campaigns c
    where c.id = b.campaign_id and c.status = 'cancelled' and b.state = 'sending'
      and coalesce(b.lease_until, '-infinity') <= clock_timestamp()
    returning b.campaign_id, b.n
  )
  update public.campaign_recipients r
  set status = 'unknown', reason = 'cancelled_in_flight', settled_at = clock_timestamp(), updated_at = clock_timestamp()
  from closed x where r.campaign_id = x.campaign_id and r.batch = x.n and r.status = 'sending';
$$;

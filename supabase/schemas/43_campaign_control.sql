-- Campaigns from start to end. Each function of this and the next files is one transaction and may be repeated at any
-- point. The order of locks is campaign, batch, recipients (those by id). Always: pending + sending + sent + failed +
-- skipped + unknown = the audience.

-- Puts the pending people that are in no batch into new ones, in the order of the list.
create function public.leadwire_campaign_cut(p_id uuid, p_batch_size integer) returns void
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
create function public.leadwire_campaign_start(
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
create function public.leadwire_campaign_move(
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
create function public.leadwire_campaign_pause(p_id uuid, p_reason text) returns jsonb
language sql set search_path = '' as $$
  select public.leadwire_campaign_move(p_id, '{running}', 'paused', p_reason);
$$;

-- Goes on where a pause stopped. Answers as leadwire_campaign_move.
create function public.leadwire_campaign_resume(p_id uuid) returns jsonb
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
create function public.leadwire_campaign_cancel(p_id uuid) returns jsonb
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
create function public.leadwire_campaign_retry(p_id uuid, p_batch_size integer, p_unknown_too boolean)
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

-- Whether somebody has seen a copy at the provider or with the person: proof that it went out. It names no table, and without a
-- search_path of its own Postgres writes it into the statement instead of calling it for each person.
create function public.leadwire_campaign_is_seen(r public.campaign_recipients) returns boolean
language sql immutable as $$
  select coalesce(r.delivered_at, r.bounced_at, r.complained_at, r.opened_at, r.clicked_at) is not null;
$$;

-- Batches of cancelled campaigns whose sender never came back: nobody can say whether they arrived, and nobody asks
-- by sending once more. Whose copy has been seen got it.
create function public.leadwire_campaign_close_cancelled() returns void
language sql set search_path = '' as $$
  with closed as (
    update public.campaign_batches b set state = 'settled', settled_at = clock_timestamp()
    from (
      select k.campaign_id, k.n from public.campaigns c
      join public.campaign_batches k on k.campaign_id = c.id and k.state = 'sending'
        and coalesce(k.lease_until, '-infinity') <= clock_timestamp()
      where c.status = 'cancelled'
      -- One that is being settled at this moment has its end.
      for update of k skip locked
    ) x
    where b.campaign_id = x.campaign_id and b.n = x.n
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
create function public.leadwire_campaign_finish_if_done(p_id uuid) returns boolean
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

select public.leadwire_service_only('{}');

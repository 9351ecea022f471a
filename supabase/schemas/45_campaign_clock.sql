-- What time brings to campaigns.

-- Pauses a running campaign when too many of what it sent since its start (or resume) bounced or failed. Fewer than
-- p_min_people say nothing. It counts every p_weigh_ms at most: 100,000 people take a while. Answers the reason, or
-- null.
create function public.leadwire_campaign_weigh(c public.campaigns, p_weigh_ms integer, p_min_people integer)
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
create function public.leadwire_campaign_nudge(
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
      -- Who claims or settles several holds them until all are done: this one must not wait for one with others in hand.
      order by k.n limit p_ahead for update skip locked
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
create function public.leadwire_campaign_tick(
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

select public.leadwire_service_only('{}');

-- Several batches of a campaign in one call: a call costs more than what it does for a batch.

-- Batches of cancelled campaigns whose sender never came back: nobody can say whether they arrived, and nobody asks
-- by sending once more. Whose copy has been seen got it.
create or replace function public.leadwire_campaign_close_cancelled() returns void
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

-- Looks at batches of a campaign before their turns, and changes nothing: what would be sent, as of now. A batch that has
-- been tried (body_hash) keeps its people and its time, so that its request has the same bytes. What was frozen comes once,
-- null when none of them may be sent now. { frozen, batches: [hindrance or { kind: ready, ratePerSecond, batch }] }, in
-- the order of p_ns.
create or replace function public.leadwire_campaign_look_batches(p_id uuid, p_ns integer[]) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_batch public.campaign_batches;
  v_looked jsonb;
  v_is_ready boolean := false;
  v_batches jsonb[] := '{}';
  v_n integer;
begin
  select * into v_campaign from public.campaigns c where c.id = p_id;
  foreach v_n in array p_ns loop
    select * into v_batch from public.campaign_batches b where b.campaign_id = p_id and b.n = v_n;
    v_looked := public.leadwire_campaign_hindrance(v_campaign, v_batch);
    if v_looked is null then
      v_is_ready := true;
      v_looked := jsonb_build_object('kind', 'ready', 'ratePerSecond', v_campaign.rate_per_second,
        'batch', jsonb_build_object(
          'campaignId', p_id, 'n', v_n, 'channel', v_campaign.channel, 'campaignName', v_campaign.name,
          'template', v_campaign.template, 'idempotencyKey', v_batch.idempotency_key, 'attempts', v_batch.attempts,
          'isInherited', v_batch.body_hash is not null,
          'at', case when v_batch.body_hash is null then clock_timestamp() else v_batch.first_claim_at end,
          'providerRef', v_batch.provider_ref, 'stage', v_batch.stage,
          'recipients', (
            select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'row', r.line, 'contact', r.contact,
              'name', r.name, 'variables', r.variables) order by r.line, r.id), '[]')
            from public.campaign_recipients r
            where r.campaign_id = p_id and r.batch = v_n and case
              when v_batch.body_hash is not null then r.status = 'sending'
              -- Looked up in a set, not joined: the planner expects one person and joins a hundred by nested loops.
              else r.id in (
                select s.id from public.leadwire_campaign_sendable(p_id, v_n) s where s.why_not is null
              ) end
          )
        ));
    end if;
    v_batches := v_batches || v_looked;
  end loop;
  return jsonb_build_object('frozen', case when v_is_ready then v_campaign.frozen end, 'batches', to_jsonb(v_batches));
end
$$;

-- The same for one batch, with what was frozen in it: a mailer-batch of the version before asks so.
create or replace function public.leadwire_campaign_look(p_id uuid, p_n integer) returns jsonb
language sql stable set search_path = '' as $$
  select case x.looked #>> '{batches,0,kind}'
    when 'ready' then jsonb_set(x.looked #> '{batches,0}', '{batch,frozen}', x.looked -> 'frozen')
    else x.looked #> '{batches,0}' end
  from public.leadwire_campaign_look_batches(p_id, array[p_n]) as x(looked);
$$;

-- Locks batches and their people in the order in which everybody does. One alone locks what is its own by itself.
create or replace function public.leadwire_campaign_lock_batches(p_id uuid, p_ns integer[]) returns void
language plpgsql set search_path = '' as $$
begin
  if cardinality(p_ns) = 1 then
    return;
  end if;
  perform from public.campaign_batches b where b.campaign_id = p_id and b.n = any (p_ns) order by b.n for update;
  perform from public.campaign_recipients r where r.campaign_id = p_id and r.batch = any (p_ns) order by r.id for update;
end
$$;

-- Claims several batches of a campaign in one transaction, each as leadwire_campaign_claim: what hinders one does not
-- hinder another. p_claims: [{ n, owner, at, bodyHash, ids, rate }]; the answers are in their order. Everything that they
-- lock is locked before the first of them, in the order in which everybody locks it: campaign, batches by their number,
-- people by their id. Claims of one topic wait for each other: two that insert the same people, each batch in its own
-- order, could block each other.
create or replace function public.leadwire_campaign_claim_batches(p_id uuid, p_lease_ms integer, p_claims jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_topic text;
  v_claim record;
  v_answers jsonb[] := '{}';
begin
  select c.topic into v_topic from public.campaigns c where c.id = p_id for share;
  if v_topic is not null then
    perform pg_advisory_xact_lock(hashtextextended('leadwire.topic:' || v_topic, 0));
  end if;
  perform public.leadwire_campaign_lock_batches(p_id, array(
    select (x.value ->> 'n')::integer from jsonb_array_elements(p_claims) x
  ));
  for v_claim in
    select x.* from rows from (
      jsonb_to_recordset(p_claims) as (n integer, owner text, at timestamptz, "bodyHash" text, ids uuid[], rate numeric)
    ) with ordinality as x(n, owner, at, body_hash, ids, rate, place)
    order by x.place
  loop
    v_answers := v_answers || public.leadwire_campaign_claim(p_id, v_claim.n, v_claim.owner, p_lease_ms, v_claim.at,
      v_claim.body_hash, v_claim.ids, v_claim.rate);
  end loop;
  return to_jsonb(v_answers);
end
$$;

-- Records how the people of several batches of a campaign ended, each as leadwire_campaign_settle, in one transaction.
-- p_settled: [{ n, results }]. Answers { open }: batches of the campaign that are left after all of them. The campaign is
-- locked as for a claim: who changes all of its batches locks it first.
create or replace function public.leadwire_campaign_settle_batches(
  p_id uuid, p_settled jsonb, p_ask_after_ms bigint
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_settled record;
  v_open jsonb;
begin
  perform from public.campaigns c where c.id = p_id for share;
  perform public.leadwire_campaign_lock_batches(p_id, array(
    select (x.value ->> 'n')::integer from jsonb_array_elements(p_settled) x
  ));
  for v_settled in select x.* from jsonb_to_recordset(p_settled) as x(n integer, results jsonb) loop
    v_open := public.leadwire_campaign_settle(p_id, v_settled.n, v_settled.results, p_ask_after_ms);
  end loop;
  return v_open;
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

select public.leadwire_service_only('{}');

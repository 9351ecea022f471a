-- One batch of a campaign: looked at, claimed, sent, settled or put off.

-- Who of a batch that has not been tried yet would be sent to: pending, not suppressed, not told about the topic. `rows`
-- is the size of a batch: with a guess of a thousand the planner reads the whole list for each batch. In plpgsql because
-- that keeps its plan; a function in SQL is planned again at each call.
create function public.leadwire_campaign_sendable(p_id uuid, p_n integer)
returns table (id uuid, line integer, why_not text)
language plpgsql stable rows 100 set search_path = '' as $$
begin
  return query
  select r.id, r.line,
    case when s.contact is not null then 'suppressed' when t.contact is not null then 'topic_already_sent' end
  from public.campaigns c
  join public.campaign_recipients r on r.campaign_id = c.id and r.batch = p_n and r.status in ('pending', 'sending')
  left join public.suppressions s on s.channel = c.channel and s.contact = r.contact
  left join public.campaign_topic_sends t on t.topic = c.topic and t.channel = c.channel and t.contact = r.contact
    and t.campaign_id <> c.id
  where c.id = p_id;
end
$$;

-- Why a batch may not be sent just now: { kind: missing | settled | not_running | quiet | busy }, or null when it may.
create function public.leadwire_campaign_hindrance(c public.campaigns, b public.campaign_batches)
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

-- Looks at batches of a campaign before their turns, and changes nothing: what would be sent, as of now. A batch that has
-- been tried (body_hash) keeps its people and its time, so that its request has the same bytes. What was frozen comes once,
-- null when none of them may be sent now. { frozen, batches: [hindrance or { kind: ready, ratePerSecond, batch }] }, in
-- the order of p_ns.
create function public.leadwire_campaign_look_batches(p_id uuid, p_ns integer[]) returns jsonb
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
create function public.leadwire_campaign_look(p_id uuid, p_n integer) returns jsonb
language sql stable set search_path = '' as $$
  select case x.looked #>> '{batches,0,kind}'
    when 'ready' then jsonb_set(x.looked #> '{batches,0}', '{batch,frozen}', x.looked -> 'frozen')
    else x.looked #> '{batches,0}' end
  from public.leadwire_campaign_look_batches(p_id, array[p_n]) as x(looked);
$$;

-- These people have not had the topic after all: another campaign about it may write to them.
create function public.leadwire_campaign_forget_topic(p_id uuid, p_ids uuid[]) returns void
language sql set search_path = '' as $$
  delete from public.campaign_topic_sends t
  using public.campaigns c, public.campaign_recipients r
  where c.id = p_id and r.id = any (p_ids) and t.topic = c.topic and t.channel = c.channel
    and t.contact = r.contact and t.campaign_id = p_id;
$$;

-- Locks batches and their people in the order in which everybody does; what providers report about them may come at this
-- moment.
create function public.leadwire_campaign_lock_batches(p_id uuid, p_ns integer[]) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.campaign_batches b where b.campaign_id = p_id and b.n = any (p_ns) order by b.n for update;
  perform from public.campaign_recipients r where r.campaign_id = p_id and r.batch = any (p_ns) order by r.id for update;
end
$$;

-- Claims a batch for p_lease_ms, if its people are still p_ids (in the order of the list): they are then `sending`,
-- and who is suppressed or has had the topic is skipped. p_at and p_body_hash belong to the request that was made
-- from leadwire_campaign_look. Answers a hindrance, { kind: changed } (look again), { kind: empty } (nobody is left;
-- the batch is settled), { kind: other_body } (an earlier try had other bytes; it is ours to settle),
-- { kind: claimed } or { kind: inherited, firstClaimAt } (an earlier try may have arrived).
-- A sender waits for its turn at the campaign's rate as it was when it looked (p_rate, null for none). If the rate is
-- another by then, it has to look again: so a lowered limit holds from the moment it is answered, whatever waits.
create function public.leadwire_campaign_claim(
  p_id uuid, p_n integer, p_owner text, p_lease_ms integer, p_at timestamptz, p_body_hash text, p_ids uuid[],
  p_rate numeric
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_batch public.campaign_batches;
  v_hindrance jsonb;
  v_ids uuid[];
  v_why_not jsonb;
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

  select coalesce(array_agg(s.id order by s.line, s.id) filter (where s.why_not is null), '{}'),
    jsonb_object_agg(s.id, s.why_not)
  into v_ids, v_why_not from public.leadwire_campaign_sendable(p_id, p_n) s;
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

  -- By their batch alone, with the reasons looked up: a join of a hundred people costs more than all the rest.
  update public.campaign_recipients r
  set status = case when v_why_not ->> r.id::text is null then 'sending' else 'skipped' end,
    reason = v_why_not ->> r.id::text,
    settled_at = case when v_why_not ->> r.id::text is not null then clock_timestamp() end,
    attempts = r.attempts + case when v_why_not ->> r.id::text is null then 1 else 0 end, updated_at = clock_timestamp()
  where r.campaign_id = p_id and r.batch = p_n and v_why_not ? r.id::text;
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

-- Claims several batches of a campaign in one transaction, each as leadwire_campaign_claim: what hinders one does not
-- hinder another. p_claims: [{ n, owner, at, bodyHash, ids, rate }]; the answers are in their order. Everything that they
-- lock is locked before the first of them, in the order in which everybody locks it: campaign, batches by their number,
-- people by their id. Claims of one topic wait for each other: two that insert the same people, each batch in its own
-- order, could block each other.
create function public.leadwire_campaign_claim_batches(p_id uuid, p_lease_ms integer, p_claims jsonb) returns jsonb
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

-- Writes down how far a sender has come (Mobizon takes several steps) and holds the lease for p_lease_ms more.
-- { kind: noted }, or { kind: lost }: somebody else has it by now, nothing more may be sent.
create function public.leadwire_campaign_note(
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

-- Records how the people of batches of a campaign ended, in one transaction. p_settled: [{ n, owner?, results: [{ id,
-- status, providerId?, reason?, error?, segments? }] }], status one of sent, failed, skipped, unknown. What went out is
-- taken from anybody, also from a sender that has been replaced, with what the same answer says of the others. That nobody got
-- it is about the try of its sender alone: of one that has been replaced it is passed over, because the other one may get
-- through, and who has failed may be written to again. A fact never undoes a better one, and whose copy has been seen got it,
-- whatever the sender knows. The provider is asked about an SMS without an end after p_ask_after_ms
-- (leadwire_campaign_sms_to_ask). Answers { open }: batches of the campaign that are left. The campaign is locked as for a claim:
-- who changes all of its batches locks it first.
create function public.leadwire_campaign_settle_batches(
  p_id uuid, p_settled jsonb, p_ask_after_ms bigint
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_ns integer[];
  v_results jsonb;
  v_failed uuid[];
  v_replaced integer[];
  v_left integer[];
begin
  select * into v_campaign from public.campaigns c where c.id = p_id for share;
  select array_agg(distinct x.n) into v_ns from jsonb_to_recordset(p_settled) as x(n integer);
  perform public.leadwire_campaign_lock_batches(p_id, v_ns);
  select coalesce(array_agg(x.n), '{}') into v_replaced from jsonb_to_recordset(p_settled) as x(n integer, owner text, results jsonb)
  join public.campaign_batches b on b.campaign_id = p_id and b.n = x.n
  where x.owner is not null and b.owner is distinct from x.owner and not x.results @> '[{"status": "sent"}]';
  select jsonb_object_agg(x.n || ':' || (y.value ->> 'id'), y.value) into v_results
  from jsonb_to_recordset(p_settled) as x(n integer, results jsonb), jsonb_array_elements(x.results) y
  where y.value ->> 'status' in ('sent', 'failed', 'skipped', 'unknown')
    and (y.value ->> 'status' = 'sent' or x.n <> all (v_replaced));
  -- By their batches alone, as the claim: with each result looked up, and never joined.
  update public.campaign_recipients r
  set (status, provider_id, sms_id, segments, reason, error, sent_at, ask_at) = (
    select case when s.is_seen then 'sent' else x.status end, coalesce(x."providerId", r.provider_id),
      case when v_campaign.channel = 'sms' then coalesce(x."providerId", r.sms_id) end,
      coalesce(x.segments, r.segments), case when not s.is_seen then x.reason end,
      case when not s.is_seen then x.error end,
      case when x.status = 'sent' then clock_timestamp()
        else least(r.delivered_at, r.bounced_at, r.complained_at, r.opened_at, r.clicked_at) end,
      case when v_campaign.channel = 'sms' and x.status = 'sent' and not s.is_seen
        and coalesce(x."providerId", r.provider_id) is not null
        then clock_timestamp() + make_interval(secs => p_ask_after_ms / 1000.0) end
    from jsonb_to_record(v_results -> (r.batch || ':' || r.id)) as x(
      status text, "providerId" text, segments integer, reason text, error text
    ), (select public.leadwire_campaign_is_seen(r) as is_seen) s
  ), settled_at = clock_timestamp(), updated_at = clock_timestamp()
  where r.campaign_id = p_id and r.batch = any (v_ns) and r.status in ('sending', 'unknown')
    and r.status <> v_results -> (r.batch || ':' || r.id) ->> 'status';
  if v_campaign.topic is not null then
    select coalesce(array_agg(r.id), '{}') into v_failed from public.campaign_recipients r
    where r.campaign_id = p_id and r.batch = any (v_ns) and r.status in ('failed', 'skipped');
    perform public.leadwire_campaign_forget_topic(p_id, v_failed);
  end if;
  select coalesce(array_agg(distinct r.batch), '{}') into v_left from public.campaign_recipients r
  where r.campaign_id = p_id and r.batch = any (v_ns) and r.status in ('pending', 'sending');
  update public.campaign_batches b set state = 'settled', settled_at = clock_timestamp(), lease_until = null
  where b.campaign_id = p_id and b.n = any (v_ns) and b.n <> all (v_left) and b.state <> 'settled';
  return jsonb_build_object('open', (
    select count(*) from public.campaign_batches b where b.campaign_id = p_id and b.state <> 'settled'
  ));
end
$$;

-- The same for one batch: a mailer-batch of the version before settles so.
create function public.leadwire_campaign_settle(
  p_id uuid, p_n integer, p_results jsonb, p_ask_after_ms bigint
) returns jsonb
language sql set search_path = '' as $$
  select public.leadwire_campaign_settle_batches(
    p_id, jsonb_build_array(jsonb_build_object('n', p_n, 'results', p_results)), p_ask_after_ms
  );
$$;

-- Puts a batch off for p_wait_ms after a failure. p_was_tried: it may have arrived, so its people stay as they are
-- and the same request is repeated; otherwise nothing has happened and they are pending again (skipped, if the
-- campaign has been cancelled meanwhile). { kind: deferred | lost }
create function public.leadwire_campaign_defer(
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

select public.leadwire_service_only('{}');

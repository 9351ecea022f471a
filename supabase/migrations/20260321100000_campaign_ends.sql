-- How campaigns and their copies end: what earlier versions of these functions left open or got wrong.

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

-- As before, and finishes paused campaigns of which nothing is left.
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

  for v_campaign in
    select c.* from public.campaigns c where c.status in ('running', 'paused') order by c.started_at, c.id
  loop
    if public.leadwire_campaign_finish_if_done(v_campaign.id) then
      v_finished := v_finished || to_jsonb(v_campaign.id);
    elsif v_campaign.status = 'running' then
      v_reason := public.leadwire_campaign_weigh(v_campaign);
      if v_reason is not null then
        v_paused := v_paused || jsonb_build_object('id', v_campaign.id, 'reason', v_reason);
      elsif not public.leadwire_campaign_is_quiet(v_campaign.quiet_hours, v_campaign.time_zone) then
        v_nudges := v_nudges || public.leadwire_campaign_nudge(v_campaign, p_ahead, p_nudge_ms);
      end if;
    end if;
  end loop;
  return jsonb_build_object('started', v_started, 'paused', v_paused, 'finished', v_finished, 'nudges', v_nudges);
end
$$;

alter table public.campaign_recipients
  -- SMS whose end nobody has told: when the provider is asked next, and how often it was. Null: not any more.
  add column if not exists ask_at timestamptz,
  add column if not exists asked integer not null default 0;

create index if not exists campaign_recipients_ask_at_idx
  on public.campaign_recipients (ask_at) where ask_at is not null;

-- Whether somebody has seen a copy at the provider or with the person: proof that it went out.
create or replace function public.leadwire_campaign_is_seen(r public.campaign_recipients) returns boolean
language sql immutable set search_path = '' as $$
  select coalesce(r.delivered_at, r.bounced_at, r.complained_at, r.opened_at, r.clicked_at) is not null;
$$;

-- Records how people of a batch ended. p_results: [{ id, status, providerId?, reason?, error? }], status one of sent,
-- failed, skipped, unknown. A fact is taken from anybody, also from a sender that has been replaced; it never undoes
-- a better one, and whose copy has been seen got it, whatever the sender knows. Answers { open }: batches of the
-- campaign that are left.
create or replace function public.leadwire_campaign_settle(p_id uuid, p_n integer, p_results jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_is_sms boolean := exists (select from public.campaigns c where c.id = p_id and c.channel = 'sms');
  v_failed uuid[];
begin
  perform from public.campaign_batches b where b.campaign_id = p_id and b.n = p_n for update;
  -- What the provider tells meanwhile locks the same people, in the same order.
  perform from public.campaign_recipients r where r.campaign_id = p_id and r.batch = p_n order by r.id for update;
  with told as (
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
    -- Mobizon reports each end once, and gives up on a report after an hour.
    ask_at = case when v_is_sms and x.status = 'sent' and not public.leadwire_campaign_is_seen(r)
      and coalesce(x."providerId", r.provider_id) is not null then clock_timestamp() + interval '15 minutes' end,
    settled_at = clock_timestamp(), updated_at = clock_timestamp()
  from told x
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

-- SMS whose end nobody has told, those that have waited longest first: [{ messageId, recipientId, campaignId }]. Each
-- is handed to one caller and comes again after a wait that doubles, from 15 minutes on; after the seventh time,
-- 32 hours after it was sent, it comes no more: Mobizon gives a message up after a day.
create or replace function public.leadwire_campaign_sms_to_ask(p_limit integer) returns jsonb
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
      ask_at = case when r.asked < 6 then v_now + interval '15 minutes' * power(2, r.asked + 1) end
    from due d where r.id = d.id
    returning r.provider_id, r.id, r.campaign_id
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'messageId', t.provider_id, 'recipientId', t.id, 'campaignId', t.campaign_id
  )), '[]') into v_found from taken t;
  return v_found;
end
$$;

-- What was sent before this and has no end yet is asked about as well.
update public.campaign_recipients r set ask_at = clock_timestamp()
from public.campaigns c
where c.id = r.campaign_id and c.channel = 'sms' and r.status = 'sent' and r.provider_id is not null
  and r.sent_at > clock_timestamp() - interval '2 days' and r.ask_at is null and r.asked = 0
  and not public.leadwire_campaign_is_seen(r);

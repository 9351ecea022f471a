-- What a batch of a campaign costs the database: a claim changes nothing that an index has, and finds room beside each row,
-- so it writes no index; several batches are settled by one statement, which looks each result up once. And what a sender that has
-- been replaced knows of a failure is about its own try: the other one may have got through.

alter table public.campaign_recipients set (fillfactor = 50);
-- Whoever asks for people by their status asks for those of a campaign or of a batch, which have indexes of their own.
drop index if exists public.campaign_recipients_campaign_id_status_idx;

-- Locks batches and their people in the order in which everybody does; what providers report about them may come at this
-- moment.
create or replace function public.leadwire_campaign_lock_batches(p_id uuid, p_ns integer[]) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.campaign_batches b where b.campaign_id = p_id and b.n = any (p_ns) order by b.n for update;
  perform from public.campaign_recipients r where r.campaign_id = p_id and r.batch = any (p_ns) order by r.id for update;
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
create or replace function public.leadwire_campaign_settle_batches(
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
  from jsonb_to_recordset(p_settled) as x(n integer, results jsonb), jsonb_array_elements(x.results) y;
  -- By their batches alone, as the claim: with each result looked up once, and never joined.
  update public.campaign_recipients r
  set (status, provider_id, segments, reason, error, sent_at, ask_at) = (
    select case when s.is_seen then 'sent' else x.status end, coalesce(x."providerId", r.provider_id),
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
    and v_results -> (r.batch || ':' || r.id) ->> 'status' in ('sent', 'failed', 'skipped', 'unknown')
    and r.status <> v_results -> (r.batch || ':' || r.id) ->> 'status'
    and (v_results -> (r.batch || ':' || r.id) ->> 'status' = 'sent' or r.batch <> all (v_replaced));
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
create or replace function public.leadwire_campaign_settle(
  p_id uuid, p_n integer, p_results jsonb, p_ask_after_ms bigint
) returns jsonb
language sql set search_path = '' as $$
  select public.leadwire_campaign_settle_batches(
    p_id, jsonb_build_array(jsonb_build_object('n', p_n, 'results', p_results)), p_ask_after_ms
  );
$$;

select public.leadwire_service_only('{}');

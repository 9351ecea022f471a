-- What a mail of a campaign costs the database when it has gone out: an index on provider_id made each end write all indexes of
-- the table, though only an SMS is ever looked up by it; and three questions were asked or planned once for each person or
-- batch that can be once.

alter table public.campaign_recipients add column if not exists sms_id text;
update public.campaign_recipients r set sms_id = r.provider_id
from public.campaigns c
where c.id = r.campaign_id and c.channel = 'sms' and r.provider_id is distinct from r.sms_id;
create index if not exists campaign_recipients_sms_id_idx on public.campaign_recipients (sms_id) where sms_id is not null;
drop index if exists public.campaign_recipients_provider_id_idx;

-- Whether somebody has seen a copy at the provider or with the person: proof that it went out. It names no table, and without a
-- search_path of its own Postgres writes it into the statement instead of calling it for each person.
create or replace function public.leadwire_campaign_is_seen(r public.campaign_recipients) returns boolean
language sql immutable as $$
  select coalesce(r.delivered_at, r.bounced_at, r.complained_at, r.opened_at, r.clicked_at) is not null;
$$;

-- Who of a batch that has not been tried yet would be sent to: pending, not suppressed, not told about the topic. `rows`
-- is the size of a batch: with a guess of a thousand the planner reads the whole list for each batch. In plpgsql because
-- that keeps its plan; a function in SQL is planned again at each call.
create or replace function public.leadwire_campaign_sendable(p_id uuid, p_n integer)
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

-- Whose SMS these are, by the provider's ids: [{ messageId, recipientId, campaignId }] for campaigns' copies,
-- [{ messageId, deliveryId, leadId, template }] for leads' messages. Ids of others are not in it.
create or replace function public.leadwire_find_sms(p_message_ids text[]) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(o.found), '[]') from (
    select jsonb_build_object('messageId', r.provider_id, 'recipientId', r.id, 'campaignId', r.campaign_id) as found
    from public.campaign_recipients r
    where r.sms_id = any (p_message_ids)
    union all
    select jsonb_build_object('messageId', n.provider_id, 'deliveryId', n.id, 'leadId', n.lead_id,
      'template', n.template)
    from public.scheduled_notifications n
    where n.provider_id = any (p_message_ids) and n.channel = 'sms' and n.lead_id is not null
      and n.template is not null
  ) o;
$$;

select public.leadwire_service_only('{}');

-- What others tell of campaigns' copies and of people. Facts come repeated, late and in any order; the outcome is the
-- same whatever the order.

alter table public.campaign_recipients
  -- permanent, transient, suppressed, expired, …
  add column if not exists bounce_reason text;

create index if not exists campaign_recipients_provider_id_idx
  on public.campaign_recipients (provider_id) where provider_id is not null;

-- rows: [{ recipientId, outcome, at, reason }], outcome one of delivered, bounced, complained, opened, clicked. Each
-- column keeps the earliest time. What a provider saw is proof that a copy went out, so an unknown one is sent; nothing
-- else changes a status. A copy that is not there (a campaign that was deleted) is passed over.
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
    select r.id from public.campaign_recipients r where r.id in (select f.id from fact f) order by r.id for update
  )
  update public.campaign_recipients r
  set delivered_at = least(r.delivered_at, f.delivered_at), bounced_at = least(r.bounced_at, f.bounced_at),
    complained_at = least(r.complained_at, f.complained_at), opened_at = least(r.opened_at, f.opened_at),
    clicked_at = least(r.clicked_at, f.clicked_at), bounce_reason = least(r.bounce_reason, f.bounce_reason),
    sent_at = case when r.status = 'unknown' then f.first_at else r.sent_at end,
    reason = case when r.status = 'unknown' then null else r.reason end,
    error = case when r.status = 'unknown' then null else r.error end,
    status = case when r.status = 'unknown' then 'sent' else r.status end,
    updated_at = clock_timestamp()
  from fact f join locked k on k.id = f.id
  where r.id = f.id;
  get diagnostics v_touched = row_count;
  return v_touched;
end
$$;

-- rows: [{ reason, source, at, recipientId } or { reason, source, at, channel, contact }]. Who is suppressed already
-- keeps the first reason. Answers how many people are new.
create or replace function public.leadwire_store_suppressions(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_bad bigint;
  v_new integer;
begin
  perform public.leadwire_check_rows(rows, '{reason,source,at}', '{recipientId}', '{at}');
  select min(t.n) - 1 into v_bad
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  left join public.campaign_recipients p on p.id = (t.r ->> 'recipientId')::uuid
  where coalesce(t.r ->> 'contact', p.contact) is null;
  if v_bad is not null then
    raise exception 'row %: there is no such recipient', v_bad using errcode = '22023';
  end if;

  insert into public.suppressions (channel, contact, reason, source, created_at)
  select distinct on (o.channel, o.contact) o.channel, o.contact, o.reason, o.source, o.at
  from (
    select coalesce(x.channel, c.channel) as channel, coalesce(x.contact, p.contact) as contact, x.reason,
      x.source || coalesce(':' || p.campaign_id, '') as source, x.at
    from jsonb_to_recordset(rows) as x(
      "recipientId" uuid, channel text, contact text, reason text, source text, at timestamptz
    )
    left join public.campaign_recipients p on p.id = x."recipientId"
    left join public.campaigns c on c.id = p.campaign_id
  ) o
  order by o.channel, o.contact, o.at
  on conflict (channel, contact) do nothing;
  get diagnostics v_new = row_count;
  return v_new;
end
$$;

-- Whose SMS these are, by the provider's ids: [{ messageId, recipientId, campaignId }] for campaigns' copies,
-- [{ messageId, deliveryId, leadId, template }] for leads' messages. Ids of others are not in it.
create or replace function public.leadwire_find_sms(p_message_ids text[]) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(o.found), '[]') from (
    select jsonb_build_object('messageId', r.provider_id, 'recipientId', r.id, 'campaignId', r.campaign_id) as found
    from public.campaign_recipients r
    join public.campaigns c on c.id = r.campaign_id and c.channel = 'sms'
    where r.provider_id = any (p_message_ids)
    union all
    select jsonb_build_object('messageId', n.provider_id, 'deliveryId', n.id, 'leadId', n.lead_id,
      'template', n.template)
    from public.scheduled_notifications n
    where n.provider_id = any (p_message_ids) and n.channel = 'sms' and n.lead_id is not null
      and n.template is not null
  ) o;
$$;

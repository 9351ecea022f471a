-- How the report of a campaign comes about: which links were followed, what it cost, when it was read.

create table if not exists public.campaign_clicks (
  event_id text primary key,
  campaign_id uuid not null,
  recipient_id uuid not null,
  -- As it stands in the text, without what is a person's own: https://… , unsubscribe, or empty for an unknown one.
  link text not null,
  clicked_at timestamptz not null,
  -- A scanner's that says so; one that came within 2 s of the delivery is found when the report is made.
  by_program boolean not null default false
);
create index if not exists campaign_clicks_campaign_id_idx on public.campaign_clicks (campaign_id);
comment on table public.campaign_clicks is
  'Clicks on links of campaigns, each once. Written by mailer-batch (leadwire_store_campaign_clicks).';

-- What an SMS was billed as; null where nobody knows.
alter table public.campaign_recipients add column if not exists segments integer;

-- Records how people of a batch ended. p_results: [{ id, status, providerId?, reason?, error?, segments? }], status one of sent,
-- failed, skipped, unknown. A fact is taken from anybody, also from a sender that has been replaced; it never undoes
-- a better one, and whose copy has been seen got it, whatever the sender knows. The provider is asked about an
-- SMS without an end after p_ask_after_ms (leadwire_campaign_sms_to_ask). Answers { open }: batches of the campaign that
-- are left.
create or replace function public.leadwire_campaign_settle(
  p_id uuid, p_n integer, p_results jsonb, p_ask_after_ms bigint
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_is_sms boolean := exists (select from public.campaigns c where c.id = p_id and c.channel = 'sms');
  v_failed uuid[];
begin
  perform from public.campaign_batches b where b.campaign_id = p_id and b.n = p_n for update;
  -- What the provider reports meanwhile locks the same people, in the same order.
  perform from public.campaign_recipients r where r.campaign_id = p_id and r.batch = p_n order by r.id for update;
  with result as (
    select x.* from jsonb_to_recordset(p_results)
      as x(id uuid, status text, "providerId" text, reason text, error text, segments integer)
    where x.status in ('sent', 'failed', 'skipped', 'unknown')
  )
  update public.campaign_recipients r
  set status = case when public.leadwire_campaign_is_seen(r) then 'sent' else x.status end,
    provider_id = coalesce(x."providerId", r.provider_id), segments = coalesce(x.segments, r.segments),
    reason = case when not public.leadwire_campaign_is_seen(r) then x.reason end,
    error = case when not public.leadwire_campaign_is_seen(r) then x.error end,
    sent_at = case when x.status = 'sent' then clock_timestamp()
      else least(r.delivered_at, r.bounced_at, r.complained_at, r.opened_at, r.clicked_at) end,
    ask_at = case when v_is_sms and x.status = 'sent' and not public.leadwire_campaign_is_seen(r)
      and coalesce(x."providerId", r.provider_id) is not null
      then clock_timestamp() + make_interval(secs => p_ask_after_ms / 1000.0) end,
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

-- rows: [{ eventId, campaignId, recipientId, link, at, byProgram }]; an event that comes again is one click.
create or replace function public.leadwire_store_campaign_clicks(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_stored integer;
begin
  perform public.leadwire_check_rows(rows, '{eventId,campaignId,recipientId,at}', '{campaignId,recipientId}', '{at}');
  insert into public.campaign_clicks (event_id, campaign_id, recipient_id, link, clicked_at, by_program)
  select x."eventId", x."campaignId", x."recipientId", coalesce(x.link, ''), x.at, coalesce(x."byProgram", false)
  from jsonb_to_recordset(rows) as x("eventId" text, "campaignId" uuid, "recipientId" uuid, link text,
    at timestamptz, "byProgram" boolean)
  on conflict (event_id) do nothing;
  get diagnostics v_stored = row_count;
  return v_stored;
end
$$;

-- What a campaign's texts were frozen as, or null.
create or replace function public.leadwire_campaign_frozen(p_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select c.frozen from public.campaigns c where c.id = p_id;
$$;

-- What copies were made for: [{ recipientId, campaignId, contact, name, variables, at }].
create or replace function public.leadwire_campaign_readers(p_ids uuid[]) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('recipientId', r.id, 'campaignId', r.campaign_id, 'contact', r.contact,
    'name', r.name, 'variables', r.variables, 'at', coalesce(b.first_claim_at, r.sent_at, r.created_at))), '[]')
  from public.campaign_recipients r
  left join public.campaign_batches b on b.campaign_id = r.campaign_id and b.n = r.batch
  where r.id = any (p_ids);
$$;

-- It takes one argument more now.
drop function if exists public.leadwire_campaign_summary(uuid, integer);

-- What a report says beside the people: { domains: [{ domain, sent, delivered, bounced, failed, opened, complained }],
-- links: [{ link, people, clicks, early }], hours: [{ hour, opened, clicked }], sales: { count, amount }, segments,
-- unsubscribed }. Links: those by people; `early` are scanners', who say so or come within 2 s of the delivery. Hours:
-- first opens and clicks in the first p_hours, counted from each copy. Sales: of people who got it, within p_sale_days
-- of their copy. Segments: of SMS that went out, null where none is known.
create or replace function public.leadwire_campaign_summary(p_id uuid, p_sale_days integer, p_hours integer) returns jsonb
language sql stable set search_path = '' as $$
  with got as (
    select r.*, split_part(r.contact, '@', 2) as domain from public.campaign_recipients r where r.campaign_id = p_id
  ), domains as (
    select g.domain, count(*) filter (where g.status = 'sent') as sent, count(g.delivered_at) as delivered,
      count(g.bounced_at) as bounced, count(*) filter (where g.status in ('failed', 'unknown')) as failed,
      count(g.opened_at) as opened, count(g.complained_at) as complained
    from got g where g.domain <> '' group by g.domain
    order by count(g.bounced_at) + count(g.complained_at) + count(*) filter (where g.status in ('failed', 'unknown')) desc,
      count(*) desc, 1
    limit 20
  ), clicks as (
    select k.link, k.recipient_id, not k.by_program
      and (g.delivered_at is null or k.clicked_at > g.delivered_at + interval '2 seconds') as is_person
    from public.campaign_clicks k join got g on g.id = k.recipient_id where k.campaign_id = p_id
  ), links as (
    select c.link, count(distinct c.recipient_id) filter (where c.is_person) as people,
      count(*) filter (where c.is_person) as clicks, count(*) filter (where not c.is_person) as early
    from clicks c group by c.link order by 2 desc, 3 desc, 1 limit 50
  ), hours as (
    select h.hour, count(*) filter (where h.is_open) as opened, count(*) filter (where not h.is_open) as clicked
    from (
      select floor(extract(epoch from g.opened_at - g.sent_at) / 3600)::integer as hour, true as is_open from got g
      union all
      select floor(extract(epoch from g.clicked_at - g.sent_at) / 3600)::integer, false from got g
    ) h where h.hour between 0 and p_hours - 1 group by h.hour
  ), buyers as (
    select distinct s.id, s.amount
    from public.sales s
    left join public.landing_leads b on b.id = s.lead_id
    join got g on g.status = 'sent' and g.contact in (lower(s.email), s.phone, lower(b.email), b.phone)
    where s.refunded_at is null and s.superseded_by is null and s.sold_at >= g.sent_at
      and s.sold_at < g.sent_at + make_interval(days => p_sale_days)
  )
  select jsonb_build_object(
    'domains', (select coalesce(jsonb_agg(to_jsonb(d)), '[]') from domains d),
    'links', (select coalesce(jsonb_agg(to_jsonb(l)), '[]') from links l),
    'hours', (select coalesce(jsonb_agg(to_jsonb(h) order by h.hour), '[]') from hours h),
    'sales', (select jsonb_build_object('count', count(*), 'amount', coalesce(sum(y.amount), 0)) from buyers y),
    'segments', (select sum(g.segments) from got g where g.status = 'sent'),
    'unsubscribed', (select count(*) from public.suppressions u join got g on g.contact = u.contact
      where u.reason = 'unsubscribed' and u.source like '%:' || p_id)
  );
$$;

select public.leadwire_service_only('{campaign_clicks}');

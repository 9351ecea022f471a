-- How the report of a campaign comes about: which links were followed, what it cost, when it was read.

create table public.campaign_clicks (
  event_id text primary key,
  campaign_id uuid not null,
  recipient_id uuid not null,
  -- As it stands in the text, without what is a person's own: https://… , unsubscribe, or empty for an unknown one.
  link text not null,
  clicked_at timestamptz not null,
  -- A scanner's that says so; one that came within 2 s of the delivery is found when the report is made.
  by_program boolean not null default false
);
create index campaign_clicks_campaign_id_idx on public.campaign_clicks (campaign_id);
comment on table public.campaign_clicks is
  'Clicks on links of campaigns, each once. Written by mailer-batch (leadwire_store_campaign_clicks).';

-- rows: [{ eventId, campaignId, recipientId, link, at, byProgram }]; an event that comes again is one click.
create function public.leadwire_store_campaign_clicks(rows jsonb) returns integer
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
create function public.leadwire_campaign_frozen(p_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select c.frozen from public.campaigns c where c.id = p_id;
$$;

-- What copies were made for: [{ recipientId, campaignId, contact, name, variables, at }].
create function public.leadwire_campaign_readers(p_ids uuid[]) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('recipientId', r.id, 'campaignId', r.campaign_id, 'contact', r.contact,
    'name', r.name, 'variables', r.variables, 'at', coalesce(b.first_claim_at, r.sent_at, r.created_at))), '[]')
  from public.campaign_recipients r
  left join public.campaign_batches b on b.campaign_id = r.campaign_id and b.n = r.batch
  where r.id = any (p_ids);
$$;

-- What a report says beside the people: { domains: [{ domain, sent, delivered, bounced, failed, opened, complained }],
-- links: [{ link, people, clicks, early }], hours: [{ hour, opened, clicked }], sales: { count, amount }, segments,
-- unsubscribed }. Links: those by people; `early` are scanners', who say so or come within 2 s of the delivery. Hours:
-- first opens and clicks in the first p_hours, counted from each copy. Sales: of people who got it, within p_sale_days
-- of their copy. Segments: of SMS that went out, null where none is known.
create function public.leadwire_campaign_summary(p_id uuid, p_sale_days integer, p_hours integer) returns jsonb
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

-- Deliveries: one row per (lead, channel, template), the links inside the messages, and the clicks on them. Facts come
-- repeated, late and in any order; what is stored is the same whatever the order, because each column is a minimum, a
-- maximum, or the word of the event that ranks highest.

create table public.scheduled_notifications (
  id uuid primary key default gen_random_uuid(),
  lead_id uuid,
  -- The channel, under the name that older readers know.
  type text,
  channel text,
  template text,
  -- pending | sent | failed | skipped | unknown
  status text default 'pending',
  scheduled_for timestamptz,
  planned_at timestamptz,
  sent_at timestamptz,
  failed_at timestamptz,
  skipped_at timestamptz,
  delivered_at timestamptz,
  bounced_at timestamptz,
  complained_at timestamptz,
  opened_at timestamptz,
  clicked_at timestamptz,
  -- The first click of a scanner or a preview; clicked_at is a person's.
  program_clicked_at timestamptz,
  provider_id text,
  error text,
  reason text,
  bounce_reason text,
  attempts integer not null default 0,
  campaign_id uuid,
  -- The event that decided the status: its rank, time and id. leadwire_store_outcomes lets only a higher one win.
  status_rank smallint,
  status_at timestamptz,
  status_event_id text,
  first_event_at timestamptz,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create index scheduled_notifications_lead_id_idx on public.scheduled_notifications (lead_id);
create index scheduled_notifications_status_scheduled_for_idx
  on public.scheduled_notifications (status, scheduled_for);
create index scheduled_notifications_provider_id_idx on public.scheduled_notifications (provider_id);
create index scheduled_notifications_campaign_id_idx on public.scheduled_notifications (campaign_id);
comment on table public.scheduled_notifications is
  'One row per (lead, channel, template). Written by lead-store (leadwire_store_outcomes).';

create table public.short_links (
  code text primary key,
  lead_id uuid,
  delivery_id uuid,
  url text,
  clicks integer not null default 0,
  -- Of scanners and previews.
  program_clicks integer not null default 0,
  first_clicked_at timestamptz,
  last_clicked_at timestamptz,
  created_at timestamptz default now()
);
create index short_links_lead_id_idx on public.short_links (lead_id);
create index short_links_delivery_id_idx on public.short_links (delivery_id);
comment on table public.short_links is
  'The links inside the messages. Written by lead-store (leadwire_store_links).';

create table public.short_link_clicks (
  event_id text primary key,
  code text,
  clicked_at timestamptz,
  by_program boolean not null default false
);
create index short_link_clicks_code_idx on public.short_link_clicks (code);
comment on table public.short_link_clicks is
  'One row per click event, so that a repeated event counts once. Written by lead-store '
  '(leadwire_store_links, leadwire_store_program_clicks).';

-- How much an outcome says about whether the message went out; null for an outcome that is not one.
-- A click is weak evidence (anyone may open a link), so a failure that the sender saw outranks it. A delivery, a
-- bounce or an opening is the provider's word that it went out, whatever our request saw.
create function public.leadwire_outcome_rank(outcome text) returns smallint
language sql immutable set search_path = '' as $$
  select case outcome
    when 'planned' then 0
    when 'unknown' then 1
    when 'clicked' then 2
    when 'skipped' then 3
    when 'failed' then 3
    when 'sent' then 4
    when 'delivered' then 4
    when 'opened' then 4
    when 'bounced' then 4
    when 'complained' then 4
  end::smallint;
$$;

-- What scheduled_notifications.status says after an outcome.
create function public.leadwire_outcome_status(outcome text) returns text
language sql immutable set search_path = '' as $$
  select case
    when outcome = 'planned' then 'pending'
    when outcome in ('unknown', 'skipped', 'failed') then outcome
    else 'sent'
  end;
$$;

-- The rank of a row that is older than ranks.
create function public.leadwire_status_rank(status text) returns smallint
language sql immutable set search_path = '' as $$
  select case status when 'sent' then 4 when 'failed' then 3 when 'skipped' then 3 when 'unknown' then 1 else 0
  end::smallint;
$$;

-- Links of the messages and clicks on them. A click event counts once, however often it comes.
create function public.leadwire_store_links(rows jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.short_links as s (code, lead_id, delivery_id, url, created_at)
  select r."shortLink" ->> 'code', min(r."leadId"::text)::uuid, min(r."deliveryId"::text)::uuid,
    min(r."shortLink" ->> 'url'), min(r.at)
  from jsonb_to_recordset(rows) as r("deliveryId" uuid, "leadId" uuid, at timestamptz, "shortLink" jsonb)
  where r."shortLink" ->> 'code' <> ''
  group by 1
  on conflict (code) do update
  set lead_id = coalesce(s.lead_id, excluded.lead_id),
    delivery_id = coalesce(s.delivery_id, excluded.delivery_id), url = coalesce(s.url, excluded.url),
    created_at = least(s.created_at, excluded.created_at)
  where s.lead_id is null or s.delivery_id is null or s.url is null or s.created_at > excluded.created_at;

  with fresh as (
    insert into public.short_link_clicks (event_id, code, clicked_at)
    select r."eventId", r."shortLink" ->> 'code', r.at
    from jsonb_to_recordset(rows) as r("eventId" text, outcome text, at timestamptz, "shortLink" jsonb)
    where r.outcome = 'clicked' and r."shortLink" ->> 'code' <> ''
    on conflict (event_id) do nothing
    returning code, clicked_at
  ), counted as (
    select f.code, count(*) as clicks, min(f.clicked_at) as first_at, max(f.clicked_at) as last_at
    from fresh f group by f.code
  )
  update public.short_links s
  set clicks = coalesce(s.clicks, 0) + c.clicks,
    first_clicked_at = least(s.first_clicked_at, c.first_at),
    last_clicked_at = greatest(s.last_clicked_at, c.last_at)
  from counted c
  where s.code = c.code;
end
$$;

-- Where an older table insists that a delivery's lead exists and the outcome is here first, the lead gets a bare
-- row; leadwire_store_leads fills it.
create function public.leadwire_make_room(rows jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if not exists (
    select from pg_constraint
    where contype = 'f' and confrelid = 'public.landing_leads'::regclass
      and conrelid in ('public.scheduled_notifications'::regclass, 'public.short_links'::regclass)
  ) then
    return;
  end if;
  insert into public.landing_leads (id, created_at)
  select r."leadId", min(r.at)
  from jsonb_to_recordset(rows) as r("leadId" uuid, at timestamptz)
  where r."leadId" is not null
  group by 1
  on conflict (id) do nothing;
end
$$;

-- Stores what became of deliveries; answers how many deliveries the batch was about.
-- rows: [{ deliveryId, leadId, channel, template, outcome, at, eventId, scheduledFor, providerId, error, reason,
--   attempts, campaignId, shortLink: { code, url } }]
-- outcome: planned | unknown | sent | failed | skipped | delivered | bounced | complained | opened | clicked.
-- deliveryId, channel, outcome, at and eventId are required.
create function public.leadwire_store_outcomes(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
  bad_index bigint;
begin
  perform public.leadwire_check_rows(rows, '{deliveryId,channel,outcome,at,eventId}',
    '{deliveryId,leadId,campaignId}', '{at,scheduledFor}');
  select min(t.n) - 1 into bad_index
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  where public.leadwire_outcome_rank(t.r ->> 'outcome') is null;
  if bad_index is not null then
    raise exception 'row %: outcome: expected planned, unknown, sent, failed, skipped, delivered, bounced, complained, opened or clicked',
      bad_index using errcode = '22023';
  end if;
  perform public.leadwire_lock();
  perform public.leadwire_make_room(rows);

  with fact as (
    select r.*, public.leadwire_outcome_rank(r.outcome) as rank
    from jsonb_to_recordset(rows) as r(
      "deliveryId" uuid, "leadId" uuid, channel text, template text, outcome text, at timestamptz,
      "eventId" text, "scheduledFor" timestamptz, "providerId" text, error text, reason text,
      attempts integer, "campaignId" uuid
    )
  ), decisive as (
    select distinct on (f."deliveryId") f."deliveryId" as id, f.rank, f.at, f."eventId" as event_id,
      public.leadwire_outcome_status(f.outcome) as status,
      case when f.outcome in ('unknown', 'failed', 'skipped') then f.error end as error,
      case when f.outcome in ('unknown', 'failed', 'skipped') then f.reason end as reason
    from fact f
    order by f."deliveryId", f.rank desc, f.at desc, f."eventId" desc
  ), merged as (
    select f."deliveryId" as id,
      (array_agg(f."leadId") filter (where f."leadId" is not null))[1] as lead_id,
      min(f.channel) as channel, min(f.template) as template,
      (array_agg(f."scheduledFor" order by f.outcome = 'planned' desc, f.at desc)
        filter (where f."scheduledFor" is not null))[1] as scheduled_for,
      max(f.at) filter (where f.outcome = 'planned') as planned_at,
      min(f.at) filter (where f.outcome = 'sent') as sent_at,
      max(f.at) filter (where f.outcome = 'failed') as failed_at,
      max(f.at) filter (where f.outcome = 'skipped') as skipped_at,
      min(f.at) filter (where f.outcome = 'delivered') as delivered_at,
      min(f.at) filter (where f.outcome = 'bounced') as bounced_at,
      min(f.at) filter (where f.outcome = 'complained') as complained_at,
      min(f.at) filter (where f.outcome = 'opened') as opened_at,
      min(f.at) filter (where f.outcome = 'clicked') as clicked_at,
      (array_agg(f."providerId" order by f.outcome = 'sent' desc, f.at)
        filter (where f."providerId" is not null))[1] as provider_id,
      min(coalesce(f.error, f.reason)) filter (where f.outcome = 'bounced') as bounce_reason,
      max(f.attempts) as attempts,
      (array_agg(f."campaignId") filter (where f."campaignId" is not null))[1] as campaign_id,
      min(f.at) as first_event_at
    from fact f
    group by f."deliveryId"
  ), compared as (
    -- The lock is held, so the row read here is the row that is written below.
    select m.*, d.status, d.rank, d.at, d.event_id, d.error, d.reason,
      n.id is null or (d.rank, d.at, d.event_id) > (
        coalesce(n.status_rank, public.leadwire_status_rank(n.status)),
        coalesce(n.status_at, '-infinity'), coalesce(n.status_event_id, '')
      ) as wins,
      n.scheduled_for is null or m.planned_at >= coalesce(n.planned_at, '-infinity') as replans
    from merged m
    join decisive d on d.id = m.id
    left join public.scheduled_notifications n on n.id = m.id
  )
  insert into public.scheduled_notifications (
    id, lead_id, type, channel, template, status, scheduled_for, planned_at, sent_at, failed_at,
    skipped_at, delivered_at, bounced_at, complained_at, opened_at, clicked_at, provider_id, error,
    reason, bounce_reason, attempts, campaign_id, status_rank, status_at, status_event_id,
    first_event_at, created_at, updated_at
  )
  select c.id, coalesce(n.lead_id, c.lead_id), coalesce(n.type, c.channel), coalesce(n.channel, c.channel),
    coalesce(n.template, c.template),
    case when c.wins then c.status else n.status end,
    case when c.replans then coalesce(c.scheduled_for, n.scheduled_for) else n.scheduled_for end,
    greatest(n.planned_at, c.planned_at), least(n.sent_at, c.sent_at), greatest(n.failed_at, c.failed_at),
    greatest(n.skipped_at, c.skipped_at), least(n.delivered_at, c.delivered_at),
    least(n.bounced_at, c.bounced_at), least(n.complained_at, c.complained_at),
    least(n.opened_at, c.opened_at), least(n.clicked_at, c.clicked_at),
    case when c.sent_at is not null then coalesce(c.provider_id, n.provider_id)
      else coalesce(n.provider_id, c.provider_id) end,
    case when c.wins then c.error else n.error end,
    case when c.wins then c.reason else n.reason end,
    coalesce(n.bounce_reason, c.bounce_reason), coalesce(greatest(n.attempts, c.attempts), 0),
    coalesce(n.campaign_id, c.campaign_id),
    case when c.wins then c.rank else n.status_rank end,
    case when c.wins then c.at else n.status_at end,
    case when c.wins then c.event_id else n.status_event_id end,
    least(n.first_event_at, c.first_event_at), coalesce(n.created_at, c.first_event_at), now()
  from compared c
  left join public.scheduled_notifications n on n.id = c.id
  on conflict (id) do update
  set lead_id = excluded.lead_id, type = excluded.type, channel = excluded.channel,
    template = excluded.template, status = excluded.status, scheduled_for = excluded.scheduled_for,
    planned_at = excluded.planned_at, sent_at = excluded.sent_at, failed_at = excluded.failed_at,
    skipped_at = excluded.skipped_at, delivered_at = excluded.delivered_at,
    bounced_at = excluded.bounced_at, complained_at = excluded.complained_at,
    opened_at = excluded.opened_at, clicked_at = excluded.clicked_at,
    provider_id = excluded.provider_id, error = excluded.error, reason = excluded.reason,
    bounce_reason = excluded.bounce_reason, attempts = excluded.attempts,
    campaign_id = excluded.campaign_id, status_rank = excluded.status_rank,
    status_at = excluded.status_at, status_event_id = excluded.status_event_id,
    first_event_at = excluded.first_event_at, created_at = least(
      scheduled_notifications.created_at, excluded.first_event_at),
    updated_at = excluded.updated_at;
  get diagnostics touched = row_count;

  perform public.leadwire_store_links(rows);
  perform public.leadwire_refresh_leads(
    array(
      select distinct n.lead_id from public.scheduled_notifications n
      where n.lead_id is not null
        and n.id in (select (r ->> 'deliveryId')::uuid from jsonb_array_elements(rows) as r)
    )
  );
  return touched;
end
$$;

select public.leadwire_service_only('{scheduled_notifications, short_links, short_link_clicks}');

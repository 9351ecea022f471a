-- Leads: one row per lead, and the one view of them that dashboards read.

create table public.landing_leads (
  id uuid primary key default gen_random_uuid(),
  name text,
  email text,
  phone text,
  source text,
  metadata jsonb default '{}'::jsonb,
  created_at timestamptz default now(),
  -- What the form said.
  kind text,
  campaign text,
  payment_method text,
  answers jsonb,
  contact_issues jsonb not null default '[]'::jsonb,
  quarantined boolean not null default false,
  utm_source text,
  utm_medium text,
  utm_campaign text,
  utm_content text,
  utm_term text,
  -- What became of it, derived from scheduled_notifications.
  email_status text,
  email_sent boolean not null default false,
  email_sent_at timestamptz,
  email_error text,
  email_delivered_at timestamptz,
  email_opened_at timestamptz,
  email_clicked_at timestamptz,
  email_bounced_at timestamptz,
  sms_status text,
  sms_sent boolean not null default false,
  sms_sent_at timestamptz,
  sms_error text,
  sms_delivered_at timestamptz,
  sms_clicked_at timestamptz,
  amocrm_synced boolean not null default false,
  amocrm_synced_at timestamptz,
  amocrm_deal_id bigint,
  amocrm_contact_id bigint,
  amocrm_error text,
  -- Which event made the row; null in rows that are older than events.
  event_id text,
  event_seq bigint,
  updated_at timestamptz not null default now(),
  amocrm_stage_id bigint,
  amocrm_stage text,
  amocrm_deleted_at timestamptz,
  -- Who of those who work here has the lead, and since when; null for nobody.
  manager_id uuid,
  taken_at timestamptz
);
create index landing_leads_email_idx on public.landing_leads (email);
create index landing_leads_phone_idx on public.landing_leads (phone);
create index landing_leads_created_at_idx on public.landing_leads (created_at);
create index landing_leads_kind_created_at_idx on public.landing_leads (kind, created_at);
comment on table public.landing_leads is
  'One row per lead. Written by lead-store (leadwire_store_leads); the columns of deliveries and of the CRM '
  'are derived from scheduled_notifications and crm_deals.';

-- Not unique by lead: the table may be older than Leadwire and hold a lead twice. The functions write one row per lead.
create table public.unified_lead_tracking (
  id uuid primary key default gen_random_uuid(),
  lead_id uuid,
  kind text,
  campaign text,
  name text,
  email text,
  phone text,
  source text,
  payment_method text,
  utm_source text,
  utm_medium text,
  utm_campaign text,
  utm_content text,
  utm_term text,
  quarantined boolean not null default false,
  email_status text,
  email_sent boolean not null default false,
  email_sent_at timestamptz,
  email_error text,
  sms_status text,
  sms_sent boolean not null default false,
  sms_sent_at timestamptz,
  sms_error text,
  clicked_at timestamptz,
  amocrm_synced boolean not null default false,
  amocrm_deal_id bigint,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create index unified_lead_tracking_lead_id_idx on public.unified_lead_tracking (lead_id);
create index unified_lead_tracking_created_at_idx on public.unified_lead_tracking (created_at);
create index unified_lead_tracking_email_idx on public.unified_lead_tracking (email);
create index unified_lead_tracking_phone_idx on public.unified_lead_tracking (phone);
comment on table public.unified_lead_tracking is
  'What dashboards read: one row per lead, derived from landing_leads. Written by lead-store '
  '(leadwire_refresh_leads).';

-- Derives the status columns of these leads from scheduled_notifications, then their rows in unified_lead_tracking.
-- A lead has one transactional delivery per channel; should there be more, the first one speaks for the channel.
create function public.leadwire_refresh_leads(ids uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.landing_leads l
  set email_status = d.status, email_sent = d.sent, email_sent_at = d.went_at, email_error = d.problem,
    email_delivered_at = d.delivered_at, email_opened_at = d.opened_at, email_clicked_at = d.clicked_at,
    email_bounced_at = d.bounced_at, updated_at = clock_timestamp()
  from (
    select distinct on (n.lead_id) n.lead_id, n.status, n.status = 'sent' as sent,
      case when n.status = 'sent'
        then coalesce(n.sent_at, n.delivered_at, n.opened_at, n.clicked_at, n.bounced_at) end as went_at,
      coalesce(n.error, n.reason, n.bounce_reason) as problem,
      n.delivered_at, n.opened_at, n.clicked_at, n.bounced_at
    from public.scheduled_notifications n
    where n.lead_id = any (ids) and n.channel = 'email' and n.campaign_id is null
    order by n.lead_id, n.first_event_at, n.id
  ) d
  where l.id = d.lead_id
    and (l.email_status, l.email_sent, l.email_sent_at, l.email_error, l.email_delivered_at,
      l.email_opened_at, l.email_clicked_at, l.email_bounced_at)
    is distinct from (d.status, d.sent, d.went_at, d.problem, d.delivered_at,
      d.opened_at, d.clicked_at, d.bounced_at);

  update public.landing_leads l
  set sms_status = d.status, sms_sent = d.sent, sms_sent_at = d.went_at, sms_error = d.problem,
    sms_delivered_at = d.delivered_at, sms_clicked_at = d.clicked_at, updated_at = clock_timestamp()
  from (
    select distinct on (n.lead_id) n.lead_id, n.status, n.status = 'sent' as sent,
      case when n.status = 'sent' then coalesce(n.sent_at, n.delivered_at, n.clicked_at) end as went_at,
      coalesce(n.error, n.reason, n.bounce_reason) as problem, n.delivered_at, n.clicked_at
    from public.scheduled_notifications n
    where n.lead_id = any (ids) and n.channel = 'sms' and n.campaign_id is null
    order by n.lead_id, n.first_event_at, n.id
  ) d
  where l.id = d.lead_id
    and (l.sms_status, l.sms_sent, l.sms_sent_at, l.sms_error, l.sms_delivered_at, l.sms_clicked_at)
    is distinct from (d.status, d.sent, d.went_at, d.problem, d.delivered_at, d.clicked_at);

  update public.unified_lead_tracking u
  set kind = l.kind, campaign = l.campaign, name = l.name, email = l.email, phone = l.phone,
    source = l.source, payment_method = l.payment_method, utm_source = l.utm_source,
    utm_medium = l.utm_medium, utm_campaign = l.utm_campaign, utm_content = l.utm_content,
    utm_term = l.utm_term, quarantined = l.quarantined, email_status = l.email_status,
    email_sent = l.email_sent, email_sent_at = l.email_sent_at, email_error = l.email_error,
    sms_status = l.sms_status, sms_sent = l.sms_sent, sms_sent_at = l.sms_sent_at,
    sms_error = l.sms_error, clicked_at = least(l.email_clicked_at, l.sms_clicked_at),
    amocrm_synced = l.amocrm_synced, amocrm_deal_id = l.amocrm_deal_id, created_at = l.created_at,
    updated_at = l.updated_at
  from public.landing_leads l
  where l.id = any (ids) and u.lead_id = l.id and u.updated_at is distinct from l.updated_at;

  insert into public.unified_lead_tracking (
    lead_id, kind, campaign, name, email, phone, source, payment_method, utm_source, utm_medium,
    utm_campaign, utm_content, utm_term, quarantined, email_status, email_sent, email_sent_at,
    email_error, sms_status, sms_sent, sms_sent_at, sms_error, clicked_at, amocrm_synced,
    amocrm_deal_id, created_at, updated_at
  )
  select l.id, l.kind, l.campaign, l.name, l.email, l.phone, l.source, l.payment_method, l.utm_source,
    l.utm_medium, l.utm_campaign, l.utm_content, l.utm_term, l.quarantined, l.email_status,
    l.email_sent, l.email_sent_at, l.email_error, l.sms_status, l.sms_sent, l.sms_sent_at, l.sms_error,
    least(l.email_clicked_at, l.sms_clicked_at), l.amocrm_synced, l.amocrm_deal_id, l.created_at,
    l.updated_at
  from public.landing_leads l
  where l.id = any (ids)
    and not exists (select from public.unified_lead_tracking u where u.lead_id = l.id);
end
$$;

-- Stores leads; answers how many of them are new.
-- rows: [{ leadId, kind, campaign, name, email, phone, source, contactIssues, paymentMethod, answers,
--   utm: { source, medium, campaign, content, term }, metadata, quarantined, receivedAt, eventId, eventSeq }]
-- leadId and receivedAt are required. The first event of a lead makes its row; a repeat changes nothing. A row
-- without an event (older than events, or made for an outcome that came first) gets what it lacks.
create function public.leadwire_store_leads(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  created integer;
begin
  perform public.leadwire_check_rows(rows, '{leadId,receivedAt}', '{leadId}', '{receivedAt}');
  perform public.leadwire_lock();

  with incoming as (
    select distinct on (r."leadId") r.*
    from jsonb_to_recordset(rows) as r(
      "leadId" uuid, kind text, campaign text, name text, email text, phone text, source text,
      "contactIssues" jsonb, "paymentMethod" text, answers jsonb, utm jsonb, metadata jsonb,
      quarantined boolean, "receivedAt" timestamptz, "eventId" text, "eventSeq" bigint
    )
    order by r."leadId", r."eventSeq", r."receivedAt"
  ), written as (
    insert into public.landing_leads as l (
      id, name, email, phone, source, metadata, created_at, kind, campaign, payment_method, answers,
      contact_issues, quarantined, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
      event_id, event_seq
    )
    select i."leadId", i.name, i.email, i.phone, coalesce(i.source, i.kind || coalesce('_' || i.campaign, '')),
      coalesce(nullif(i.metadata, 'null'), '{}'), i."receivedAt", i.kind, i.campaign, i."paymentMethod",
      nullif(i.answers, 'null'), coalesce(nullif(i."contactIssues", 'null'), '[]'),
      coalesce(i.quarantined, false), i.utm ->> 'source', i.utm ->> 'medium', i.utm ->> 'campaign',
      i.utm ->> 'content', i.utm ->> 'term', coalesce(i."eventId", i."leadId"::text), i."eventSeq"
    from incoming i
    on conflict (id) do update
    set name = coalesce(l.name, excluded.name), email = coalesce(l.email, excluded.email),
      phone = coalesce(l.phone, excluded.phone), source = coalesce(l.source, excluded.source),
      metadata = case when l.metadata::text = '{}' then excluded.metadata
        else coalesce(l.metadata, excluded.metadata) end,
      created_at = least(l.created_at, excluded.created_at), kind = coalesce(l.kind, excluded.kind),
      campaign = coalesce(l.campaign, excluded.campaign),
      payment_method = coalesce(l.payment_method, excluded.payment_method),
      answers = coalesce(l.answers, excluded.answers), contact_issues = excluded.contact_issues,
      quarantined = excluded.quarantined, utm_source = coalesce(l.utm_source, excluded.utm_source),
      utm_medium = coalesce(l.utm_medium, excluded.utm_medium),
      utm_campaign = coalesce(l.utm_campaign, excluded.utm_campaign),
      utm_content = coalesce(l.utm_content, excluded.utm_content),
      utm_term = coalesce(l.utm_term, excluded.utm_term), event_id = excluded.event_id,
      event_seq = excluded.event_seq, updated_at = clock_timestamp()
    where l.event_id is null
    returning l.xmax = 0 as is_new
  )
  select count(*) filter (where w.is_new) into created from written w;

  perform public.leadwire_refresh_leads(
    array(select distinct (r ->> 'leadId')::uuid from jsonb_array_elements(rows) as r)
  );
  return created;
end
$$;

select public.leadwire_service_only('{landing_leads, unified_lead_tracking}');

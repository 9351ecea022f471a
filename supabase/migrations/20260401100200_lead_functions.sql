-- What every function that stores rows begins with.

-- The clear error for a bad row: raises 22023 "row <index from 0>: <field>: <what is expected>" for the first one.
-- The message never holds a value: it may be logged.
create or replace function public.leadwire_check_rows(
  rows jsonb, required text[], uuids text[], times text[]
) returns void
language plpgsql immutable set search_path = '' as $$
declare
  bad record;
begin
  if jsonb_typeof(rows) is distinct from 'array' then
    raise exception 'rows: expected a JSON array' using errcode = '22023';
  end if;
  select t.n - 1 as index, p.problem into bad
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  cross join lateral (
    select 'expected an object' as problem where jsonb_typeof(t.r) <> 'object'
    union all
    select f || ': is missing' from unnest(required) as f where coalesce(t.r ->> f, '') = ''
    union all
    select f || ': expected a uuid' from unnest(uuids) as f
    where t.r ->> f !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
    union all
    select f || ': expected a time such as 2026-01-05T10:00:00.000Z' from unnest(times) as f
    where t.r ->> f !~ '^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$'
  ) as p
  order by t.n
  limit 1;
  if found then
    raise exception 'row %: %', bad.index, bad.problem using errcode = '22023';
  end if;
end
$$;

-- Every writer of leads and deliveries holds this lock until it commits. A lead and its outcomes come through
-- different consumers: without it, two transactions at one moment would each miss what the other has not committed
-- and the lead would keep a stale status. It also rules out deadlocks between batches.
create or replace function public.leadwire_lock() returns void
language sql set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended('leadwire.store', 0));
$$;

-- Leads: one row per lead, and the one view of them that dashboards read.

-- Derives the status columns of these leads from scheduled_notifications, then their rows in unified_lead_tracking.
-- A lead has one transactional delivery per channel; should there be more, the first one speaks for the channel.
create or replace function public.leadwire_refresh_leads(ids uuid[]) returns void
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
create or replace function public.leadwire_store_leads(rows jsonb) returns integer
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

-- Deliveries: one row per (lead, channel, template), the links inside the messages, and the clicks on them. Facts come
-- repeated, late and in any order; what is stored is the same whatever the order, because each column is a minimum, a
-- maximum, or the word of the event that ranks highest.

-- How much an outcome says about whether the message went out; null for an outcome that is not one.
-- A click is weak evidence (anyone may open a link), so a failure that the sender saw outranks it. A delivery, a
-- bounce or an opening is the provider's word that it went out, whatever our request saw.
create or replace function public.leadwire_outcome_rank(outcome text) returns smallint
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
create or replace function public.leadwire_outcome_status(outcome text) returns text
language sql immutable set search_path = '' as $$
  select case
    when outcome = 'planned' then 'pending'
    when outcome in ('unknown', 'skipped', 'failed') then outcome
    else 'sent'
  end;
$$;

-- The rank of a row that is older than ranks.
create or replace function public.leadwire_status_rank(status text) returns smallint
language sql immutable set search_path = '' as $$
  select case status when 'sent' then 4 when 'failed' then 3 when 'skipped' then 3 when 'unknown' then 1 else 0
  end::smallint;
$$;

-- Links of the messages and clicks on them. A click event counts once, however often it comes.
create or replace function public.leadwire_store_links(rows jsonb) returns void
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
create or replace function public.leadwire_make_room(rows jsonb) returns void
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
create or replace function public.leadwire_store_outcomes(rows jsonb) returns integer
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

-- Outside systems: the OAuth tokens for them, and the log of calls to them.

-- Stores OAuth tokens; a pair that is older than the stored one changes nothing.
-- rows: [{ service, accessToken, refreshToken, expiresAt, version }]; all are required.
create or replace function public.leadwire_store_tokens(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  stored integer;
begin
  perform public.leadwire_check_rows(
    rows, '{service,accessToken,refreshToken,expiresAt,version}', '{}', '{expiresAt}'
  );
  insert into public.integration_tokens as t (service, access_token, refresh_token, expires_at, version)
  select distinct on (r.service) r.service, r."accessToken", r."refreshToken", r."expiresAt", r.version
  from jsonb_to_recordset(rows) as r(
    service text, "accessToken" text, "refreshToken" text, "expiresAt" timestamptz, version bigint
  )
  order by r.service, r.version desc
  on conflict (service) do update
  set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
    expires_at = excluded.expires_at, version = excluded.version, updated_at = clock_timestamp()
  where t.version < excluded.version;
  get diagnostics stored = row_count;
  return stored;
end
$$;

-- Writes the log of calls to outside systems; answers how many lines are new.
-- rows: [{ eventId, service, action, status, error, durationMs, leadId, deliveryId, at, details }]
-- eventId, service, action, status and at are required. A line that comes again is not written again.
create or replace function public.leadwire_store_integration_logs(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  created integer;
begin
  perform public.leadwire_check_rows(rows, '{eventId,service,action,status,at}', '{leadId,deliveryId}', '{at}');
  insert into public.integration_logs (
    event_id, service, action, status, error, duration_ms, lead_id, delivery_id, details, created_at
  )
  select r."eventId", r.service, r.action, r.status, r.error, round(r."durationMs")::integer, r."leadId",
    r."deliveryId", coalesce(nullif(r.details, 'null'), '{}'), r.at
  from jsonb_to_recordset(rows) as r(
    "eventId" text, service text, action text, status text, error text, "durationMs" numeric,
    "leadId" uuid, "deliveryId" uuid, details jsonb, at timestamptz
  )
  order by r."eventId"
  on conflict (event_id) do nothing;
  get diagnostics created = row_count;
  return created;
end
$$;

-- Deals: what stands in the CRM for a lead or a student, shown in landing_leads. Facts come repeated, late and in any
-- order: each group of columns is the word of the latest event about it (time, then event id).

-- Shows the deals of these leads in landing_leads and in unified_lead_tracking.
create or replace function public.leadwire_refresh_crm(ids uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.landing_leads l
  set amocrm_synced = d.synced_at is not null, amocrm_synced_at = d.synced_at, amocrm_deal_id = d.deal_id,
    amocrm_contact_id = d.contact_id, amocrm_stage_id = d.stage_id, amocrm_stage = d.stage,
    amocrm_deleted_at = d.deleted_at, amocrm_error = d.error, updated_at = clock_timestamp()
  from public.crm_deals d
  where d.id = any (ids) and l.id = d.id
    and (l.amocrm_synced, l.amocrm_synced_at, l.amocrm_deal_id, l.amocrm_contact_id, l.amocrm_stage_id,
      l.amocrm_stage, l.amocrm_deleted_at, l.amocrm_error)
    is distinct from (d.synced_at is not null, d.synced_at, d.deal_id, d.contact_id, d.stage_id, d.stage,
      d.deleted_at, d.error);

  perform public.leadwire_refresh_leads(array(select l.id from public.landing_leads l where l.id = any (ids)));
end
$$;

-- A lead whose deal is known before its row: the row begins with what is known.
create or replace function public.leadwire_show_deal() returns trigger
language plpgsql set search_path = '' as $$
declare
  d public.crm_deals;
begin
  select * into d from public.crm_deals c where c.id = new.id;
  if found then
    new.amocrm_synced := d.synced_at is not null;
    new.amocrm_synced_at := d.synced_at;
    new.amocrm_deal_id := d.deal_id;
    new.amocrm_contact_id := d.contact_id;
    new.amocrm_stage_id := d.stage_id;
    new.amocrm_stage := d.stage;
    new.amocrm_deleted_at := d.deleted_at;
    new.amocrm_error := d.error;
  end if;
  return new;
end
$$;

create or replace trigger leadwire_show_deal before insert on public.landing_leads
  for each row execute function public.leadwire_show_deal();

-- Stores what became of deals; answers how many leads the batch was about.
-- rows: [{ leadId, studentId, outcome, at, eventId, dealId, contactId, stageId, stage, reason, error }]
-- outcome: synced | failed | moved | deleted. leadId, outcome, at and eventId are required.
create or replace function public.leadwire_store_crm(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
  bad_index bigint;
begin
  perform public.leadwire_check_rows(rows, '{leadId,outcome,at,eventId}', '{leadId}', '{at}');
  select min(t.n) - 1 into bad_index
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  where t.r ->> 'outcome' not in ('synced', 'failed', 'moved', 'deleted');
  if bad_index is not null then
    raise exception 'row %: outcome: expected synced, failed, moved or deleted', bad_index using errcode = '22023';
  end if;
  perform public.leadwire_lock();

  -- The CRM counts its contacts upwards: should a lead have had two, the newer one is its contact.
  insert into public.crm_deals (id, student_id, contact_id, synced_at, moved_at)
  select r."leadId", min(r."studentId"), max(r."contactId"), min(r.at) filter (where r.outcome = 'synced'),
    max(r.at) filter (where r.outcome = 'moved')
  from jsonb_to_recordset(rows) as r(
    "leadId" uuid, "studentId" text, "contactId" bigint, outcome text, at timestamptz
  )
  group by 1
  on conflict (id) do update
  set student_id = coalesce(public.crm_deals.student_id, excluded.student_id),
    contact_id = greatest(public.crm_deals.contact_id, excluded.contact_id),
    synced_at = least(public.crm_deals.synced_at, excluded.synced_at),
    moved_at = greatest(public.crm_deals.moved_at, excluded.moved_at),
    updated_at = clock_timestamp();
  get diagnostics touched = row_count;

  -- Where the deal is: the latest of what was seen of it. One that is deleted is on no stage.
  update public.crm_deals d
  set deal_id = f.deal_id, stage_id = f.stage_id, stage = f.stage,
    deleted_at = case when f.outcome = 'deleted' then f.at end, deal_at = f.at, deal_event_id = f.event_id
  from (
    select distinct on (r."leadId") r."leadId" as id, r.outcome, r.at, r."eventId" as event_id,
      r."dealId" as deal_id, r."stageId" as stage_id, r.stage
    from jsonb_to_recordset(rows) as r(
      "leadId" uuid, outcome text, at timestamptz, "eventId" text, "dealId" bigint, "stageId" bigint, stage text
    )
    where r.outcome <> 'failed'
    order by r."leadId", r.at desc, r."eventId" desc
  ) f
  where d.id = f.id and (d.deal_at is null or (f.at, f.event_id) > (d.deal_at, d.deal_event_id));

  -- What went wrong: the latest try decides, and one that went well says that nothing did.
  update public.crm_deals d
  set error = f.error, reason = f.reason, error_at = f.at, error_event_id = f.event_id
  from (
    select distinct on (r."leadId") r."leadId" as id, r.at, r."eventId" as event_id,
      coalesce(r.error, r.reason) as error, r.reason
    from jsonb_to_recordset(rows) as r(
      "leadId" uuid, outcome text, at timestamptz, "eventId" text, error text, reason text
    )
    where r.outcome in ('synced', 'failed')
    order by r."leadId", r.at desc, r."eventId" desc
  ) f
  where d.id = f.id and (d.error_at is null or (f.at, f.event_id) > (d.error_at, d.error_event_id));

  perform public.leadwire_refresh_crm(
    array(select distinct (r ->> 'leadId')::uuid from jsonb_array_elements(rows) as r)
  );
  return touched;
end
$$;

-- The Telegram groups that get notices, as telegram-relay mirrors them here; it keeps them in the broker.

-- Stores groups; answers how many rows changed. An older state never replaces a newer one.
-- rows: [{ id, bot, chatId, formerChatIds, title, leadKinds, state, stateReason, threadId, activatedAt,
--   deactivatedAt, createdAt, changedAt }]
create or replace function public.leadwire_store_telegram_groups(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{id,bot,chatId,state,changedAt}', '{id}',
    '{activatedAt,deactivatedAt,createdAt,changedAt}');

  insert into public.telegram_groups as g (
    id, bot, chat_id, former_chat_ids, title, lead_kinds, state, state_reason, thread_id, activated_at,
    deactivated_at, created_at, updated_at
  )
  select distinct on (r.id) r.id, r.bot, r."chatId", coalesce(r."formerChatIds", '[]'), r.title,
    coalesce(r."leadKinds", '[]'), r.state, r."stateReason", r."threadId", r."activatedAt",
    r."deactivatedAt", r."createdAt", r."changedAt"
  from jsonb_to_recordset(rows) as r(
    id uuid, bot text, "chatId" bigint, "formerChatIds" jsonb, title text, "leadKinds" jsonb, state text,
    "stateReason" text, "threadId" bigint, "activatedAt" timestamptz, "deactivatedAt" timestamptz,
    "createdAt" timestamptz, "changedAt" timestamptz
  )
  order by r.id, r."changedAt" desc
  on conflict (id) do update
  set bot = excluded.bot, chat_id = excluded.chat_id, former_chat_ids = excluded.former_chat_ids,
    title = excluded.title, lead_kinds = excluded.lead_kinds, state = excluded.state,
    state_reason = excluded.state_reason, thread_id = excluded.thread_id,
    activated_at = excluded.activated_at, deactivated_at = excluded.deactivated_at,
    created_at = least(g.created_at, excluded.created_at), updated_at = excluded.updated_at
  where g.updated_at is null or g.updated_at < excluded.updated_at;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select public.leadwire_service_only('{}');

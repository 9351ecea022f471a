-- Clicks of scanners and previews, counted apart from those of people.

alter table public.scheduled_notifications add column if not exists program_clicked_at timestamptz;
alter table public.short_links add column if not exists program_clicks integer not null default 0;
alter table public.short_link_clicks add column if not exists by_program boolean not null default false;
alter table public.campaign_recipients
  add column if not exists first_click_at timestamptz,
  add column if not exists last_click_at timestamptz,
  add column if not exists program_clicked_at timestamptz;
comment on table public.short_link_clicks is
  'One row per click event, so that a repeated event counts once. Written by lead-store '
  '(leadwire_store_links, leadwire_store_program_clicks).';

-- Clicks of scanners and previews: [{ deliveryId, leadId, eventId, at, shortLink }]. They are counted beside those of
-- people, each event once, and say nothing of a person.
create or replace function public.leadwire_store_program_clicks(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{deliveryId,at,eventId}', '{deliveryId,leadId}', '{at}');
  perform public.leadwire_lock();
  insert into public.short_links as s (code, lead_id, delivery_id, url, created_at)
  select r."shortLink" ->> 'code', min(r."leadId"::text)::uuid, min(r."deliveryId"::text)::uuid,
    min(r."shortLink" ->> 'url'), min(r.at)
  from jsonb_to_recordset(rows) as r("deliveryId" uuid, "leadId" uuid, at timestamptz, "shortLink" jsonb)
  where r."shortLink" ->> 'code' <> ''
  group by 1
  on conflict (code) do nothing;

  with fresh as (
    insert into public.short_link_clicks (event_id, code, clicked_at, by_program)
    select r."eventId", r."shortLink" ->> 'code', r.at, true
    from jsonb_to_recordset(rows) as r("eventId" text, at timestamptz, "shortLink" jsonb)
    where r."shortLink" ->> 'code' <> ''
    on conflict (event_id) do nothing
    returning code
  )
  update public.short_links s set program_clicks = s.program_clicks + c.clicks
  from (select f.code, count(*) as clicks from fresh f group by f.code) as c
  where s.code = c.code;

  update public.scheduled_notifications n
  set program_clicked_at = least(n.program_clicked_at, r.at), updated_at = now()
  from (
    select x."deliveryId" as id, min(x.at) as at
    from jsonb_to_recordset(rows) as x("deliveryId" uuid, at timestamptz) group by 1
  ) as r
  where n.id = r.id;
  get diagnostics touched = row_count;
  return touched;
end
$$;

-- [{ id, row, contact, name, variables, batch, status, … }] after a row, in the order of the list.
create or replace function public.leadwire_campaign_recipients_page(p_id uuid, p_after integer, p_limit integer)
returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'row', r.line, 'contact', r.contact, 'name', r.name, 'variables', r.variables, 'batch', r.batch,
    'status', r.status, 'reason', r.reason, 'error', r.error, 'providerId', r.provider_id, 'attempts', r.attempts,
    'sentAt', r.sent_at, 'deliveredAt', r.delivered_at, 'bouncedAt', r.bounced_at,
    'complainedAt', r.complained_at, 'openedAt', r.opened_at, 'clickedAt', r.clicked_at,
    'programClickedAt', r.program_clicked_at
  ) order by r.line), '[]')
  from (
    select k.* from public.campaign_recipients k
    where k.campaign_id = p_id and k.line > p_after order by k.line limit p_limit
  ) as r;
$$;

-- rows: [{ recipientId, outcome, at, reason }], outcome one of delivered, bounced, complained, opened, clicked. Each
-- column keeps the earliest time. byProgram: a click of a scanner that says so, which is kept apart. What a provider saw is proof that a copy went out, so an unknown one is sent, also
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
      min(x.at) filter (where x.outcome = 'clicked' and x."byProgram" is not true) as first_click_at,
      max(x.at) filter (where x.outcome = 'clicked' and x."byProgram" is not true) as last_click_at,
      min(x.at) filter (where x.outcome = 'clicked' and x."byProgram") as program_clicked_at,
      min(x.reason) filter (where x.outcome = 'bounced') as bounce_reason,
      min(x.at) as first_at
    from jsonb_to_recordset(rows) as x("recipientId" uuid, outcome text, at timestamptz, reason text,
      "byProgram" boolean)
    group by 1
  ), locked as (
    -- In one order everywhere, so that two calls about the same people wait instead of blocking each other.
    select r.id, r.status = 'unknown' or (r.status = 'pending' and r.attempts > 0) as is_open, r.delivered_at,
      coalesce(r.first_click_at, r.clicked_at) as first_click_at, coalesce(r.last_click_at, r.clicked_at) as last_click_at
    from public.campaign_recipients r where r.id in (select f.id from fact f) order by r.id for update
  ), click as (
    -- A person's is later than the delivery by more than 2 s; of those only the first and the last click are known.
    select k.id, least(k.first_click_at, f.first_click_at) as first_at, greatest(k.last_click_at, f.last_click_at) as last_at,
      coalesce(least(k.delivered_at, f.delivered_at) + interval '2 seconds', '-infinity') as not_before
    from locked k join fact f on f.id = k.id
  )
  update public.campaign_recipients r
  set delivered_at = least(r.delivered_at, f.delivered_at), bounced_at = least(r.bounced_at, f.bounced_at),
    complained_at = least(r.complained_at, f.complained_at), opened_at = least(r.opened_at, f.opened_at),
    first_click_at = c.first_at, last_click_at = c.last_at,
    clicked_at = case when c.first_at > c.not_before then c.first_at when c.last_at > c.not_before then c.last_at end,
    program_clicked_at = least(r.program_clicked_at, f.program_clicked_at,
      case when c.first_at <= c.not_before then c.first_at end),
    bounce_reason = least(r.bounce_reason, f.bounce_reason),
    sent_at = case when k.is_open then f.first_at else r.sent_at end,
    settled_at = case when k.is_open then coalesce(r.settled_at, clock_timestamp()) else r.settled_at end,
    reason = case when k.is_open then null else r.reason end,
    error = case when k.is_open then null else r.error end,
    status = case when k.is_open then 'sent' else r.status end,
    ask_at = case when f.delivered_at is null and f.bounced_at is null then r.ask_at end,
    updated_at = clock_timestamp()
  from fact f join locked k on k.id = f.id join click c on c.id = f.id
  where r.id = f.id;
  get diagnostics v_touched = row_count;
  return v_touched;
end
$$;

select public.leadwire_service_only('{}');

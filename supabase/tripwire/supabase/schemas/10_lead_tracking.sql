-- The second project's own view of leads, filled from the lead record of the landing project.
-- leadwire_check_rows and leadwire_status_rank are those of the landing project.

-- Not unique by lead: the table may be older than Leadwire and hold a lead twice. The function writes one row per lead.
create table public.lead_tracking (
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
  email_status text,
  email_sent boolean not null default false,
  email_sent_at timestamptz,
  email_error text,
  sms_status text,
  sms_sent boolean not null default false,
  sms_sent_at timestamptz,
  sms_error text,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create index lead_tracking_lead_id_idx on public.lead_tracking (lead_id);
create index lead_tracking_email_idx on public.lead_tracking (email);
create index lead_tracking_phone_idx on public.lead_tracking (phone);
create index lead_tracking_created_at_idx on public.lead_tracking (created_at);
comment on table public.lead_tracking is
  'One row per lead. Written by lead-store (leadwire_store_lead_tracking).';

-- The clear error for a bad row: raises 22023 "row <index from 0>: <field>: <what is expected>" for the first one.
-- The message never holds a value: it may be logged.
create function public.leadwire_check_rows(
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

-- The rank of a row that is older than ranks.
create function public.leadwire_status_rank(status text) returns smallint
language sql immutable set search_path = '' as $$
  select case status when 'sent' then 4 when 'failed' then 3 when 'skipped' then 3 when 'unknown' then 1 else 0
  end::smallint;
$$;

-- Stores leads and how their deliveries stand; answers how many leads the batch was about.
-- rows: [{ leadId, kind, campaign, name, email, phone, source, paymentMethod,
--   utm: { source, medium, campaign, content, term }, receivedAt,
--   emailStatus, emailSentAt, emailError, smsStatus, smsSentAt, smsError }]
-- Only leadId is required: a row may bring the lead, its statuses or both, in any order and any number of times.
-- What the lead said is kept from the first row that has it. A status only moves forward, its time and error with it.
create function public.leadwire_store_lead_tracking(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{leadId}', '{leadId}', '{receivedAt,emailSentAt,smsSentAt}');
  -- One writer at a time: lead_id is not unique in an older table, so nothing else keeps a lead from a second row.
  perform pg_advisory_xact_lock(hashtextextended('leadwire.store', 0));

  insert into public.lead_tracking (lead_id, created_at)
  select r."leadId", coalesce(min(r."receivedAt"), now())
  from jsonb_to_recordset(rows) as r("leadId" uuid, "receivedAt" timestamptz)
  where not exists (select from public.lead_tracking t where t.lead_id = r."leadId")
  group by r."leadId";

  with fact as (
    select r.*
    from jsonb_to_recordset(rows) as r(
      "leadId" uuid, kind text, campaign text, name text, email text, phone text, source text,
      "paymentMethod" text, utm jsonb, "receivedAt" timestamptz, "emailStatus" text,
      "emailSentAt" timestamptz, "emailError" text, "smsStatus" text, "smsSentAt" timestamptz, "smsError" text
    )
  ), said as (
    select distinct on (f."leadId") f.* from fact f
    order by f."leadId", (f.kind is null and f.name is null), f."receivedAt"
  ), email as (
    select distinct on (f."leadId") f.* from fact f where f."emailStatus" is not null
    order by f."leadId", public.leadwire_status_rank(f."emailStatus") desc, f."emailSentAt" desc nulls last
  ), sms as (
    select distinct on (f."leadId") f.* from fact f where f."smsStatus" is not null
    order by f."leadId", public.leadwire_status_rank(f."smsStatus") desc, f."smsSentAt" desc nulls last
  ), news as (
    select s.*, e."emailStatus" as email_status, e."emailSentAt" as email_sent_at, e."emailError" as email_error,
      m."smsStatus" as sms_status, m."smsSentAt" as sms_sent_at, m."smsError" as sms_error
    from said s
    left join email e on e."leadId" = s."leadId"
    left join sms m on m."leadId" = s."leadId"
  ), judged as (
    select n.*, t.ctid as row_at,
      n.email_status is not null and public.leadwire_status_rank(n.email_status)
        >= public.leadwire_status_rank(t.email_status) as email_moves,
      n.sms_status is not null and public.leadwire_status_rank(n.sms_status)
        >= public.leadwire_status_rank(t.sms_status) as sms_moves
    from news n
    join public.lead_tracking t on t.lead_id = n."leadId"
  )
  update public.lead_tracking t
  set kind = coalesce(t.kind, j.kind), campaign = coalesce(t.campaign, j.campaign),
    name = coalesce(t.name, j.name), email = coalesce(t.email, j.email), phone = coalesce(t.phone, j.phone),
    source = coalesce(t.source, j.source), payment_method = coalesce(t.payment_method, j."paymentMethod"),
    utm_source = coalesce(t.utm_source, j.utm ->> 'source'),
    utm_medium = coalesce(t.utm_medium, j.utm ->> 'medium'),
    utm_campaign = coalesce(t.utm_campaign, j.utm ->> 'campaign'),
    utm_content = coalesce(t.utm_content, j.utm ->> 'content'),
    utm_term = coalesce(t.utm_term, j.utm ->> 'term'),
    email_status = case when j.email_moves then j.email_status else t.email_status end,
    email_sent = case when j.email_moves then j.email_status = 'sent' else t.email_sent end,
    email_sent_at = case when j.email_moves then j.email_sent_at else t.email_sent_at end,
    email_error = case when j.email_moves then j.email_error else t.email_error end,
    sms_status = case when j.sms_moves then j.sms_status else t.sms_status end,
    sms_sent = case when j.sms_moves then j.sms_status = 'sent' else t.sms_sent end,
    sms_sent_at = case when j.sms_moves then j.sms_sent_at else t.sms_sent_at end,
    sms_error = case when j.sms_moves then j.sms_error else t.sms_error end,
    created_at = least(t.created_at, j."receivedAt"), updated_at = now()
  from judged j
  where t.ctid = j.row_at;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select public.leadwire_service_only('{lead_tracking}');

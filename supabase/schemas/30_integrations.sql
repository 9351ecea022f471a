-- Outside systems: the OAuth tokens for them, and the log of calls to them.

create table public.integration_tokens (
  service text primary key,
  access_token text,
  refresh_token text,
  expires_at timestamptz,
  -- Counts refreshes: a writer that holds an older pair must not overwrite a newer one.
  version bigint not null default 0,
  metadata jsonb not null default '{}'::jsonb,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
comment on table public.integration_tokens is
  'The OAuth pair of each outside system. Written by crm-sync and the CLI (leadwire_store_tokens).';

create table public.integration_logs (
  id uuid primary key default gen_random_uuid(),
  event_id text,
  service text,
  action text,
  status text,
  error text,
  duration_ms integer,
  lead_id uuid,
  delivery_id uuid,
  details jsonb not null default '{}'::jsonb,
  created_at timestamptz default now()
);
create unique index integration_logs_event_id_key on public.integration_logs (event_id);
create index integration_logs_lead_id_idx on public.integration_logs (lead_id);
create index integration_logs_service_created_at_idx on public.integration_logs (service, created_at);
create index integration_logs_status_created_at_idx on public.integration_logs (status, created_at);
comment on table public.integration_logs is
  'Calls to outside systems. Written by lead-store (leadwire_store_integration_logs).';

-- Stores OAuth tokens; a pair that is older than the stored one changes nothing.
-- rows: [{ service, accessToken, refreshToken, expiresAt, version }]; all are required.
create function public.leadwire_store_tokens(rows jsonb) returns integer
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
create function public.leadwire_store_integration_logs(rows jsonb) returns integer
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

select public.leadwire_service_only('{integration_tokens, integration_logs}');

-- Writing the log of calls to outside systems; answers how many lines are new.
-- rows: [{ eventId, service, action, status, error, durationMs, leadId, deliveryId, at, details }]
-- eventId, service, action, status and at are required. A line that is told again is not written again.
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

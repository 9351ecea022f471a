-- Rows of before Leadwire, tied to the lead that the landing project has of them; they stay as they are.

alter table public.lead_tracking add column if not exists landing_lead_id uuid;

-- Answers how many. rows: [{ sourceId, leadId, isTheLead }]: isTheLead unless it is a duplicate.
create or replace function public.leadwire_tie_lead_tracking(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{sourceId,leadId}', '{leadId}', '{}');
  update public.lead_tracking t
  set landing_lead_id = r."leadId", lead_id = case when r."isTheLead" then coalesce(t.lead_id, r."leadId") else t.lead_id end
  from jsonb_to_recordset(rows) as r("sourceId" text, "leadId" uuid, "isTheLead" boolean)
  where t.id::text = r."sourceId" and t.landing_lead_id is null;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select public.leadwire_service_only('{}');

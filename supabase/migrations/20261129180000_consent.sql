-- When the person of a lead agreed to the use of what they left, and to which words, as far as their form said so.

alter table public.landing_leads
  -- Null when no form said that they agreed.
  add column if not exists consent_at timestamptz,
  add column if not exists consent_text text;

-- Notes what was agreed to; a repeat changes nothing, and a lead without the person (erased, or too old) gets none.
-- rows: [{ leadId, consentAt, consentText }], after leadwire_store_leads has made the lead's row.
create or replace function public.leadwire_store_consent(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  changed integer;
begin
  perform public.leadwire_check_rows(rows, '{leadId,consentAt}', '{leadId}', '{consentAt}');
  perform public.leadwire_lock();

  update public.landing_leads l
  set consent_at = r.consent_at, consent_text = r.consent_text, updated_at = clock_timestamp()
  from (
    select distinct on (t."leadId") t."leadId" as id, t."consentAt" as consent_at, t."consentText" as consent_text
    from jsonb_to_recordset(rows) as t("leadId" uuid, "consentAt" timestamptz, "consentText" text)
    order by t."leadId", t."consentAt"
  ) r
  where l.id = r.id and l.consent_at is null and coalesce(l.name, l.email, l.phone) is not null;
  get diagnostics changed = row_count;

  perform public.leadwire_refresh_leads(
    array(select distinct (t ->> 'leadId')::uuid from jsonb_array_elements(rows) as t)
  );
  return changed;
end
$$;

select public.leadwire_service_only('{}');

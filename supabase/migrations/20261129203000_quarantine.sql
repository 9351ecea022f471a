-- Why leads are held, and when a person let them out.

alter table public.landing_leads
  -- flood, challenge or honeypot; null for a lead that never was held.
  add column if not exists quarantine text,
  add column if not exists quarantine_released_at timestamptz;
create index if not exists landing_leads_held_idx on public.landing_leads (created_at) where quarantined;

-- Says why leads are held, and from when on they are not; a repeat and a late fact change nothing.
-- rows: [{ leadId, quarantine, releasedAt }], after leadwire_store_leads has made the lead's row; releasedAt is null
-- while it is held.
create or replace function public.leadwire_store_quarantine(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  changed integer;
begin
  perform public.leadwire_check_rows(rows, '{leadId,quarantine}', '{leadId}', '{releasedAt}');
  perform public.leadwire_lock();

  update public.landing_leads l
  set quarantine = r.quarantine, quarantine_released_at = least(l.quarantine_released_at, r.released_at),
    quarantined = coalesce(l.quarantine_released_at, r.released_at) is null, updated_at = clock_timestamp()
  from (
    select t."leadId" as id, min(t.quarantine) as quarantine, min(t."releasedAt") as released_at
    from jsonb_to_recordset(rows) as t("leadId" uuid, quarantine text, "releasedAt" timestamptz)
    group by t."leadId"
  ) r
  where l.id = r.id
    and (l.quarantine, l.quarantine_released_at, l.quarantined) is distinct from
      (r.quarantine, least(l.quarantine_released_at, r.released_at),
        coalesce(l.quarantine_released_at, r.released_at) is null);
  get diagnostics changed = row_count;

  perform public.leadwire_refresh_leads(
    array(select distinct (t ->> 'leadId')::uuid from jsonb_array_elements(rows) as t)
  );
  return changed;
end
$$;

select public.leadwire_service_only('{}');

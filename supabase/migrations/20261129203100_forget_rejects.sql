-- How long posts that made no lead are kept is the caller's to say (services/lead-store/src/keep-rejects.ts).

-- Removes those that were received before; answers how many.
create or replace function public.leadwire_forget_rejects(before timestamptz) returns integer
language plpgsql set search_path = '' as $$
declare
  removed integer;
begin
  delete from public.intake_rejects r where r.received_at < before;
  get diagnostics removed = row_count;
  return removed;
end
$$;

select public.leadwire_service_only('{}');

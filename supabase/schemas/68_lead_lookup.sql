-- Who left these contacts before: for the notice that says "повторная", and for /find in the managers' groups.

-- The newest leads with this number or this address; either may be null.
create or replace function public.leadwire_leads_of(wanted_phone text, wanted_email text)
returns table (
  id uuid, name text, kind text, source text, created_at timestamptz, amocrm_stage text
)
language sql stable set search_path = '' as $$
  select l.id, l.name, l.kind, l.source, l.created_at, l.amocrm_stage
  from public.landing_leads as l
  where l.phone = wanted_phone or l.email = wanted_email
  order by l.created_at desc
  limit 100
$$;

select public.leadwire_service_only('{}');

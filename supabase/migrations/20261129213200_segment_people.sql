-- Who is one person is known since 20261129: segments follow them from one contact to another.

-- A query of the contacts of a channel that belong to people with one of the contacts (of either channel) in p_found, a
-- query itself: whoever bought by mail has bought, also for SMS. People are tied by their identities, and by their leads.
create or replace function public.leadwire_segment_kin(p_found text, p_own text) returns text
language sql immutable set search_path = '' as $$
  select format(
    'with s as materialized (select f.contact from (%1$s) as f(contact) where f.contact is not null)
     select s.contact from s union select %2$s from public.landing_leads l where %2$s is not null
     and (lower(l.email) in (select s.contact from s) or l.phone in (select s.contact from s))
     union select k.value from public.person_identities i
     join public.person_identities k on k.person_id = i.person_id and k.kind in (''email'', ''phone'')
     where i.kind in (''email'', ''phone'') and i.value in (select s.contact from s)', p_found, p_own);
$$;

select public.leadwire_service_only('{}');

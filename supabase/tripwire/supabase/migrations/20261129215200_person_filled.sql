-- Those of the tables that may hold anything: most are not looked through.
create or replace function public.leadwire_person_filled(in_tables text[]) returns text[]
language sql stable set search_path = '' as $$
  select coalesce(array_agg(t.name), '{}') from unnest(in_tables) as t(name)
  where pg_relation_size(format('public.%I', t.name)::regclass) > 0;
$$;

select public.leadwire_service_only('{}');

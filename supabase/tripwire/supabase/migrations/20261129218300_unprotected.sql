-- Whether the tables of this project are protected, for the checks of each week.

-- Names of the tables of the schema public without row level security: whoever has the publishable key may read them.
create or replace function public.leadwire_unprotected() returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(c.relname order by c.relname), '[]')
  from pg_catalog.pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity;
$$;

select public.leadwire_service_only('{}');

-- Who may do what: the service key everything, everybody else nothing. Row level security without a policy answers
-- visitors with no rows even where a grant was left behind.

-- Closes these tables of the schema public, and every function that begins with leadwire_, to everybody but the service
-- key. Each file that makes a table or a function ends with a call of it; repeating it changes nothing.
create function public.leadwire_service_only(tables text[]) returns void
language plpgsql set search_path = '' as $$
declare
  item record;
  outsider text;
begin
  for item in
    select 'table ' || t.name::regclass as object, 'all' as rights
    from (select format('public.%I', u.name) as name from unnest(tables) as u(name)) as t
    union all
    select 'function ' || p.oid::regprocedure, 'execute' from pg_catalog.pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'leadwire\_%'
  loop
    if item.rights = 'all' then
      execute format('alter %s enable row level security', item.object);
    end if;
    execute format('revoke all on %s from public', item.object);
    for outsider in
      select r.rolname from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated')
    loop
      execute format('revoke all on %s from %I', item.object, outsider);
    end loop;
    if exists (select from pg_catalog.pg_roles r where r.rolname = 'service_role') then
      execute format('grant %s on %s to service_role', item.rights, item.object);
    end if;
  end loop;
end
$$;

-- As for the other functions: the service key everything, everybody else nothing.
do $$
declare
  item record;
  outsider text;
begin
  for item in
    select p.oid::regprocedure as name from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'leadwire\_%'
  loop
    execute format('revoke all on function %s from public', item.name);
    for outsider in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on function %s from %I', item.name, outsider);
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', item.name);
    end if;
  end loop;
end
$$;

-- As for the other tables and functions: the service key everything, everybody else nothing.
do $$
declare
  item record;
  outsider text;
begin
  for item in
    select c.oid::regclass as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and c.relname in ('campaign_left_out', 'campaign_batches', 'campaign_topic_sends', 'exclusion_lists')
  loop
    execute format('alter table %s enable row level security', item.name);
    execute format('revoke all on table %s from public', item.name);
    for outsider in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on table %s from %I', item.name, outsider);
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant all on table %s to service_role', item.name);
    end if;
  end loop;

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

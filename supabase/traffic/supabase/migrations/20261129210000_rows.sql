-- Who may do what: the service key everything, everybody else nothing. Row level security without a policy answers
-- visitors with no rows even where a grant was left behind.

-- Closes these tables of the schema public, and every function that begins with leadwire_, to everybody but the service
-- key. Each file that makes a table or a function ends with a call of it; repeating it changes nothing.
create or replace function public.leadwire_service_only(tables text[]) returns void
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

-- What functions that take rows have in common.

-- The clear error for a bad row: raises 22023 "row <index from 0>: <field>: <what is expected>" for the first one.
-- The message never holds a value: it may be logged.
create or replace function public.leadwire_check_rows(
  rows jsonb, required text[], uuids text[], times text[]
) returns void
language plpgsql immutable set search_path = '' as $$
declare
  bad record;
begin
  if jsonb_typeof(rows) is distinct from 'array' then
    raise exception 'rows: expected a JSON array' using errcode = '22023';
  end if;
  select t.n - 1 as index, p.problem into bad
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  cross join lateral (
    select 'expected an object' as problem where jsonb_typeof(t.r) <> 'object'
    union all
    select f || ': is missing' from unnest(required) as f where coalesce(t.r ->> f, '') = ''
    union all
    select f || ': expected a uuid' from unnest(uuids) as f
    where t.r ->> f !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
    union all
    select f || ': expected a time such as 2026-01-05T10:00:00.000Z' from unnest(times) as f
    where t.r ->> f !~ '^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$'
  ) as p
  order by t.n
  limit 1;
  if found then
    raise exception 'row %: %', bad.index, bad.problem using errcode = '22023';
  end if;
end
$$;

select public.leadwire_service_only('{}');

-- What functions that take rows have in common.

-- The clear error for a bad row: raises 22023 "row <index from 0>: <field>: <what is expected>" for the first one.
-- The message never holds a value: it may be logged.
create function public.leadwire_check_rows(
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

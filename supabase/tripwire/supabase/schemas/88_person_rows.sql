-- Looking through whole tables for one person, and taking them out. What is looked for and what becomes of a row is
-- the caller's to say (packages/operations/src/person): contacts are compared as keyed hashes, whose key is not here.

-- The rows in `blocks` blocks of a table from one of them on: { rows: [{ at, mark, row }], next }; `next` is the block
-- to go on with, null at the end. `at` is the row's place, `mark` tells whether it has changed since.
create or replace function public.leadwire_person_rows(in_table text, from_block bigint, blocks integer) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  pages bigint := pg_relation_size(format('public.%I', in_table)::regclass) / current_setting('block_size')::bigint;
  found jsonb;
begin
  execute format(
    'select coalesce(jsonb_agg(jsonb_build_object(''at'', t.ctid::text, ''mark'', md5(to_jsonb(t)::text), '
    '''row'', to_jsonb(t))), ''[]'') from public.%I t where t.ctid >= %L::tid and t.ctid < %L::tid',
    in_table, format('(%s,0)', from_block), format('(%s,0)', from_block + blocks)
  ) into found;
  return jsonb_build_object('rows', found, 'next', case when from_block + blocks < pages then from_block + blocks end);
end
$$;

-- Removes the row at a place, or writes the values of `patch` into its columns; a row that has changed since is left.
-- Answers how many rows were changed: 1 or 0.
create or replace function public.leadwire_person_change(in_table text, row_at text, mark text, patch jsonb)
returns integer
language plpgsql set search_path = '' as $$
declare
  columns text;
  changed integer;
begin
  -- Writers of leads and deliveries hold it as well.
  perform pg_advisory_xact_lock(hashtextextended('leadwire.store', 0));
  if patch is null then
    execute format('delete from public.%I t where t.ctid = $1::tid and md5(to_jsonb(t)::text) = $2', in_table)
    using row_at, mark;
  else
    select string_agg(format('%I = p.%I', k, k), ', ') into columns from jsonb_object_keys(patch) as k;
    execute format(
      'update public.%I t set %s from jsonb_populate_record(null::public.%I, $3) as p '
      'where t.ctid = $1::tid and md5(to_jsonb(t)::text) = $2', in_table, columns, in_table
    ) using row_at, mark, patch;
  end if;
  get diagnostics changed = row_count;
  return changed;
end
$$;

-- Those of the tables that may hold anything: most are not looked through.
create or replace function public.leadwire_person_filled(in_tables text[]) returns text[]
language sql stable set search_path = '' as $$
  select coalesce(array_agg(t.name), '{}') from unnest(in_tables) as t(name)
  where pg_relation_size(format('public.%I', t.name)::regclass) > 0;
$$;

select public.leadwire_service_only('{}');

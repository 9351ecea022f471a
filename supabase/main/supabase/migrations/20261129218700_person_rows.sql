-- Looking through a whole table for one person, whose account here is then ended by whoever runs the platform. Contacts
-- are compared as keyed hashes, whose key is not here (packages/operations/src/person).

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

select public.leadwire_service_only('{}');

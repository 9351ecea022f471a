-- Tables that were here before may be stricter than today's rows: a lead may come without an email, a delivery has
-- states that an older list of them lacks. This widens what they accept; nothing they hold or allowed is lost.

do $$
declare
  item record;
begin
  -- Columns that must be filled and have no default, outside the primary key: today's writer may not know them.
  for item in
    select c.oid::regclass as table_name, a.attname as column_name
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace
      and c.relname in ('landing_leads', 'scheduled_notifications', 'unified_lead_tracking',
        'integration_logs', 'short_links')
      and a.attnum > 0 and not a.attisdropped
      and a.attnotnull and not a.atthasdef and a.attidentity = ''
      and not exists (
        select from pg_index i
        where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey::smallint[])
      )
  loop
    execute format('alter table %s alter column %I drop not null', item.table_name, item.column_name);
  end loop;

  -- A list of allowed states that lacks some of ours: its own condition, or ours.
  for item in
    select conrelid::regclass as table_name, conname, pg_get_expr(conbin, conrelid) as condition
    from pg_constraint
    where contype = 'c'
      and conrelid = 'public.scheduled_notifications'::regclass
      and conkey = array[(
        select attnum from pg_attribute where attrelid = conrelid and attname = 'status'
      )]
      and pg_get_expr(conbin, conrelid) not like '%unknown%'
  loop
    execute format(
      'alter table %s drop constraint %I, add constraint %I check ((%s) or status in (%L, %L, %L, %L, %L))',
      item.table_name, item.conname, item.conname, item.condition,
      'pending', 'sent', 'failed', 'skipped', 'unknown'
    );
  end loop;

  -- Rows are found by their key, and made without naming one in the tables that only mirror leads.
  for item in
    select c.oid::regclass as table_name, c.relname, a.attname, a.attnum, a.atttypid
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace
      and (c.relname, a.attname) in (('landing_leads', 'id'), ('scheduled_notifications', 'id'),
        ('unified_lead_tracking', 'id'), ('integration_logs', 'id'), ('short_links', 'code'))
  loop
    if item.atttypid = 'uuid'::regtype then
      execute format('alter table %s alter column %I set default gen_random_uuid()', item.table_name,
        item.attname);
    end if;
    if not exists (
      select from pg_index i
      where i.indrelid = item.table_name and i.indisunique and i.indpred is null
        and i.indnkeyatts = 1 and i.indkey[0] = item.attnum
    ) then
      execute format('create unique index %I on %s (%I)', item.relname || '_' || item.attname || '_key',
        item.table_name, item.attname);
    end if;
  end loop;
end
$$;

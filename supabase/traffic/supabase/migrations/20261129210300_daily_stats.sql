-- What each targetologist spent on a day and what came of it. Older than Leadwire: the dashboard writes spend; leads,
-- sales and revenue are counted from the events and may be counted again. Targetologists see their own, an owner all.

create table if not exists public.traffic_daily_stats (
  id uuid primary key default gen_random_uuid()
);
alter table public.traffic_daily_stats
  add column if not exists day date,
  -- Whose day it is.
  add column if not exists staff_id uuid,
  add column if not exists utm_source text,
  -- Tenge, as the dashboard has it; nothing else writes it.
  add column if not exists spend_kzt numeric,
  add column if not exists leads integer not null default 0,
  add column if not exists sales integer not null default 0,
  -- Tenge, without what was paid back.
  add column if not exists revenue numeric not null default 0,
  add column if not exists updated_at timestamptz default now();
create index if not exists traffic_daily_stats_day_idx on public.traffic_daily_stats (day, utm_source);
create index if not exists traffic_daily_stats_staff_id_idx on public.traffic_daily_stats (staff_id, day);
comment on table public.traffic_daily_stats is
  'Days of targetologists. Spend is written by the dashboard or by hand.';

-- Columns that an older table insists on and today's writer may not know.
do $$
declare
  item record;
begin
  for item in
    select a.attname from pg_catalog.pg_attribute a
    where a.attrelid = 'public.traffic_daily_stats'::regclass and a.attnum > 0 and not a.attisdropped
      and a.attnotnull and not a.atthasdef and a.attidentity = ''
      and not exists (
        select from pg_catalog.pg_index i
        where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey::smallint[])
      )
  loop
    execute format('alter table public.traffic_daily_stats alter column %I drop not null', item.attname);
  end loop;
end
$$;

select public.leadwire_service_only('{traffic_daily_stats}');
grant select on public.traffic_daily_stats to authenticated;
drop policy if exists staff_read on public.traffic_daily_stats;
create policy staff_read on public.traffic_daily_stats for select to authenticated
  using (
    (select private.is_owner()) or staff_id = (select private.staff_id())
      or lower(utm_source) = any ((select private.own_utm_sources())::text[])
  );
-- By name: an older table may hold a password's hash.
grant select (id, staff_id, email, full_name, role, utm_source, is_active) on public.traffic_users to authenticated;
drop policy if exists staff_read on public.traffic_users;
create policy staff_read on public.traffic_users for select to authenticated
  using ((select private.is_owner()) or staff_id = (select private.staff_id()));

-- What each targetologist spent on a day and what came of it. Older than Leadwire: the dashboard writes spend; leads,
-- sales and revenue are counted from the events and may be counted again. Targetologists see their own, an owner all.

create table public.traffic_daily_stats (
  id uuid primary key default gen_random_uuid(),
  day date,
  -- Whose day it is.
  staff_id uuid,
  utm_source text,
  -- Tenge, as the dashboard has it; nothing else writes it.
  spend_kzt numeric,
  leads integer not null default 0,
  sales integer not null default 0,
  -- Tenge, without what was paid back.
  revenue numeric not null default 0,
  updated_at timestamptz default now()
);
create index traffic_daily_stats_day_idx on public.traffic_daily_stats (day, utm_source);
create index traffic_daily_stats_staff_id_idx on public.traffic_daily_stats (staff_id, day);
comment on table public.traffic_daily_stats is
  'Days of targetologists. Spend is written by the dashboard or by hand; leads, sales and revenue by identity-sync.';

select public.leadwire_service_only('{traffic_daily_stats}');
grant select on public.traffic_daily_stats to authenticated;
create policy staff_read on public.traffic_daily_stats for select to authenticated
  using (
    (select private.is_owner()) or staff_id = (select private.staff_id())
      or lower(utm_source) = any ((select private.own_utm_sources())::text[])
  );
-- By name: an older table may hold a password's hash.
grant select (id, staff_id, email, full_name, role, utm_source, is_active) on public.traffic_users to authenticated;
create policy staff_read on public.traffic_users for select to authenticated
  using ((select private.is_owner()) or staff_id = (select private.staff_id()));

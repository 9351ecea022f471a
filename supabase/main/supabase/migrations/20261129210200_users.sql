-- People of the platform. Older than Leadwire: the platform writes it. Leadwire adds where they came from, and who sees
-- whom: an owner everybody, a person themselves.

create table if not exists public.users (
  id uuid primary key default gen_random_uuid()
);
alter table public.users
  add column if not exists email text,
  add column if not exists phone text,
  add column if not exists full_name text,
  add column if not exists role text,
  -- The lead that they came with, the last one before they bought, and what it said.
  add column if not exists lead_id uuid,
  add column if not exists campaign text,
  add column if not exists utm_source text,
  add column if not exists utm_medium text,
  add column if not exists utm_campaign text,
  add column if not exists utm_content text,
  add column if not exists utm_term text,
  -- The first one.
  add column if not exists first_lead_id uuid,
  add column if not exists first_utm_source text,
  add column if not exists first_utm_medium text,
  add column if not exists first_utm_campaign text,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();
create index if not exists users_email_idx on public.users (lower(email));
create index if not exists users_phone_idx on public.users (phone);
create index if not exists users_created_at_idx on public.users (created_at);
create index if not exists users_lead_id_idx on public.users (lead_id);
comment on table public.users is 'People of the platform. Written by it; attribution by identity-sync.';

-- Columns that an older table insists on and today's writer may not know.
do $$
declare
  item record;
begin
  for item in
    select a.attname from pg_catalog.pg_attribute a
    where a.attrelid = 'public.users'::regclass and a.attnum > 0 and not a.attisdropped
      and a.attnotnull and not a.atthasdef and a.attidentity = ''
      and not exists (
        select from pg_catalog.pg_index i
        where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey::smallint[])
      )
  loop
    execute format('alter table public.users alter column %I drop not null', item.attname);
  end loop;
end
$$;

-- Whoever asks, somebody who works here or not.
create or replace function private.caller() returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return auth.uid();
end
$$;

alter table public.users enable row level security;
revoke all on public.users from public, anon;
grant all on public.users to service_role;

do $$
begin
  -- Nobody has written a policy for it yet: what a hosted project grants by itself goes.
  if not exists (select from pg_catalog.pg_policies where schemaname = 'public' and tablename = 'users') then
    revoke insert, update, delete, truncate, references, trigger on public.users from authenticated;
  end if;
end
$$;
revoke all on all functions in schema private from public, anon, authenticated;
grant execute on all functions in schema private to authenticated, service_role;

-- What an older table grants to people who are signed in stays: the platform has policies of its own for it.
grant select on public.users to authenticated;
drop policy if exists staff_read on public.users;
create policy staff_read on public.users for select to authenticated
  using ((select private.is_owner()));
drop policy if exists self_read on public.users;
create policy self_read on public.users for select to authenticated
  using (id::text = (select private.caller())::text);

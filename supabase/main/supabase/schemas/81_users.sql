-- People of the platform. Older than Leadwire: the platform writes it. Leadwire adds where they came from, and who sees
-- whom: an owner everybody, a person themselves.

create table public.users (
  id uuid primary key default gen_random_uuid(),
  email text,
  phone text,
  full_name text,
  role text,
  -- The lead that they came with, the last one before they bought, and what it said.
  lead_id uuid,
  campaign text,
  utm_source text,
  utm_medium text,
  utm_campaign text,
  utm_content text,
  utm_term text,
  -- The first one.
  first_lead_id uuid,
  first_utm_source text,
  first_utm_medium text,
  first_utm_campaign text,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create index users_email_idx on public.users (lower(email));
create index users_phone_idx on public.users (phone);
create index users_created_at_idx on public.users (created_at);
create index users_lead_id_idx on public.users (lead_id);
comment on table public.users is 'People of the platform. Written by it; attribution by identity-sync.';

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
create policy staff_read on public.users for select to authenticated
  using ((select private.is_owner()));
create policy self_read on public.users for select to authenticated
  using (id::text = (select private.caller())::text);

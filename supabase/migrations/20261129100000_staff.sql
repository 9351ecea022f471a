-- The people who work here, and what each of them may see. Login is Supabase Auth of this project; the role is looked
-- up in the table at each request, so a change holds at once, whatever a token says that was issued before it.

create table if not exists public.staff (
  -- The id of the Auth user, the same in every project. No foreign key: row and user are made one after the other.
  id uuid primary key
);

alter table public.staff
  -- In lower case.
  add column if not exists email text not null,
  add column if not exists name text not null default '',
  add column if not exists role text not null,
  -- A targetologist's own tags, in lower case.
  add column if not exists utm_sources text[] not null default '{}',
  add column if not exists active boolean not null default true,
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists updated_at timestamptz not null default now();

create unique index if not exists staff_email_key on public.staff (email);

do $$
begin
  if not exists (select from pg_catalog.pg_constraint where conname = 'staff_role_check') then
    alter table public.staff add constraint staff_role_check
      check (role in ('owner', 'sales', 'targetologist', 'viewer'));
  end if;
  if not exists (select from pg_catalog.pg_constraint where conname = 'staff_email_check') then
    alter table public.staff add constraint staff_email_check check (email = lower(email) and email like '%_@_%');
  end if;
end
$$;

create index if not exists landing_leads_utm_source_created_at_idx
  on public.landing_leads (lower(utm_source), created_at);

-- Functions that PostgREST offers to nobody, because it serves the schema public alone.
create schema if not exists private;
revoke all on schema private from public;

-- The role of whoever asks; null for a visitor, a stranger and somebody disabled. In a policy or a view write
-- (select private.staff_role()): once for the statement, not once for each row.
create or replace function private.staff_role() returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select s.role from public.staff s where s.id = auth.uid() and s.active);
end
$$;

-- Whoever asks, while they work here.
create or replace function private.staff_id() returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select s.id from public.staff s where s.id = auth.uid() and s.active);
end
$$;

-- Names, phones and addresses are for these two.
create or replace function private.sees_contacts() returns boolean
language sql stable security definer set search_path = '' as $$
  select coalesce(private.staff_role() in ('owner', 'sales'), false);
$$;

create or replace function private.is_owner() returns boolean
language sql stable security definer set search_path = '' as $$
  select coalesce(private.staff_role() = 'owner', false);
$$;

-- What a targetologist is kept to; null for everybody else who works here, who see every source.
create or replace function private.own_utm_sources() returns text[]
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select s.utm_sources from public.staff s where s.id = auth.uid() and s.active and s.role = 'targetologist'
  );
end
$$;

-- Words of a provider, without the address or the number that it may have repeated in them.
create or replace function private.without_contacts(words text) returns text
language sql immutable set search_path = '' as $$
  select regexp_replace(words, '[^\s<>"''(]+@[^\s<>"'')]+|\+?\d[\d\s()-]{5,}\d', '…', 'g');
$$;

-- Somebody always holds the keys: an installation without an owner could not be mended from the console.
create or replace function private.keep_an_owner() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Two owners who disable each other at one moment would both see the other one.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('leadwire.staff', 0));
  if old.role = 'owner' and old.active
    and (tg_op = 'DELETE' or new.role <> 'owner' or not new.active)
    and not exists (select from public.staff s where s.role = 'owner' and s.active and s.id <> old.id)
  then
    raise exception 'the last active owner stays' using errcode = '23514', constraint = 'staff_last_owner';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  new.updated_at := clock_timestamp();
  return new;
end
$$;
drop trigger if exists staff_keep_an_owner on public.staff;
create trigger staff_keep_an_owner before update or delete on public.staff
  for each row execute function private.keep_an_owner();

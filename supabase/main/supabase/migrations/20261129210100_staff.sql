-- The people who work here, as the landing project knows them, so that this project can decide by itself who may see
-- what. Login is this project's own Auth under the same id; the role is looked up in the table at each request.

create table if not exists public.staff (
  -- The id of the Auth user, the same in every project. No foreign key: row and user are made one after the other.
  id uuid primary key
);
alter table public.staff
  -- In lower case.
  add column if not exists email text not null,
  add column if not exists name text not null default '',
  add column if not exists role text not null,
  add column if not exists utm_sources text[] not null default '{}',
  add column if not exists active boolean not null default true,
  -- When the landing project said so: what was said later holds.
  add column if not exists changed_at timestamptz not null default now();
create index if not exists staff_email_idx on public.staff (email);
comment on table public.staff is 'Who works here, a copy. Written by identity-sync (leadwire_put_staff).';

-- Functions that PostgREST offers to nobody, because it serves the schema public alone.
create schema if not exists private;
revoke all on schema private from public;

-- The role of whoever asks; null for a visitor, a stranger and somebody disabled. In a policy write
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

create or replace function private.is_owner() returns boolean
language sql stable security definer set search_path = '' as $$
  select coalesce(private.staff_role() = 'owner', false);
$$;

-- What a targetologist is kept to; null for everybody else.
create or replace function private.own_utm_sources() returns text[]
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select s.utm_sources from public.staff s where s.id = auth.uid() and s.active and s.role = 'targetologist'
  );
end
$$;

-- Writes people as they are from `at` on; an older word about somebody changes nothing. One whose address somebody else
-- has here is left as they are. rows: [{ staffId, email, name, role, utmSources, active, at }]
-- Answers [{ staffId, problem }], one for each row; problem is null or address_taken.
create or replace function public.leadwire_put_staff(rows jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  person record;
  answers jsonb := '[]';
  problem text;
begin
  perform public.leadwire_check_rows(rows, '{staffId,email,role,at}', '{staffId}', '{at}');
  perform pg_advisory_xact_lock(hashtextextended('leadwire.staff', 0));
  for person in
    select * from jsonb_to_recordset(rows) as r(
      "staffId" uuid, email text, name text, role text, "utmSources" text[], active boolean, at timestamptz
    )
  loop
    problem := null;
    if exists (select from public.staff s where s.email = lower(person.email) and s.id <> person."staffId") then
      problem := 'address_taken';
    else
      insert into public.staff as s (id, email, name, role, utm_sources, active, changed_at)
      values (person."staffId", lower(person.email), coalesce(person.name, ''), person.role,
        coalesce(person."utmSources", '{}'), coalesce(person.active, true), person.at)
      on conflict (id) do update
      set email = excluded.email, name = excluded.name, role = excluded.role, utm_sources = excluded.utm_sources,
        active = excluded.active, changed_at = excluded.changed_at
      where s.changed_at <= excluded.changed_at;
    end if;
    answers := answers || jsonb_build_object('staffId', person."staffId", 'problem', problem);
  end loop;
  return answers;
end
$$;

select public.leadwire_service_only('{staff}');

revoke all on all functions in schema private from public, anon, authenticated;
grant usage on schema private to authenticated, service_role;
grant execute on all functions in schema private to authenticated, service_role;

-- Everybody themselves, an owner everybody.
grant select on public.staff to authenticated;
drop policy if exists staff_read on public.staff;
create policy staff_read on public.staff for select to authenticated
  using ((select private.is_owner()) or (id = (select private.staff_id())));

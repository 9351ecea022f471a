-- People of the traffic dashboard. Older than Leadwire: it may hold a password hash, a team and roles of its own, and its
-- key may be no uuid. Leadwire ties its people to these rows and fills what is empty; what stands there stays.

create table if not exists public.traffic_users (
  id uuid primary key default gen_random_uuid()
);
alter table public.traffic_users
  -- Whose row it is among the people who work here.
  add column if not exists staff_id uuid,
  add column if not exists email text,
  add column if not exists full_name text,
  -- In the dashboard's words: admin, manager, targetologist, viewer.
  add column if not exists role text,
  add column if not exists utm_source text,
  add column if not exists is_active boolean not null default true,
  -- What Leadwire last said of their role: `role` follows it while it is what Leadwire wrote.
  add column if not exists staff_role text,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();
create index if not exists traffic_users_staff_id_idx on public.traffic_users (staff_id);
create index if not exists traffic_users_email_idx on public.traffic_users (lower(email));
comment on table public.traffic_users is
  'People of the traffic dashboard. Written by it, and by identity-sync (leadwire_put_traffic_users).';

-- Columns that an older table insists on and today's writer does not know; a list of roles that lacks some of ours.
do $$
declare
  item record;
begin
  for item in
    select a.attname from pg_catalog.pg_attribute a
    where a.attrelid = 'public.traffic_users'::regclass and a.attnum > 0 and not a.attisdropped
      and a.attnotnull and not a.atthasdef and a.attidentity = ''
      and not exists (
        select from pg_catalog.pg_index i
        where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey::smallint[])
      )
  loop
    execute format('alter table public.traffic_users alter column %I drop not null', item.attname);
  end loop;
  for item in
    select conname, pg_catalog.pg_get_expr(conbin, conrelid) as condition from pg_catalog.pg_constraint
    where contype = 'c' and conrelid = 'public.traffic_users'::regclass
      and conkey = array[(
        select attnum from pg_catalog.pg_attribute where attrelid = conrelid and attname = 'role'
      )]
      and pg_catalog.pg_get_expr(conbin, conrelid) not like '%viewer%'
  loop
    execute format(
      'alter table public.traffic_users drop constraint %I, add constraint %I check ((%s) or role in (%L, %L, %L, %L))',
      item.conname, item.conname, item.condition, 'admin', 'manager', 'targetologist', 'viewer'
    );
  end loop;
end
$$;

-- A role in the words of the dashboard.
create or replace function private.traffic_role(role text) returns text
language sql immutable set search_path = '' as $$
  select case role when 'owner' then 'admin' when 'sales' then 'manager' else role end;
$$;

-- Ties people to their rows, or makes one. A row is somebody's by staff_id, by its key, or by its address if it is the
-- only one with it. Name, role and tag are filled where they are empty; whether somebody is active is what Leadwire says,
-- once the row is theirs. rows: as leadwire_put_staff takes them.
-- Answers [{ staffId, problem }]; problem is null or, with nothing changed, two_rows (of that address), row_taken (by
-- somebody else), other_address (under their key), disabled_there (before it was theirs).
create or replace function public.leadwire_put_traffic_users(rows jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  person record;
  known public.traffic_users;
  namesakes integer;
  answers jsonb := '[]';
  problem text;
  has_uuid boolean := (
    select a.atttypid = 'uuid'::regtype from pg_catalog.pg_attribute a
    where a.attrelid = 'public.traffic_users'::regclass and a.attname = 'id'
  );
begin
  perform public.leadwire_check_rows(rows, '{staffId,email,role,at}', '{staffId}', '{at}');
  perform pg_advisory_xact_lock(hashtextextended('leadwire.staff', 0));
  for person in
    select r."staffId" as staff_id, lower(r.email) as email, coalesce(r.name, '') as name, r.role,
      r."utmSources"[1] as tag, coalesce(r.active, true) as active
    from jsonb_to_recordset(rows) as r(
      "staffId" uuid, email text, name text, role text, "utmSources" text[], active boolean, at timestamptz
    )
  loop
    select count(*) into namesakes from public.traffic_users t
    where lower(t.email) = person.email and t.staff_id is null and t.id::text <> person.staff_id::text;
    select * into known from public.traffic_users t
    where t.staff_id = person.staff_id or t.id::text = person.staff_id::text
      or lower(t.email) = person.email and t.staff_id is null
    order by (t.staff_id = person.staff_id) desc nulls last, (t.id::text = person.staff_id::text) desc
    limit 1;
    problem := case
      when known.id is null or known.staff_id = person.staff_id then null
      when known.staff_id is not null then 'row_taken'
      when lower(known.email) <> person.email then 'other_address'
      when known.id::text = person.staff_id::text and namesakes > 0 or namesakes > 1 then 'two_rows'
      when person.active and not known.is_active then 'disabled_there'
    end;
    if problem is not null then
      null;
    elsif known.id is not null then
      update public.traffic_users t
      set staff_id = person.staff_id, email = coalesce(nullif(t.email, ''), person.email),
        full_name = coalesce(nullif(t.full_name, ''), nullif(person.name, '')),
        role = case when coalesce(t.role, '') = '' or t.role = private.traffic_role(t.staff_role)
          then private.traffic_role(person.role) else t.role end,
        utm_source = coalesce(nullif(t.utm_source, ''), person.tag), is_active = person.active,
        staff_role = person.role, updated_at = now()
      where t.id = known.id;
    elsif has_uuid then
      insert into public.traffic_users (id, staff_id, email, full_name, role, utm_source, is_active, staff_role)
      values (person.staff_id, person.staff_id, person.email, nullif(person.name, ''),
        private.traffic_role(person.role), person.tag, person.active, person.role);
    else
      insert into public.traffic_users (staff_id, email, full_name, role, utm_source, is_active, staff_role)
      values (person.staff_id, person.email, nullif(person.name, ''), private.traffic_role(person.role), person.tag,
        person.active, person.role);
    end if;
    answers := answers || jsonb_build_object('staffId', person.staff_id, 'problem', problem);
  end loop;
  return answers;
end
$$;

select public.leadwire_service_only('{traffic_users}');
revoke all on function private.traffic_role(text) from public, anon, authenticated;
grant execute on function private.traffic_role(text) to service_role;

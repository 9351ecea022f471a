-- Students of the tripwire course. Older than Leadwire: the platform writes it. Leadwire adds where they came from, and
-- who sees whom: a manager the students whom they let in (granted_by), an owner all, a student themselves.

create table if not exists public.tripwire_users (
  id uuid primary key default gen_random_uuid()
);
alter table public.tripwire_users
  -- The student's own login.
  add column if not exists user_id uuid,
  add column if not exists email text,
  add column if not exists phone text,
  add column if not exists full_name text,
  -- The manager who let them in: the id of a person who works here.
  add column if not exists granted_by uuid,
  add column if not exists manager_name text,
  -- Of an older platform, in plain text: emptied by `leadwire database forget-passwords`.
  add column if not exists generated_password text,
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
create index if not exists tripwire_users_granted_by_idx on public.tripwire_users (granted_by);
create index if not exists tripwire_users_user_id_idx on public.tripwire_users (user_id);
create index if not exists tripwire_users_email_idx on public.tripwire_users (lower(email));
create index if not exists tripwire_users_phone_idx on public.tripwire_users (phone);
create index if not exists tripwire_users_created_at_idx on public.tripwire_users (created_at);
create index if not exists tripwire_users_lead_id_idx on public.tripwire_users (lead_id);
comment on table public.tripwire_users is
  'Students of the tripwire course. Written by the platform; attribution by identity-sync; managers may change their own.';

-- Columns that an older table insists on and today's writer may not know.
do $$
declare
  item record;
begin
  for item in
    select a.attname from pg_catalog.pg_attribute a
    where a.attrelid = 'public.tripwire_users'::regclass and a.attnum > 0 and not a.attisdropped
      and a.attnotnull and not a.atthasdef and a.attidentity = ''
      and not exists (
        select from pg_catalog.pg_index i
        where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey::smallint[])
      )
  loop
    execute format('alter table public.tripwire_users alter column %I drop not null', item.attname);
  end loop;
end
$$;

-- Old rows may name managers who have no login here: not valid leaves them as they are, and is asked of new ones.
do $$
begin
  if to_regclass('auth.users') is not null
    and not exists (select from pg_catalog.pg_constraint where conname = 'tripwire_users_granted_by_fkey')
    and 'uuid'::regtype = (
      select a.atttypid from pg_catalog.pg_attribute a
      where a.attrelid = 'public.tripwire_users'::regclass and a.attname = 'granted_by'
    )
  then
    alter table public.tripwire_users add constraint tripwire_users_granted_by_fkey
      foreign key (granted_by) references auth.users (id) not valid;
  end if;
end
$$;

-- Whoever asks, somebody who works here or not.
create or replace function private.caller() returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return auth.uid();
end
$$;

-- Empties the generated passwords of students who can log in without them: who have a confirmed login with a password of
-- its own that nobody has banned. Only counts them unless `really`. Answers { emptied, kept: [{ id, why }] }; why is
-- no_login, not_confirmed, no_password or banned.
create or replace function public.leadwire_forget_generated_passwords(really boolean) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  judged jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object('id', j.id, 'why', j.why)), '[]') into judged
  from (
    select t.id::text as id, case
        when u.id is null then 'no_login'
        when u.email_confirmed_at is null and u.last_sign_in_at is null then 'not_confirmed'
        when coalesce(u.encrypted_password, '') = '' then 'no_password'
        when u.banned_until > now() then 'banned'
      end as why
    from public.tripwire_users t
    left join lateral (
      select * from auth.users a
      where a.deleted_at is null and (a.id::text = t.user_id::text or lower(a.email) = lower(t.email))
      order by (a.id::text = t.user_id::text) desc nulls last
      limit 1
    ) u on true
    where coalesce(t.generated_password, '') <> ''
    order by t.id
  ) j;
  if really then
    update public.tripwire_users t set generated_password = null
    where t.id::text in (select j ->> 'id' from jsonb_array_elements(judged) j where j ->> 'why' is null);
  end if;
  return jsonb_build_object(
    'emptied', (select count(*) from jsonb_array_elements(judged) j where j ->> 'why' is null),
    'kept', (select coalesce(jsonb_agg(j), '[]') from jsonb_array_elements(judged) j where j ->> 'why' is not null)
  );
end
$$;

select public.leadwire_service_only('{tripwire_users}');
revoke all on all functions in schema private from public, anon, authenticated;
grant execute on all functions in schema private to authenticated, service_role;

-- Without deleting. As text, because the columns of an older table may be.
grant select, insert, update on public.tripwire_users to authenticated;
drop policy if exists staff_read on public.tripwire_users;
create policy staff_read on public.tripwire_users for select to authenticated
  using (
    (select private.is_owner()) or (select private.staff_role()) = 'sales'
      and granted_by::text = (select private.staff_id())::text
  );
drop policy if exists staff_add on public.tripwire_users;
create policy staff_add on public.tripwire_users for insert to authenticated
  with check (
    (select private.is_owner()) or (select private.staff_role()) = 'sales'
      and granted_by::text = (select private.staff_id())::text
  );
drop policy if exists staff_change on public.tripwire_users;
create policy staff_change on public.tripwire_users for update to authenticated
  using (
    (select private.is_owner()) or (select private.staff_role()) = 'sales'
      and granted_by::text = (select private.staff_id())::text
  )
  with check (
    (select private.is_owner()) or (select private.staff_role()) = 'sales'
      and granted_by::text = (select private.staff_id())::text
  );
drop policy if exists student_read on public.tripwire_users;
create policy student_read on public.tripwire_users for select to authenticated
  using (user_id::text = (select private.caller())::text);

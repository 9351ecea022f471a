-- One person behind leads, students, sales and contacts of the CRM. A phone is a person; a mail address that was never
-- given together with a phone is one as well. One address beside several phones contradicts: nobody is merged, and
-- identity_conflicts asks a person.

create table if not exists public.people (
  -- A keyed hash of the phone or the address, so that the order in which facts come does not matter.
  id uuid primary key,
  -- When they were first heard of.
  since timestamptz not null
);
comment on table public.people is 'One row per person. Written by lead-store (leadwire_tie_people).';

create table if not exists public.person_identities (
  kind text not null check (kind in ('phone', 'email', 'student', 'amocrm_contact', 'auth_user')),
  -- A phone in E.164, an address in lower case, an id.
  value text not null,
  person_id uuid not null references public.people (id) on delete cascade,
  since timestamptz not null,
  primary key (kind, value, person_id)
);
create index if not exists person_identities_person_id_idx on public.person_identities (person_id);
comment on table public.person_identities is
  'What people are known by; landing_leads and sales name their person themselves. Written by lead-store.';

create table if not exists public.identity_conflicts (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  -- How many have the address; one more opens a decision again.
  people integer not null,
  -- same, different; null waits for a person.
  decision text check (decision in ('same', 'different')),
  decided_at timestamptz,
  noticed_at timestamptz not null default now()
);
create index if not exists identity_conflicts_open_idx on public.identity_conflicts (noticed_at) where decision is null;
comment on table public.identity_conflicts is
  'Mail addresses that several people have. Written by lead-store, decided in the console.';

alter table public.landing_leads add column if not exists person_id uuid;
create index if not exists landing_leads_person_id_idx on public.landing_leads (person_id, created_at);
alter table public.sales
  add column if not exists person_id uuid,
  -- The leads that led to it: of the same person, or else of the same address, up to a day after the sale.
  add column if not exists first_lead_id uuid,
  add column if not exists last_lead_id uuid;
create index if not exists sales_person_id_idx on public.sales (person_id);
create index if not exists sales_email_idx on public.sales (email);
create index if not exists sales_first_lead_id_idx on public.sales (first_lead_id);
create index if not exists sales_last_lead_id_idx on public.sales (last_lead_id);

-- Made once for this database: without it nobody finds out by trying numbers whose id one is.
create table if not exists private.person_key (
  id boolean primary key default true check (id),
  key text not null default (gen_random_uuid()::text || gen_random_uuid()::text)
);
insert into private.person_key default values on conflict do nothing;
revoke all on private.person_key from public, anon, authenticated;
grant select on private.person_key to service_role;

create or replace function public.leadwire_person_id(kind text, value text) returns uuid
language sql stable set search_path = '' as $$
  select encode(
    substring(sha256(convert_to(k.key || ':' || kind || ':' || value, 'UTF8')) from 1 for 16), 'hex'
  )::uuid
  from private.person_key k
$$;

-- Names the leads that led to the sales of these people and addresses.
create or replace function public.leadwire_attribute_sales(persons uuid[], mails text[]) returns void
language sql set search_path = '' as $$
  update public.sales s
  set first_lead_id = t.first_id, last_lead_id = t.last_id
  from (
    select x.id, coalesce(own.first_id, same_mail.first_id) as first_id,
      coalesce(own.last_id, same_mail.last_id) as last_id
    from public.sales x
    cross join lateral (
      select (array_agg(l.id order by l.created_at, l.id))[1] as first_id,
        (array_agg(l.id order by l.created_at desc, l.id desc))[1] as last_id
      from public.landing_leads l
      where l.person_id = x.person_id and not l.quarantined and l.created_at <= x.sold_at + interval '1 day'
    ) own
    cross join lateral (
      select (array_agg(l.id order by l.created_at, l.id))[1] as first_id,
        (array_agg(l.id order by l.created_at desc, l.id desc))[1] as last_id
      from public.person_identities i join public.landing_leads l on l.person_id = i.person_id
      where own.first_id is null and i.kind = 'email' and i.value = x.email and not l.quarantined
        and l.created_at <= x.sold_at + interval '1 day'
    ) same_mail
    where x.person_id = any (persons) or x.email = any (mails)
  ) t
  where s.id = t.id and (s.first_lead_id, s.last_lead_id) is distinct from (t.first_id, t.last_id);
$$;

-- Everything of one person becomes another one's.
create or replace function public.leadwire_merge_person(gone uuid, stays uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.landing_leads set person_id = stays where person_id = gone;
  update public.sales set person_id = stays where person_id = gone;
  insert into public.person_identities as i (kind, value, person_id, since)
  select g.kind, g.value, stays, g.since from public.person_identities g where g.person_id = gone
  on conflict (kind, value, person_id) do update set since = least(i.since, excluded.since);
  update public.people p set since = least(p.since, g.since) from public.people g where p.id = stays and g.id = gone;
  delete from public.people where id = gone;
end
$$;

-- Ties leads, students and sales to their people; answers how many rows. A repeat changes nothing.
-- rows: [{ leadId, studentId, saleId, phone, email, at }], of the ids those that there are. `phone` is in E.164, `email`
-- an address in lower case. A lead without both keeps its person: its contact of the CRM is tied once more.
create or replace function public.leadwire_tie_people(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  mails text[] := array(
    select distinct r ->> 'email' from jsonb_array_elements(rows) as r where r ->> 'email' <> '' order by 1
  );
  phones text[] := array(
    select distinct r ->> 'phone' from jsonb_array_elements(rows) as r where r ->> 'phone' <> '' order by 1
  );
  leads uuid[];
  bought uuid[];
  known record;
begin
  perform public.leadwire_check_rows(rows, '{at}', '{leadId,saleId}', '{at}');
  perform public.leadwire_lock();
  leads := array(select distinct (r ->> 'leadId')::uuid from jsonb_array_elements(rows) as r where r ? 'leadId');
  bought := array(select distinct (r ->> 'saleId')::uuid from jsonb_array_elements(rows) as r where r ? 'saleId');

  -- Whoever is new: by a phone, or by an address alone.
  with given as (
    select r.kind, r.value, min(r.at) as since
    from (
      select case when g.phone is null then 'email' else 'phone' end as kind, coalesce(g.phone, g.email) as value, g.at
      from jsonb_to_recordset(rows) as g(phone text, email text, at timestamptz)
    ) r
    where r.value <> '' group by r.kind, r.value
  ), fresh as (
    select g.*, public.leadwire_person_id(g.kind, g.value) as id from given g
    where not exists (select from public.person_identities i where i.kind = g.kind and i.value = g.value)
  ), added as (
    insert into public.people (id, since) select f.id, f.since from fresh f order by f.id on conflict (id) do nothing
    returning id
  )
  insert into public.person_identities (kind, value, person_id, since)
  select f.kind, f.value, f.id, f.since from fresh f on conflict do nothing;

  insert into public.person_identities as i (kind, value, person_id, since)
  select 'email', r.email, p.person_id, min(r.at)
  from jsonb_to_recordset(rows) as r(phone text, email text, at timestamptz)
  join public.person_identities p on p.kind = 'phone' and p.value = r.phone
  where r.email <> ''
  group by r.email, p.person_id
  on conflict (kind, value, person_id) do update set since = excluded.since where i.since > excluded.since;

  -- An address that somebody with a phone turns out to have.
  for known in
    select m.person_id as gone, (
      select i.person_id from public.person_identities i
      where i.kind = 'email' and i.value = m.value and i.person_id <> m.person_id
      order by i.since, i.person_id limit 1
    ) as stays
    from public.person_identities m
    where m.kind = 'email' and m.value = any (mails) and m.person_id = public.leadwire_person_id('email', m.value)
  loop
    if known.stays is not null then
      perform public.leadwire_merge_person(known.gone, known.stays);
    end if;
  end loop;

  -- Each row to its person: the phone decides.
  with tied as (
    select r."leadId" as lead_id, r."saleId" as sale_id, r."studentId" as student_id, r.at, (
      select i.person_id from public.person_identities i
      where i.kind = case when r.phone is null then 'email' else 'phone' end and i.value = coalesce(r.phone, r.email)
      order by i.since, i.person_id limit 1
    ) as person_id
    from jsonb_to_recordset(rows) as r(
      "leadId" uuid, "saleId" uuid, "studentId" text, phone text, email text, at timestamptz
    )
  ), of_leads as (
    update public.landing_leads l set person_id = t.person_id
    from tied t where l.id = t.lead_id and t.person_id is not null and l.person_id is distinct from t.person_id
  ), of_sales as (
    update public.sales s set person_id = t.person_id
    from tied t where s.id = t.sale_id and t.person_id is not null and s.person_id is distinct from t.person_id
  )
  insert into public.person_identities (kind, value, person_id, since)
  select 'student', t.student_id, t.person_id, min(t.at) from tied t
  where t.student_id <> '' and t.person_id is not null
  group by t.student_id, t.person_id
  on conflict do nothing;

  insert into public.person_identities (kind, value, person_id, since)
  select 'amocrm_contact', l.amocrm_contact_id::text, l.person_id, min(l.created_at) from public.landing_leads l
  where l.id = any (leads) and l.amocrm_contact_id is not null and l.person_id is not null
  group by l.amocrm_contact_id, l.person_id
  on conflict do nothing;

  insert into public.identity_conflicts as c (email, people)
  select i.value, count(*) from public.person_identities i where i.kind = 'email' and i.value = any (mails)
  group by i.value having count(*) > 1
  on conflict (email) do update
  set decision = case when excluded.people <= c.people then c.decision end, people = excluded.people
  where excluded.people <> c.people;

  perform public.leadwire_attribute_sales(
    array(
      select l.person_id from public.landing_leads l where l.id = any (leads) and l.person_id is not null
      union
      select s.person_id from public.sales s where s.id = any (bought) and s.person_id is not null
      union
      select i.person_id from public.person_identities i where i.kind = 'phone' and i.value = any (phones)
    ), mails
  );
  return jsonb_array_length(rows);
end
$$;

select public.leadwire_service_only('{people, person_identities, identity_conflicts}');
grant select on public.people, public.person_identities, public.identity_conflicts to authenticated;
drop policy if exists staff_read on public.people;
create policy staff_read on public.people for select to authenticated using ((select private.sees_contacts()));
drop policy if exists staff_read on public.person_identities;
create policy staff_read on public.person_identities for select to authenticated using ((select private.sees_contacts()));
drop policy if exists staff_read on public.identity_conflicts;
create policy staff_read on public.identity_conflicts for select to authenticated
  using ((select private.sees_contacts()));

-- People whose ids were made without a key get new ones; what is theirs goes along.
do $$
declare
  old record;
begin
  for old in
    select distinct on (i.person_id) i.person_id as id, p.since, public.leadwire_person_id(i.kind, i.value) as fresh
    from public.person_identities i join public.people p on p.id = i.person_id
    where i.kind in ('phone', 'email') and i.person_id = md5('leadwire.person:' || i.kind || ':' || i.value)::uuid
    order by i.person_id
  loop
    insert into public.people (id, since) values (old.fresh, old.since) on conflict (id) do nothing;
    perform public.leadwire_merge_person(old.id, old.fresh);
  end loop;
end
$$;

-- Leads and sales of before.
do $$
declare
  part jsonb;
  place integer := 0;
begin
  loop
    select jsonb_agg(jsonb_build_object(
      t.id_name, t.id, 'at', to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'phone', case when t.phone ~ '^\+\d{7,15}$' then t.phone end,
      'email', case when t.email ~ '^\S+@\S+$' then lower(t.email) end
    )) into part
    from (
      select 'leadId' as id_name, id, created_at as at, phone, email from public.landing_leads
      where not quarantined and created_at is not null
      union all
      select 'saleId', id, coalesce(sold_at, created_at), phone, email from public.sales
      order by id offset place limit 2000
    ) t;
    exit when part is null;
    perform public.leadwire_tie_people(part);
    place := place + 2000;
  end loop;
end
$$;

-- The second project's own view of leads, filled from the lead record of the landing project.
-- Applies to an empty database, to one that already has the table with rows, and twice.

create table if not exists public.lead_tracking (
  id uuid primary key default gen_random_uuid()
);

alter table public.lead_tracking
  add column if not exists lead_id uuid,
  add column if not exists kind text,
  add column if not exists campaign text,
  add column if not exists name text,
  add column if not exists email text,
  add column if not exists phone text,
  add column if not exists source text,
  add column if not exists payment_method text,
  add column if not exists utm_source text,
  add column if not exists utm_medium text,
  add column if not exists utm_campaign text,
  add column if not exists utm_content text,
  add column if not exists utm_term text,
  add column if not exists email_status text,
  add column if not exists email_sent boolean not null default false,
  add column if not exists email_sent_at timestamptz,
  add column if not exists email_error text,
  add column if not exists sms_status text,
  add column if not exists sms_sent boolean not null default false,
  add column if not exists sms_sent_at timestamptz,
  add column if not exists sms_error text,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();

-- Not unique: an older table may hold a lead twice. The function writes one row per lead.
create index if not exists lead_tracking_lead_id_idx on public.lead_tracking (lead_id);
create index if not exists lead_tracking_email_idx on public.lead_tracking (email);
create index if not exists lead_tracking_phone_idx on public.lead_tracking (phone);
create index if not exists lead_tracking_created_at_idx on public.lead_tracking (created_at);

-- An older table may insist on columns that today's writer does not know: they may stay empty.
do $$
declare
  item record;
begin
  for item in
    select a.attname as column_name
    from pg_attribute a
    where a.attrelid = 'public.lead_tracking'::regclass
      and a.attnum > 0 and not a.attisdropped
      and a.attnotnull and not a.atthasdef and a.attidentity = ''
      and not exists (
        select from pg_index i
        where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey::smallint[])
      )
  loop
    execute format('alter table public.lead_tracking alter column %I drop not null', item.column_name);
  end loop;
  if exists (
    select from pg_attribute
    where attrelid = 'public.lead_tracking'::regclass and attname = 'id' and atttypid = 'uuid'::regtype
  ) then
    alter table public.lead_tracking alter column id set default gen_random_uuid();
  end if;
end
$$;

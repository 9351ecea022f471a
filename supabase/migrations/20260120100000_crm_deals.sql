-- Deals: what stands in the CRM for a lead or a student, and the columns of landing_leads that show it.

create table if not exists public.crm_deals (
  -- The lead's id, or one derived from the student's.
  id uuid primary key
);

alter table public.crm_deals
  add column if not exists student_id text,
  add column if not exists deal_id bigint,
  add column if not exists contact_id bigint,
  add column if not exists stage_id bigint,
  add column if not exists stage text,
  add column if not exists synced_at timestamptz,
  add column if not exists moved_at timestamptz,
  add column if not exists deleted_at timestamptz,
  -- What went wrong last; null once a later sync went well.
  add column if not exists error text,
  add column if not exists reason text,
  -- The events that decided the deal with its stage, and the error: only a later one wins.
  add column if not exists deal_at timestamptz,
  add column if not exists deal_event_id text,
  add column if not exists error_at timestamptz,
  add column if not exists error_event_id text,
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists updated_at timestamptz not null default now();

create index if not exists crm_deals_deal_id_idx on public.crm_deals (deal_id);
create index if not exists crm_deals_student_id_idx on public.crm_deals (student_id);

alter table public.landing_leads
  add column if not exists amocrm_stage_id bigint,
  add column if not exists amocrm_stage text,
  add column if not exists amocrm_deleted_at timestamptz;

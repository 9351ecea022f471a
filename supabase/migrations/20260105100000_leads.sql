-- Leads: one row per lead, and the one view of them that dashboards read.
-- Every file here applies to an empty database, to one that already has these tables with rows, and twice.

create table if not exists public.landing_leads (
  id uuid primary key default gen_random_uuid(),
  name text,
  email text,
  phone text,
  source text,
  metadata jsonb default '{}'::jsonb,
  created_at timestamptz default now()
);

alter table public.landing_leads
  add column if not exists name text,
  add column if not exists email text,
  add column if not exists phone text,
  add column if not exists source text,
  add column if not exists metadata jsonb default '{}'::jsonb,
  add column if not exists created_at timestamptz default now(),
  -- What the form said.
  add column if not exists kind text,
  add column if not exists campaign text,
  add column if not exists payment_method text,
  add column if not exists answers jsonb,
  add column if not exists contact_issues jsonb not null default '[]'::jsonb,
  add column if not exists quarantined boolean not null default false,
  add column if not exists utm_source text,
  add column if not exists utm_medium text,
  add column if not exists utm_campaign text,
  add column if not exists utm_content text,
  add column if not exists utm_term text,
  -- What became of it, derived from scheduled_notifications.
  add column if not exists email_status text,
  add column if not exists email_sent boolean not null default false,
  add column if not exists email_sent_at timestamptz,
  add column if not exists email_error text,
  add column if not exists email_delivered_at timestamptz,
  add column if not exists email_opened_at timestamptz,
  add column if not exists email_clicked_at timestamptz,
  add column if not exists email_bounced_at timestamptz,
  add column if not exists sms_status text,
  add column if not exists sms_sent boolean not null default false,
  add column if not exists sms_sent_at timestamptz,
  add column if not exists sms_error text,
  add column if not exists sms_delivered_at timestamptz,
  add column if not exists sms_clicked_at timestamptz,
  add column if not exists amocrm_synced boolean not null default false,
  add column if not exists amocrm_synced_at timestamptz,
  add column if not exists amocrm_deal_id bigint,
  add column if not exists amocrm_contact_id bigint,
  add column if not exists amocrm_error text,
  -- Which event made the row; null in rows that are older than events.
  add column if not exists event_id text,
  add column if not exists event_seq bigint,
  add column if not exists updated_at timestamptz not null default now();

create index if not exists landing_leads_email_idx on public.landing_leads (email);
create index if not exists landing_leads_phone_idx on public.landing_leads (phone);
create index if not exists landing_leads_created_at_idx on public.landing_leads (created_at);
create index if not exists landing_leads_kind_created_at_idx on public.landing_leads (kind, created_at);

create table if not exists public.unified_lead_tracking (
  id uuid primary key default gen_random_uuid()
);

alter table public.unified_lead_tracking
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
  add column if not exists quarantined boolean not null default false,
  add column if not exists email_status text,
  add column if not exists email_sent boolean not null default false,
  add column if not exists email_sent_at timestamptz,
  add column if not exists email_error text,
  add column if not exists sms_status text,
  add column if not exists sms_sent boolean not null default false,
  add column if not exists sms_sent_at timestamptz,
  add column if not exists sms_error text,
  add column if not exists clicked_at timestamptz,
  add column if not exists amocrm_synced boolean not null default false,
  add column if not exists amocrm_deal_id bigint,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();

-- Not unique: the table may be older than this file and hold a lead twice. The functions write one row per lead.
create index if not exists unified_lead_tracking_lead_id_idx on public.unified_lead_tracking (lead_id);
create index if not exists unified_lead_tracking_created_at_idx on public.unified_lead_tracking (created_at);
create index if not exists unified_lead_tracking_email_idx on public.unified_lead_tracking (email);
create index if not exists unified_lead_tracking_phone_idx on public.unified_lead_tracking (phone);

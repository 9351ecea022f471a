-- Bulk mail: campaigns, their recipients, and the people who must not be written to.

create table if not exists public.campaigns (
  id uuid primary key default gen_random_uuid()
);

alter table public.campaigns
  add column if not exists name text,
  add column if not exists channel text,
  add column if not exists template text,
  add column if not exists subject text,
  add column if not exists body text,
  -- draft | running | paused | cancelled | finished
  add column if not exists status text not null default 'draft',
  add column if not exists audience jsonb not null default '{}'::jsonb,
  add column if not exists exclusions jsonb not null default '[]'::jsonb,
  add column if not exists rate_per_second numeric,
  add column if not exists total integer not null default 0,
  add column if not exists error text,
  add column if not exists started_at timestamptz,
  add column if not exists paused_at timestamptz,
  add column if not exists finished_at timestamptz,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();

create index if not exists campaigns_status_idx on public.campaigns (status);
create index if not exists campaigns_created_at_idx on public.campaigns (created_at);

-- id is the delivery's id, so a recipient and its delivery are found from each other.
create table if not exists public.campaign_recipients (
  id uuid primary key default gen_random_uuid()
);

alter table public.campaign_recipients
  add column if not exists campaign_id uuid,
  add column if not exists lead_id uuid,
  add column if not exists contact text,
  add column if not exists name text,
  add column if not exists variables jsonb not null default '{}'::jsonb,
  add column if not exists batch integer,
  -- pending | sent | failed | skipped | unknown
  add column if not exists status text not null default 'pending',
  add column if not exists provider_id text,
  add column if not exists error text,
  add column if not exists reason text,
  add column if not exists attempts integer not null default 0,
  add column if not exists sent_at timestamptz,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();

create unique index if not exists campaign_recipients_campaign_id_contact_key
  on public.campaign_recipients (campaign_id, contact);
create index if not exists campaign_recipients_campaign_id_status_idx
  on public.campaign_recipients (campaign_id, status);

create table if not exists public.suppressions (
  id uuid primary key default gen_random_uuid()
);

alter table public.suppressions
  add column if not exists channel text,
  add column if not exists contact text,
  -- unsubscribed | bounced | complained | manual
  add column if not exists reason text,
  add column if not exists source text,
  add column if not exists lead_id uuid,
  add column if not exists created_at timestamptz default now();

create unique index if not exists suppressions_channel_contact_key
  on public.suppressions (channel, contact);

-- Deliveries: one row per (lead, channel, template), the links inside the messages, and the clicks on them.

create table if not exists public.scheduled_notifications (
  id uuid primary key default gen_random_uuid(),
  lead_id uuid,
  type text,
  scheduled_for timestamptz,
  status text default 'pending'
);

alter table public.scheduled_notifications
  add column if not exists lead_id uuid,
  -- Older readers know the channel by this name.
  add column if not exists type text,
  add column if not exists channel text,
  add column if not exists template text,
  -- pending | sent | failed | skipped | unknown
  add column if not exists status text default 'pending',
  add column if not exists scheduled_for timestamptz,
  add column if not exists planned_at timestamptz,
  add column if not exists sent_at timestamptz,
  add column if not exists failed_at timestamptz,
  add column if not exists skipped_at timestamptz,
  add column if not exists delivered_at timestamptz,
  add column if not exists bounced_at timestamptz,
  add column if not exists complained_at timestamptz,
  add column if not exists opened_at timestamptz,
  add column if not exists clicked_at timestamptz,
  add column if not exists provider_id text,
  add column if not exists error text,
  add column if not exists reason text,
  add column if not exists bounce_reason text,
  add column if not exists attempts integer not null default 0,
  add column if not exists campaign_id uuid,
  -- The event that decided the status: its rank, time and id. leadwire_store_outcomes lets only a higher one win.
  add column if not exists status_rank smallint,
  add column if not exists status_at timestamptz,
  add column if not exists status_event_id text,
  add column if not exists first_event_at timestamptz,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();

create index if not exists scheduled_notifications_lead_id_idx
  on public.scheduled_notifications (lead_id);
create index if not exists scheduled_notifications_status_scheduled_for_idx
  on public.scheduled_notifications (status, scheduled_for);
create index if not exists scheduled_notifications_provider_id_idx
  on public.scheduled_notifications (provider_id);
create index if not exists scheduled_notifications_campaign_id_idx
  on public.scheduled_notifications (campaign_id);

create table if not exists public.short_links (
  code text primary key
);

alter table public.short_links
  add column if not exists lead_id uuid,
  add column if not exists delivery_id uuid,
  add column if not exists url text,
  add column if not exists clicks integer not null default 0,
  add column if not exists first_clicked_at timestamptz,
  add column if not exists last_clicked_at timestamptz,
  add column if not exists created_at timestamptz default now();

create index if not exists short_links_lead_id_idx on public.short_links (lead_id);
create index if not exists short_links_delivery_id_idx on public.short_links (delivery_id);

-- One row per click event: what makes a repeated event count once.
create table if not exists public.short_link_clicks (
  event_id text primary key
);

alter table public.short_link_clicks
  add column if not exists code text,
  add column if not exists clicked_at timestamptz;

create index if not exists short_link_clicks_code_idx on public.short_link_clicks (code);

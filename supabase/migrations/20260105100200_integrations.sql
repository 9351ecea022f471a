-- Outside systems: tokens, the log of calls, and the Telegram groups that get notices.

create table if not exists public.integration_tokens (
  service text primary key
);

alter table public.integration_tokens
  add column if not exists access_token text,
  add column if not exists refresh_token text,
  add column if not exists expires_at timestamptz,
  -- Counts refreshes: a writer that holds an older pair must not overwrite a newer one.
  add column if not exists version bigint not null default 0,
  add column if not exists metadata jsonb not null default '{}'::jsonb,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();

create table if not exists public.integration_logs (
  id uuid primary key default gen_random_uuid()
);

alter table public.integration_logs
  add column if not exists event_id text,
  add column if not exists service text,
  add column if not exists action text,
  add column if not exists status text,
  add column if not exists error text,
  add column if not exists duration_ms integer,
  add column if not exists lead_id uuid,
  add column if not exists delivery_id uuid,
  add column if not exists details jsonb not null default '{}'::jsonb,
  add column if not exists created_at timestamptz default now();

create unique index if not exists integration_logs_event_id_key on public.integration_logs (event_id);
create index if not exists integration_logs_lead_id_idx on public.integration_logs (lead_id);
create index if not exists integration_logs_service_created_at_idx
  on public.integration_logs (service, created_at);
create index if not exists integration_logs_status_created_at_idx
  on public.integration_logs (status, created_at);

create table if not exists public.telegram_groups (
  id uuid primary key default gen_random_uuid()
);

alter table public.telegram_groups
  add column if not exists chat_id bigint,
  add column if not exists bot text,
  add column if not exists title text,
  -- Kinds of lead the group gets; empty means every kind.
  add column if not exists lead_kinds jsonb not null default '[]'::jsonb,
  -- active | paused | deactivated
  add column if not exists state text not null default 'active',
  add column if not exists state_reason text,
  add column if not exists migrated_to_chat_id bigint,
  add column if not exists activated_at timestamptz,
  add column if not exists deactivated_at timestamptz,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();

create index if not exists telegram_groups_chat_id_idx on public.telegram_groups (chat_id);
create index if not exists telegram_groups_state_idx on public.telegram_groups (state);

-- The tables of the landing project. supabase/schemas says what each of them is for.
-- Applies to an empty database, to one that already has some of these tables with rows, and twice.

-- Closes these tables of the schema public, and every function that begins with leadwire_, to everybody but the service
-- key. Each file that makes a table or a function ends with a call of it; repeating it changes nothing.
create or replace function public.leadwire_service_only(tables text[]) returns void
language plpgsql set search_path = '' as $$
declare
  item record;
  outsider text;
begin
  for item in
    select 'table ' || t.name::regclass as object, 'all' as rights
    from (select format('public.%I', u.name) as name from unnest(tables) as u(name)) as t
    union all
    select 'function ' || p.oid::regprocedure, 'execute' from pg_catalog.pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'leadwire\_%'
  loop
    if item.rights = 'all' then
      execute format('alter %s enable row level security', item.object);
    end if;
    execute format('revoke all on %s from public', item.object);
    for outsider in
      select r.rolname from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated')
    loop
      execute format('revoke all on %s from %I', item.object, outsider);
    end loop;
    if exists (select from pg_catalog.pg_roles r where r.rolname = 'service_role') then
      execute format('grant %s on %s to service_role', item.rights, item.object);
    end if;
  end loop;
end
$$;

create table if not exists public.landing_leads (
  id uuid primary key default gen_random_uuid()
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
  add column if not exists updated_at timestamptz not null default now(),
  add column if not exists amocrm_stage_id bigint,
  add column if not exists amocrm_stage text,
  add column if not exists amocrm_deleted_at timestamptz;
create index if not exists landing_leads_email_idx on public.landing_leads (email);
create index if not exists landing_leads_phone_idx on public.landing_leads (phone);
create index if not exists landing_leads_created_at_idx on public.landing_leads (created_at);
create index if not exists landing_leads_kind_created_at_idx on public.landing_leads (kind, created_at);
comment on table public.landing_leads is
  'One row per lead. Written by lead-store (leadwire_store_leads); the columns of deliveries and of the CRM '
  'are derived from scheduled_notifications and crm_deals.';

-- Not unique by lead: the table may be older than Leadwire and hold a lead twice. The functions write one row per lead.
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
create index if not exists unified_lead_tracking_lead_id_idx on public.unified_lead_tracking (lead_id);
create index if not exists unified_lead_tracking_created_at_idx on public.unified_lead_tracking (created_at);
create index if not exists unified_lead_tracking_email_idx on public.unified_lead_tracking (email);
create index if not exists unified_lead_tracking_phone_idx on public.unified_lead_tracking (phone);
comment on table public.unified_lead_tracking is
  'What dashboards read: one row per lead, derived from landing_leads. Written by lead-store '
  '(leadwire_refresh_leads).';

create table if not exists public.scheduled_notifications (
  id uuid primary key default gen_random_uuid()
);
alter table public.scheduled_notifications
  add column if not exists lead_id uuid,
  -- The channel, under the name that older readers know.
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
create index if not exists scheduled_notifications_lead_id_idx on public.scheduled_notifications (lead_id);
create index if not exists scheduled_notifications_status_scheduled_for_idx
  on public.scheduled_notifications (status, scheduled_for);
create index if not exists scheduled_notifications_provider_id_idx on public.scheduled_notifications (provider_id);
create index if not exists scheduled_notifications_campaign_id_idx on public.scheduled_notifications (campaign_id);
comment on table public.scheduled_notifications is
  'One row per (lead, channel, template). Written by lead-store (leadwire_store_outcomes).';

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
comment on table public.short_links is
  'The links inside the messages. Written by lead-store (leadwire_store_links).';

create table if not exists public.short_link_clicks (
  event_id text primary key
);
alter table public.short_link_clicks
  add column if not exists code text,
  add column if not exists clicked_at timestamptz;
create index if not exists short_link_clicks_code_idx on public.short_link_clicks (code);
comment on table public.short_link_clicks is
  'One row per click event, so that a repeated event counts once. Written by lead-store '
  '(leadwire_store_links).';

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
comment on table public.integration_tokens is
  'The OAuth pair of each outside system. Written by crm-sync and the CLI (leadwire_store_tokens).';

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
create index if not exists integration_logs_service_created_at_idx on public.integration_logs (service, created_at);
create index if not exists integration_logs_status_created_at_idx on public.integration_logs (status, created_at);
comment on table public.integration_logs is
  'Calls to outside systems. Written by lead-store (leadwire_store_integration_logs).';

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
comment on table public.crm_deals is
  'What stands in the CRM for a lead or a student. Written by lead-store (leadwire_store_crm).';

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
  -- The topic of a forum group in which notices appear.
  add column if not exists thread_id bigint,
  -- Ids the chat had before Telegram gave it a new one.
  add column if not exists former_chat_ids jsonb not null default '[]'::jsonb,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();
create index if not exists telegram_groups_chat_id_idx on public.telegram_groups (chat_id);
create index if not exists telegram_groups_state_idx on public.telegram_groups (state);
comment on table public.telegram_groups is
  'The Telegram groups that get notices. Written by telegram-relay (leadwire_store_telegram_groups).';

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
create unique index if not exists suppressions_channel_contact_key on public.suppressions (channel, contact);
comment on table public.suppressions is
  'People who must not be written to. Written by mailer-batch (leadwire_store_suppressions, '
  'leadwire_campaign_suppress).';

create table if not exists public.exclusion_lists (
  channel text not null,
  contact text not null,
  primary key (channel, contact)
);
alter table public.exclusion_lists
  add column if not exists note text,
  add column if not exists created_at timestamptz default now();
comment on table public.exclusion_lists is
  'Staff and test accounts: left out of every campaign. Written by mailer-batch '
  '(leadwire_campaign_exclude).';

create table if not exists public.campaigns (
  id uuid primary key default gen_random_uuid()
);
alter table public.campaigns
  add column if not exists name text,
  add column if not exists channel text,
  add column if not exists template text,
  add column if not exists subject text,
  add column if not exists body text,
  -- draft | scheduled | running | paused | cancelled | finished
  add column if not exists status text not null default 'draft',
  add column if not exists audience jsonb not null default '{}'::jsonb,
  add column if not exists exclusions jsonb not null default '[]'::jsonb,
  add column if not exists rate_per_second numeric,
  add column if not exists total integer not null default 0,
  add column if not exists error text,
  add column if not exists started_at timestamptz,
  add column if not exists paused_at timestamptz,
  add column if not exists finished_at timestamptz,
  add column if not exists topic text,
  add column if not exists variables jsonb not null default '{}'::jsonb,
  -- The template's sources and data as they were at the start: what was confirmed is what is sent.
  add column if not exists frozen jsonb,
  add column if not exists scheduled_for timestamptz,
  -- Local times such as 21:00-09:00 in time_zone; null for none.
  add column if not exists quiet_hours text,
  add column if not exists time_zone text not null default 'UTC',
  add column if not exists pause_reason text,
  -- False while a list is being stored: half of one is not started.
  add column if not exists audience_ready boolean not null default false,
  -- Which upload the list is of: parts of another one are not mixed in.
  add column if not exists audience_upload uuid,
  add column if not exists confirmed_count integer,
  -- It pauses itself beyond these. Null: never.
  add column if not exists max_bounce_percent numeric,
  add column if not exists max_error_percent numeric,
  add column if not exists cancelled_at timestamptz,
  -- When bounces and errors were last weighed.
  add column if not exists weighed_at timestamptz,
  -- Bounces and errors before it do not count: a person has seen them and resumed the campaign.
  add column if not exists resumed_at timestamptz,
  -- Up to here batches have been handed out at the campaign's own rate.
  add column if not exists paced_until timestamptz,
  -- SHA-256 of the request that made it, when that had an Idempotency-Key.
  add column if not exists request_hash text,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();
create index if not exists campaigns_status_idx on public.campaigns (status);
create index if not exists campaigns_created_at_idx on public.campaigns (created_at);
comment on table public.campaigns is
  'Bulk mail and SMS. Written by mailer-batch (leadwire_campaign_*).';

create table if not exists public.campaign_recipients (
  id uuid primary key default gen_random_uuid()
);
alter table public.campaign_recipients
  add column if not exists campaign_id uuid,
  add column if not exists lead_id uuid,
  -- Its place in the list, from 1.
  add column if not exists line integer,
  add column if not exists batch integer,
  add column if not exists contact text,
  add column if not exists name text,
  add column if not exists variables jsonb not null default '{}'::jsonb,
  -- pending | sending | sent | failed | skipped | unknown
  add column if not exists status text not null default 'pending',
  add column if not exists provider_id text,
  add column if not exists error text,
  add column if not exists reason text,
  add column if not exists attempts integer not null default 0,
  add column if not exists sent_at timestamptz,
  add column if not exists settled_at timestamptz,
  add column if not exists delivered_at timestamptz,
  add column if not exists bounced_at timestamptz,
  -- permanent, transient, suppressed, expired, …
  add column if not exists bounce_reason text,
  add column if not exists complained_at timestamptz,
  add column if not exists opened_at timestamptz,
  add column if not exists clicked_at timestamptz,
  -- SMS whose end nobody has reported: when the provider is asked next, and how often it was. Null: not any more.
  add column if not exists ask_at timestamptz,
  add column if not exists asked integer not null default 0,
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now();
create unique index if not exists campaign_recipients_campaign_id_contact_key
  on public.campaign_recipients (campaign_id, contact);
create index if not exists campaign_recipients_campaign_id_status_idx on public.campaign_recipients (campaign_id, status);
create index if not exists campaign_recipients_campaign_id_line_idx on public.campaign_recipients (campaign_id, line);
create index if not exists campaign_recipients_campaign_id_batch_idx on public.campaign_recipients (campaign_id, batch);
create index if not exists campaign_recipients_campaign_id_bounced_at_idx
  on public.campaign_recipients (campaign_id) where bounced_at is not null;
create index if not exists campaign_recipients_provider_id_idx
  on public.campaign_recipients (provider_id) where provider_id is not null;
create index if not exists campaign_recipients_ask_at_idx on public.campaign_recipients (ask_at) where ask_at is not null;
comment on table public.campaign_recipients is
  'The people of a campaign; id is the id of the delivery. Written by mailer-batch (leadwire_campaign_*).';

create table if not exists public.campaign_left_out (
  campaign_id uuid not null,
  line integer not null,
  primary key (campaign_id, line)
);
alter table public.campaign_left_out
  add column if not exists name text,
  add column if not exists contact text,
  add column if not exists reason text;
comment on table public.campaign_left_out is
  'People of a list who are not written to, and why. Written by mailer-batch '
  '(leadwire_campaign_set_audience, leadwire_campaign_start).';

-- A message of the broker about a batch only says that it may be due: this row decides.
create table if not exists public.campaign_batches (
  campaign_id uuid not null,
  n integer not null,
  primary key (campaign_id, n)
);
alter table public.campaign_batches
  -- pending | sending | settled
  add column if not exists state text not null default 'pending',
  add column if not exists owner text,
  -- Until then nobody else touches it: a sender holds it, or it waits after a failure.
  add column if not exists lease_until timestamptz,
  add column if not exists attempts integer not null default 0,
  add column if not exists first_claim_at timestamptz,
  add column if not exists idempotency_key text,
  -- SHA-256 of the request; set right before the first one leaves. Without it nothing has been sent.
  add column if not exists body_hash text,
  -- Mobizon: the campaign made for it there, and which step is done.
  add column if not exists provider_ref text,
  add column if not exists stage text,
  add column if not exists error text,
  add column if not exists nudged_at timestamptz,
  add column if not exists nudges integer not null default 0,
  add column if not exists settled_at timestamptz;
create index if not exists campaign_batches_open_idx on public.campaign_batches (campaign_id, n) where state <> 'settled';
comment on table public.campaign_batches is
  'One call to the provider each. Written by mailer-batch (leadwire_campaign_*).';

create table if not exists public.campaign_topic_sends (
  topic text not null,
  channel text not null,
  contact text not null,
  primary key (topic, channel, contact)
);
alter table public.campaign_topic_sends
  add column if not exists campaign_id uuid,
  add column if not exists created_at timestamptz default now();
comment on table public.campaign_topic_sends is
  'Who got a topic already: the second campaign about it leaves them out. Written by mailer-batch '
  '(leadwire_campaign_claim).';

select public.leadwire_service_only(
  '{landing_leads, unified_lead_tracking, scheduled_notifications, short_links, short_link_clicks,
    integration_tokens, integration_logs, crm_deals, telegram_groups, suppressions, exclusion_lists,
    campaigns, campaign_recipients, campaign_left_out, campaign_batches, campaign_topic_sends}'
);

-- Campaigns: what mailer-batch needs beside the tables that are there already. It alone writes them, through the
-- functions of the files that follow; docs/decisions/0013-truth-of-campaigns.md says why the truth is here.

alter table public.campaigns
  -- draft | scheduled | running | paused | cancelled | finished
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
  add column if not exists max_bounce_percent numeric not null default 5,
  add column if not exists max_error_percent numeric not null default 20,
  add column if not exists cancelled_at timestamptz,
  -- When bounces and errors were last weighed.
  add column if not exists weighed_at timestamptz;

alter table public.campaign_recipients
  -- Its place in the list, from 1.
  add column if not exists line integer,
  -- pending | sending | sent | failed | skipped | unknown are the values of status.
  add column if not exists delivered_at timestamptz,
  add column if not exists bounced_at timestamptz,
  add column if not exists complained_at timestamptz,
  add column if not exists opened_at timestamptz,
  add column if not exists clicked_at timestamptz;

create index if not exists campaign_recipients_campaign_id_line_idx
  on public.campaign_recipients (campaign_id, line);
create index if not exists campaign_recipients_campaign_id_batch_idx
  on public.campaign_recipients (campaign_id, batch);
create index if not exists campaign_recipients_campaign_id_bounced_at_idx
  on public.campaign_recipients (campaign_id) where bounced_at is not null;

-- People of a list who are not written to, and why.
create table if not exists public.campaign_left_out (
  campaign_id uuid not null,
  line integer not null,
  primary key (campaign_id, line)
);

alter table public.campaign_left_out
  add column if not exists name text,
  add column if not exists contact text,
  add column if not exists reason text;

-- One call to the provider each. A message of the broker about one is only a nudge: this row decides.
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

create index if not exists campaign_batches_open_idx
  on public.campaign_batches (campaign_id, n) where state <> 'settled';

-- Who got a topic already: the second campaign about it leaves them out.
create table if not exists public.campaign_topic_sends (
  topic text not null,
  channel text not null,
  contact text not null,
  primary key (topic, channel, contact)
);

alter table public.campaign_topic_sends
  add column if not exists campaign_id uuid,
  add column if not exists created_at timestamptz default now();

-- Staff and test accounts: left out of every campaign.
create table if not exists public.exclusion_lists (
  channel text not null,
  contact text not null,
  primary key (channel, contact)
);

alter table public.exclusion_lists
  add column if not exists note text,
  add column if not exists created_at timestamptz default now();

alter table public.campaigns
  -- Bounces and errors before it do not count: a person has seen them and went on.
  add column if not exists resumed_at timestamptz,
  -- Up to here batches have been handed out at the campaign's own rate.
  add column if not exists paced_until timestamptz;

alter table public.campaign_recipients
  add column if not exists settled_at timestamptz;

-- Campaigns, their people and their batches. mailer-batch alone writes them, through the functions of the files that
-- follow; docs/decisions/0013-truth-of-campaigns.md says why the truth is here.

create table public.campaigns (
  id uuid primary key default gen_random_uuid(),
  name text,
  channel text,
  template text,
  subject text,
  body text,
  -- draft | scheduled | running | paused | cancelled | finished
  status text not null default 'draft',
  audience jsonb not null default '{}'::jsonb,
  exclusions jsonb not null default '[]'::jsonb,
  rate_per_second numeric,
  total integer not null default 0,
  error text,
  started_at timestamptz,
  paused_at timestamptz,
  finished_at timestamptz,
  topic text,
  variables jsonb not null default '{}'::jsonb,
  -- The template's sources and data as they were at the start: what was confirmed is what is sent.
  frozen jsonb,
  scheduled_for timestamptz,
  -- Local times such as 21:00-09:00 in time_zone; null for none.
  quiet_hours text,
  time_zone text not null default 'UTC',
  pause_reason text,
  -- False while a list is being stored: half of one is not started.
  audience_ready boolean not null default false,
  -- Which upload the list is of: parts of another one are not mixed in.
  audience_upload uuid,
  confirmed_count integer,
  -- It pauses itself beyond these. Null: never.
  max_bounce_percent numeric,
  max_error_percent numeric,
  cancelled_at timestamptz,
  -- When bounces and errors were last weighed.
  weighed_at timestamptz,
  -- Bounces and errors before it do not count: a person has seen them and resumed the campaign.
  resumed_at timestamptz,
  -- Up to here batches have been handed out at the campaign's own rate.
  paced_until timestamptz,
  -- SHA-256 of the request that made it, when that had an Idempotency-Key.
  request_hash text,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  -- Of a step of a sequence: its people come one by one (97_sequences.sql).
  sequence_id uuid,
  sequence_step integer
);
create index campaigns_status_idx on public.campaigns (status);
create index campaigns_created_at_idx on public.campaigns (created_at);
comment on table public.campaigns is
  'Bulk mail and SMS. Written by mailer-batch (leadwire_campaign_*).';

create table public.campaign_recipients (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid,
  lead_id uuid,
  -- Its place in the list, from 1.
  line integer,
  batch integer,
  contact text,
  name text,
  variables jsonb not null default '{}'::jsonb,
  -- pending | sending | sent | failed | skipped | unknown
  status text not null default 'pending',
  provider_id text,
  error text,
  reason text,
  attempts integer not null default 0,
  sent_at timestamptz,
  settled_at timestamptz,
  delivered_at timestamptz,
  bounced_at timestamptz,
  -- permanent, transient, suppressed, expired, …
  bounce_reason text,
  complained_at timestamptz,
  opened_at timestamptz,
  -- A person's first click, as far as is known, made of the next two and of delivered_at.
  clicked_at timestamptz,
  first_click_at timestamptz,
  last_click_at timestamptz,
  -- A scanner's: it says so, or came within 2 s of the delivery.
  program_clicked_at timestamptz,
  -- SMS whose end nobody has reported: when the provider is asked next, and how often it was. Null: not any more.
  ask_at timestamptz,
  asked integer not null default 0,
  -- What an SMS was billed as; null where nobody knows.
  segments integer,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  -- provider_id once more, of an SMS alone: what its report is found by.
  sms_id text
-- Room beside each row, and no index on what a claim or the end of a mail changes: so neither writes one.
) with (fillfactor = 50);
create unique index campaign_recipients_campaign_id_contact_key
  on public.campaign_recipients (campaign_id, contact);
create index campaign_recipients_campaign_id_line_idx on public.campaign_recipients (campaign_id, line);
create index campaign_recipients_campaign_id_batch_idx on public.campaign_recipients (campaign_id, batch);
create index campaign_recipients_campaign_id_bounced_at_idx
  on public.campaign_recipients (campaign_id) where bounced_at is not null;
create index campaign_recipients_sms_id_idx on public.campaign_recipients (sms_id) where sms_id is not null;
create index campaign_recipients_ask_at_idx on public.campaign_recipients (ask_at) where ask_at is not null;
comment on table public.campaign_recipients is
  'The people of a campaign; id is the id of the delivery. Written by mailer-batch (leadwire_campaign_*).';

create table public.campaign_left_out (
  campaign_id uuid not null,
  line integer not null,
  name text,
  contact text,
  reason text,
  primary key (campaign_id, line)
);
comment on table public.campaign_left_out is
  'People of a list who are not written to, and why. Written by mailer-batch '
  '(leadwire_campaign_set_audience, leadwire_campaign_start).';

-- A message of the broker about a batch only says that it may be due: this row decides.
create table public.campaign_batches (
  campaign_id uuid not null,
  n integer not null,
  -- pending | sending | settled
  state text not null default 'pending',
  owner text,
  -- Until then nobody else touches it: a sender holds it, or it waits after a failure.
  lease_until timestamptz,
  attempts integer not null default 0,
  first_claim_at timestamptz,
  idempotency_key text,
  -- SHA-256 of the request; set right before the first one leaves. Without it nothing has been sent.
  body_hash text,
  -- Mobizon: the campaign made for it there, and which step is done.
  provider_ref text,
  stage text,
  error text,
  nudged_at timestamptz,
  nudges integer not null default 0,
  settled_at timestamptz,
  primary key (campaign_id, n)
);
create index campaign_batches_open_idx on public.campaign_batches (campaign_id, n) where state <> 'settled';
comment on table public.campaign_batches is
  'One call to the provider each. Written by mailer-batch (leadwire_campaign_*).';

create table public.campaign_topic_sends (
  topic text not null,
  channel text not null,
  contact text not null,
  campaign_id uuid,
  created_at timestamptz default now(),
  primary key (topic, channel, contact)
);
comment on table public.campaign_topic_sends is
  'Who got a topic already: the second campaign about it leaves them out. Written by mailer-batch '
  '(leadwire_campaign_claim).';

select public.leadwire_service_only(
  '{campaigns, campaign_recipients, campaign_left_out, campaign_batches, campaign_topic_sends}'
);

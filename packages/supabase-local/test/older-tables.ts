/** Tables as the product before this one had them: stricter, with fewer columns, and with rows. */

export const LEAD = '0b9c1a52-6f0e-4a0e-9d51-5a3b8a1f0001';

export const OLD_LANDING = `
  create table landing_leads (
    id uuid primary key, name varchar(200) not null, email text not null, phone text not null,
    source text not null, metadata jsonb, created_at timestamptz not null default now()
  );
  create table scheduled_notifications (
    id uuid primary key, lead_id uuid not null references landing_leads (id), type text not null,
    scheduled_for timestamptz not null, status text not null check (status in ('pending', 'sent', 'failed', 'cancelled'))
  );
  create table unified_lead_tracking (id bigserial primary key, email text not null, note text);
  create table integration_logs (id bigserial primary key, service text not null, payload jsonb not null);
  create table short_links (code text not null, clicks integer);
  insert into landing_leads values
    ('${LEAD}', 'Айгерим', 'aigerim@mail.example-lead.kz', '+77051234567', 'proftest', '{"a":1}', '2025-11-01T10:00:00Z');
  insert into scheduled_notifications values
    ('0b9c1a52-6f0e-4a0e-9d51-5a3b8a1f0002', '${LEAD}', 'email', '2025-11-01T10:10:00Z', 'cancelled');
  insert into unified_lead_tracking (email, note) values ('aigerim@mail.example-lead.kz', 'called back');
  insert into integration_logs (service, payload) values ('resend', '{}');
  insert into short_links values ('old1', 7);
`;
export const OLD_TRIPWIRE = `
  create table lead_tracking (id bigserial primary key, email text not null, stage text not null);
  insert into lead_tracking (email, stage) values ('aigerim@mail.example-lead.kz', 'bought');
`;

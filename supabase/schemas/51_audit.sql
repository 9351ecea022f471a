-- Who did what, to whom, and how it ended. lead-store writes it from the stream AUDIT.

create table if not exists public.audit_log (
  -- The event's own: one that comes twice is one row.
  event_id text primary key
);

alter table public.audit_log
  -- A person's address, or cli:<user of the machine>.
  add column if not exists actor text,
  -- <what>.<done to it>: staff.disabled.
  add column if not exists action text,
  -- An id, never a contact.
  add column if not exists subject text,
  -- done, refused or failed.
  add column if not exists result text,
  add column if not exists details jsonb not null default '{}'::jsonb,
  add column if not exists at timestamptz;

create index if not exists audit_log_at_idx on public.audit_log (at desc, event_id);
create index if not exists audit_log_subject_idx on public.audit_log (subject, at desc);

-- rows: [{ eventId, actor, action, subject, result, details, at }], all but details required. Answers how many are new.
create or replace function public.leadwire_store_audit(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  created integer;
begin
  perform public.leadwire_check_rows(rows, '{eventId,actor,action,subject,result,at}', '{}', '{at}');
  insert into public.audit_log (event_id, actor, action, subject, result, details, at)
  select r."eventId", r.actor, r.action, r.subject, r.result, coalesce(nullif(r.details, 'null'), '{}'), r.at
  from jsonb_to_recordset(rows) as r(
    "eventId" text, actor text, action text, subject text, result text, details jsonb, at timestamptz
  )
  order by r."eventId"
  on conflict (event_id) do nothing;
  get diagnostics created = row_count;
  return created;
end
$$;

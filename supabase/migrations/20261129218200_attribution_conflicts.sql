-- Students and people of the platform whose own tags say something else than those of their lead.

create table if not exists public.attribution_conflicts (
  id uuid primary key default gen_random_uuid(),
  -- tripwire (a student) or main (somebody of the platform), and the key of their row there.
  project text not null check (project in ('tripwire', 'main')),
  row_id text not null,
  lead_id uuid not null,
  -- What stands there: { source, campaign }, as it was noticed.
  said jsonb not null,
  -- there: it stays; lead: the tags of the lead are written over it; null waits for a person.
  decision text check (decision in ('there', 'lead')),
  decided_at timestamptz,
  -- When a decision for the lead arrived there.
  carried_at timestamptz,
  noticed_at timestamptz not null default now(),
  unique (project, row_id)
);
create index if not exists attribution_conflicts_open_idx on public.attribution_conflicts (noticed_at) where decision is null;
create index if not exists attribution_conflicts_lead_id_idx on public.attribution_conflicts (lead_id);
comment on table public.attribution_conflicts is
  'Rows of other projects whose tags contradict their lead. Written by identity-sync, decided in the console.';

-- Notes them once; what is there already, decided or not, stays. rows: [{ project, rowId, leadId, said }]
create or replace function public.leadwire_note_attribution_conflicts(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  added integer;
begin
  perform public.leadwire_check_rows(rows, '{project,rowId,leadId}', '{leadId}', '{}');
  insert into public.attribution_conflicts (project, row_id, lead_id, said)
  select r.project, r."rowId", r."leadId", coalesce(r.said, '{}')
  from jsonb_to_recordset(rows) as r(project text, "rowId" text, "leadId" uuid, said jsonb)
  on conflict (project, row_id) do nothing;
  get diagnostics added = row_count;
  return added;
end
$$;

-- Decisions for the lead that have not arrived in a project yet: [{ id, campaign, utm: { source, medium, campaign,
-- content, term } }], id the key of the row there.
create or replace function public.leadwire_decided_attributions(in_project text, most integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', c.row_id, 'campaign', l.campaign, 'utm', jsonb_build_object(
    'source', l.utm_source, 'medium', l.utm_medium, 'campaign', l.utm_campaign, 'content', l.utm_content,
    'term', l.utm_term))), '[]')
  from (
    select * from public.attribution_conflicts o
    where o.project = in_project and o.decision = 'lead' and o.carried_at is null order by o.decided_at limit most
  ) c
  join public.landing_leads l on l.id = c.lead_id;
$$;

-- They have arrived. Answers how many.
create or replace function public.leadwire_carried_attributions(in_project text, row_ids text[]) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  update public.attribution_conflicts c set carried_at = now()
  where c.project = in_project and c.row_id = any (row_ids) and c.decision = 'lead' and c.carried_at is null;
  get diagnostics touched = row_count;
  return touched;
end
$$;

-- What waits for a decision, the newest first, at most `most`, for whoever sees contacts:
-- [{ id, project, leadId, name, noticedAt, said, lead: { source, campaign } }]
create or replace function public.console_attribution_conflicts(most integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if not private.sees_contacts() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'project', c.project, 'leadId', l.id, 'name', l.name,
      'noticedAt', c.noticed_at, 'said', c.said, 'lead', jsonb_build_object(
        'source', left(l.utm_source, 500), 'campaign', left(l.utm_campaign, 500)))
      order by c.noticed_at desc, c.id), '[]')
    from (
      select * from public.attribution_conflicts o where o.decision is null order by o.noticed_at desc, o.id limit most
    ) c
    join public.landing_leads l on l.id = c.lead_id
  );
end
$$;

-- A person's word: there or lead. Answers whether it was open. For whoever sees contacts.
create or replace function public.console_decide_attribution(conflict uuid, decided text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  if not private.sees_contacts() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  update public.attribution_conflicts c set decision = decided, decided_at = now()
  where c.id = conflict and c.decision is null;
  return found;
end
$$;

select public.leadwire_service_only('{attribution_conflicts}');
grant select on public.attribution_conflicts to authenticated;
drop policy if exists staff_read on public.attribution_conflicts;
create policy staff_read on public.attribution_conflicts for select to authenticated
  using ((select private.sees_contacts()));
revoke all on function public.console_attribution_conflicts(integer), public.console_decide_attribution(uuid, text)
  from public, anon;
grant execute on function public.console_attribution_conflicts(integer), public.console_decide_attribution(uuid, text)
  to authenticated, service_role;

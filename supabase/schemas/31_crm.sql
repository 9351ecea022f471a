-- Deals: what stands in the CRM for a lead or a student, and who has the lead, shown in landing_leads. Facts come repeated, late and in any
-- order: each group of columns is the word of the latest event about it (time, then event id).

create table public.crm_deals (
  -- The lead's id, or one derived from the student's.
  id uuid primary key,
  student_id text,
  deal_id bigint,
  contact_id bigint,
  stage_id bigint,
  stage text,
  synced_at timestamptz,
  moved_at timestamptz,
  deleted_at timestamptz,
  -- What went wrong last; null once a later sync went well.
  error text,
  reason text,
  -- The events that decided the deal with its stage, and the error: only a later one wins.
  deal_at timestamptz,
  deal_event_id text,
  error_at timestamptz,
  error_event_id text,
  -- Who of those who work here has the lead, null for nobody, since when, and the event that says so.
  manager_id uuid,
  manager_at timestamptz,
  manager_event_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index crm_deals_deal_id_idx on public.crm_deals (deal_id);
create index crm_deals_student_id_idx on public.crm_deals (student_id);
comment on table public.crm_deals is
  'What stands in the CRM for a lead or a student, and who has it. Written by lead-store (leadwire_store_crm, leadwire_store_assignments).';

-- Shows the deals of these leads in landing_leads and in unified_lead_tracking.
create function public.leadwire_refresh_crm(ids uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  update public.landing_leads l
  set amocrm_synced = d.synced_at is not null, amocrm_synced_at = d.synced_at, amocrm_deal_id = d.deal_id,
    amocrm_contact_id = d.contact_id, amocrm_stage_id = d.stage_id, amocrm_stage = d.stage,
    amocrm_deleted_at = d.deleted_at, amocrm_error = d.error, manager_id = d.manager_id,
    taken_at = case when d.manager_id is not null then d.manager_at end, updated_at = clock_timestamp()
  from public.crm_deals d
  where d.id = any (ids) and l.id = d.id
    and (l.amocrm_synced, l.amocrm_synced_at, l.amocrm_deal_id, l.amocrm_contact_id, l.amocrm_stage_id,
      l.amocrm_stage, l.amocrm_deleted_at, l.amocrm_error, l.manager_id, l.taken_at)
    is distinct from (d.synced_at is not null, d.synced_at, d.deal_id, d.contact_id, d.stage_id, d.stage,
      d.deleted_at, d.error, d.manager_id, case when d.manager_id is not null then d.manager_at end);

  perform public.leadwire_refresh_leads(array(select l.id from public.landing_leads l where l.id = any (ids)));
end
$$;

-- A lead whose deal is known before its row: the row begins with what is known.
create function public.leadwire_show_deal() returns trigger
language plpgsql set search_path = '' as $$
declare
  d public.crm_deals;
begin
  select * into d from public.crm_deals c where c.id = new.id;
  if found then
    new.amocrm_synced := d.synced_at is not null;
    new.amocrm_synced_at := d.synced_at;
    new.amocrm_deal_id := d.deal_id;
    new.amocrm_contact_id := d.contact_id;
    new.amocrm_stage_id := d.stage_id;
    new.amocrm_stage := d.stage;
    new.amocrm_deleted_at := d.deleted_at;
    new.amocrm_error := d.error;
    new.manager_id := d.manager_id;
    new.taken_at := case when d.manager_id is not null then d.manager_at end;
  end if;
  return new;
end
$$;

create trigger leadwire_show_deal before insert on public.landing_leads
  for each row execute function public.leadwire_show_deal();

-- Stores what became of deals; answers how many leads the batch was about.
-- rows: [{ leadId, studentId, outcome, at, eventId, dealId, contactId, stageId, stage, reason, error }]
-- outcome: synced | failed | moved | deleted. leadId, outcome, at and eventId are required.
create function public.leadwire_store_crm(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
  bad_index bigint;
begin
  perform public.leadwire_check_rows(rows, '{leadId,outcome,at,eventId}', '{leadId}', '{at}');
  select min(t.n) - 1 into bad_index
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  where t.r ->> 'outcome' not in ('synced', 'failed', 'moved', 'deleted');
  if bad_index is not null then
    raise exception 'row %: outcome: expected synced, failed, moved or deleted', bad_index using errcode = '22023';
  end if;
  perform public.leadwire_lock();

  -- The CRM counts its contacts upwards: should a lead have had two, the newer one is its contact.
  insert into public.crm_deals (id, student_id, contact_id, synced_at, moved_at)
  select r."leadId", min(r."studentId"), max(r."contactId"), min(r.at) filter (where r.outcome = 'synced'),
    max(r.at) filter (where r.outcome = 'moved')
  from jsonb_to_recordset(rows) as r(
    "leadId" uuid, "studentId" text, "contactId" bigint, outcome text, at timestamptz
  )
  group by 1
  on conflict (id) do update
  set student_id = coalesce(public.crm_deals.student_id, excluded.student_id),
    contact_id = greatest(public.crm_deals.contact_id, excluded.contact_id),
    synced_at = least(public.crm_deals.synced_at, excluded.synced_at),
    moved_at = greatest(public.crm_deals.moved_at, excluded.moved_at),
    updated_at = clock_timestamp();
  get diagnostics touched = row_count;

  -- Where the deal is: the latest of what was seen of it. One that is deleted is on no stage.
  update public.crm_deals d
  set deal_id = f.deal_id, stage_id = f.stage_id, stage = f.stage,
    deleted_at = case when f.outcome = 'deleted' then f.at end, deal_at = f.at, deal_event_id = f.event_id
  from (
    select distinct on (r."leadId") r."leadId" as id, r.outcome, r.at, r."eventId" as event_id,
      r."dealId" as deal_id, r."stageId" as stage_id, r.stage
    from jsonb_to_recordset(rows) as r(
      "leadId" uuid, outcome text, at timestamptz, "eventId" text, "dealId" bigint, "stageId" bigint, stage text
    )
    where r.outcome <> 'failed'
    order by r."leadId", r.at desc, r."eventId" desc
  ) f
  where d.id = f.id and (d.deal_at is null or (f.at, f.event_id) > (d.deal_at, d.deal_event_id));

  -- What went wrong: the latest try decides, and one that went well says that nothing did.
  update public.crm_deals d
  set error = f.error, reason = f.reason, error_at = f.at, error_event_id = f.event_id
  from (
    select distinct on (r."leadId") r."leadId" as id, r.at, r."eventId" as event_id,
      coalesce(r.error, r.reason) as error, r.reason
    from jsonb_to_recordset(rows) as r(
      "leadId" uuid, outcome text, at timestamptz, "eventId" text, error text, reason text
    )
    where r.outcome in ('synced', 'failed')
    order by r."leadId", r.at desc, r."eventId" desc
  ) f
  where d.id = f.id and (d.error_at is null or (f.at, f.event_id) > (d.error_at, d.error_event_id));

  perform public.leadwire_refresh_crm(
    array(select distinct (r ->> 'leadId')::uuid from jsonb_array_elements(rows) as r)
  );
  return touched;
end
$$;

-- Stores who has which lead; answers of how many leads this is the newest word. A repeat and a late fact change nothing.
-- rows: [{ leadId, staffId, at, eventId }]; staffId is null when nobody who works here has it any more.
create function public.leadwire_store_assignments(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  changed integer;
begin
  perform public.leadwire_check_rows(rows, '{leadId,at,eventId}', '{leadId,staffId}', '{at}');
  perform public.leadwire_lock();

  insert into public.crm_deals as d (id, manager_id, manager_at, manager_event_id)
  select distinct on (r."leadId") r."leadId", r."staffId", r.at, r."eventId"
  from jsonb_to_recordset(rows) as r("leadId" uuid, "staffId" uuid, at timestamptz, "eventId" text)
  order by r."leadId", r.at desc, r."eventId" desc
  on conflict (id) do update
  set manager_id = excluded.manager_id, manager_at = excluded.manager_at,
    manager_event_id = excluded.manager_event_id, updated_at = clock_timestamp()
  where d.manager_at is null
    or (excluded.manager_at, excluded.manager_event_id) > (d.manager_at, d.manager_event_id);
  get diagnostics changed = row_count;

  perform public.leadwire_refresh_crm(
    array(select distinct (r ->> 'leadId')::uuid from jsonb_array_elements(rows) as r)
  );
  return changed;
end
$$;

select public.leadwire_service_only('{crm_deals}');

-- Sequences come to an end: they can be taken away, a lost schedule is made once more, and their people are forgotten when
-- leads are.

alter table public.sequences add column if not exists deleted_at timestamptz;
drop index if exists public.sequences_name_key;
create unique index sequences_name_key on public.sequences (lower(name)) where deleted_at is null;
alter table public.sequence_messages add column if not exists remade_at timestamptz;
create index if not exists sequence_messages_due_at_idx on public.sequence_messages (due_at) where state = 'waiting';

-- [{ id, name, trigger, steps, …, waiting, done, stopped: { <reason>: <people> }, sent: [{ step, handed, pending, sent, failed,
-- skipped, clicked, paused }] }] by their names.
create or replace function public.leadwire_sequences() returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', s.id, 'name', s.name, 'trigger', s.trigger, 'steps', s.steps, 'stopOnClick', s.stop_on_click,
    'quietHours', s.quiet_hours, 'timeZone', s.time_zone, 'isOn', s.is_on, 'onSince', s.on_since,
    'createdBy', s.created_by, 'changedAt', s.updated_at,
    'waiting', (select count(*) from public.sequence_people p where p.sequence_id = s.id and p.state = 'waiting'),
    'done', (select count(*) from public.sequence_people p where p.sequence_id = s.id and p.state = 'done'),
    'stopped', (
      select coalesce(jsonb_object_agg(g.reason, g.n), '{}') from (
        select coalesce(p.reason, 'by_hand') as reason, count(*) as n from public.sequence_people p
        where p.sequence_id = s.id and p.state = 'stopped' group by 1
      ) as g
    ),
    'sent', (
      select coalesce(jsonb_agg(to_jsonb(g) order by g.step), '[]') from (
        select c.sequence_step as step, count(*) as handed,
          count(*) filter (where r.status in ('pending', 'sending')) as pending,
          count(*) filter (where r.status = 'sent') as sent,
          count(*) filter (where r.status in ('failed', 'unknown')) as failed,
          count(*) filter (where r.status = 'skipped') as skipped, count(r.clicked_at) as clicked,
          bool_or(c.status = 'paused') as paused,
          (array_agg(c.id order by c.created_at desc))[1] as "campaignId"
        from public.campaigns c join public.campaign_recipients r on r.campaign_id = c.id
        where c.sequence_id = s.id group by c.sequence_step
      ) as g
    )
  ) order by s.name), '[]')
  from public.sequences s where s.deleted_at is null;
$$;

-- p_sequence: { id, name, trigger, steps, stopOnClick, quietHours, timeZone, createdBy }. p_changed_at: as the writer has
-- read it, null for a new one. { kind: saved | stale | name_taken | is_on }: one that is on is not changed.
create or replace function public.leadwire_sequence_save(p_sequence jsonb, p_changed_at timestamptz) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_id uuid := (p_sequence ->> 'id')::uuid;
  v_known public.sequences;
begin
  select * into v_known from public.sequences s where s.id = v_id for update;
  if v_known.updated_at is distinct from p_changed_at or v_known.deleted_at is not null then
    return jsonb_build_object('kind', 'stale');
  end if;
  if v_known.is_on then
    return jsonb_build_object('kind', 'is_on');
  end if;
  perform public.leadwire_campaign_is_quiet(p_sequence ->> 'quietHours', p_sequence ->> 'timeZone');
  insert into public.sequences as s (id, name, trigger, steps, stop_on_click, quiet_hours, time_zone, created_by)
  values (v_id, p_sequence ->> 'name', p_sequence ->> 'trigger', p_sequence -> 'steps',
    (p_sequence ->> 'stopOnClick')::boolean, p_sequence ->> 'quietHours', p_sequence ->> 'timeZone',
    p_sequence ->> 'createdBy')
  on conflict (id) do update
  set name = excluded.name, trigger = excluded.trigger, steps = excluded.steps, stop_on_click = excluded.stop_on_click,
    quiet_hours = excluded.quiet_hours, time_zone = excluded.time_zone, updated_at = clock_timestamp();
  return jsonb_build_object('kind', 'saved');
exception when unique_violation then
  return jsonb_build_object('kind', 'name_taken');
end
$$;

-- On: from now on. Off: who waits is let go, for good. Answers { kind: done, stopped }, { kind: already } or
-- { kind: missing }.
create or replace function public.leadwire_sequence_switch(p_id uuid, p_on boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_sequence public.sequences;
begin
  select * into v_sequence from public.sequences s where s.id = p_id and s.deleted_at is null for update;
  if not found then
    return jsonb_build_object('kind', 'missing');
  end if;
  if v_sequence.is_on = p_on then
    return jsonb_build_object('kind', 'already');
  end if;
  update public.sequences s
  set is_on = p_on, on_since = case when p_on then clock_timestamp() else s.on_since end, updated_at = clock_timestamp()
  where s.id = p_id;
  return jsonb_build_object('kind', 'done', 'stopped', case when p_on then 0 else public.leadwire_sequence_end(
    array(select p.id from public.sequence_people p where p.sequence_id = p_id and p.state <> 'stopped'), 'off') end);
end
$$;

-- Takes away one that is off. When anybody was ever in it, its rows stay unseen: who got what of it is not forgotten.
-- Answers { kind: deleted, kept }, { kind: is_on } or { kind: missing }.
create or replace function public.leadwire_sequence_delete(p_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_sequence public.sequences;
begin
  select * into v_sequence from public.sequences s where s.id = p_id and s.deleted_at is null for update;
  if not found then
    return jsonb_build_object('kind', 'missing');
  end if;
  if v_sequence.is_on then
    return jsonb_build_object('kind', 'is_on');
  end if;
  if exists (select from public.sequence_people p where p.sequence_id = p_id) then
    update public.sequences s set deleted_at = clock_timestamp(), updated_at = clock_timestamp() where s.id = p_id;
    return jsonb_build_object('kind', 'deleted', 'kept', true);
  end if;
  delete from public.sequences s where s.id = p_id;
  return jsonb_build_object('kind', 'deleted', 'kept', false);
end
$$;

-- Messages that are waited for although they were due before p_before, the oldest first: the broker may have lost their
-- schedules. [{ personId, step, dueAt }] of those that were not made once more already.
create or replace function public.leadwire_sequence_overdue(p_before timestamptz, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('personId', o.person_id, 'step', o.step, 'dueAt', o.due_at)
    order by o.due_at), '[]')
  from (
    select m.person_id, m.step, m.due_at
    from public.sequence_messages m join public.sequence_people p on p.id = m.person_id and p.state = 'waiting'
    where m.state = 'waiting' and m.due_at < p_before and m.remade_at is null
    order by m.due_at limit p_limit
  ) as o;
$$;

-- Its schedule has been made once more: one whose text cannot be sent would fail again and again otherwise.
create or replace function public.leadwire_sequence_remade(p_person uuid, p_step integer) returns void
language sql set search_path = '' as $$
  update public.sequence_messages m set remade_at = clock_timestamp() where m.person_id = p_person and m.step = p_step;
$$;

-- People of facts before p_from are not known by name or contact any more. Who still waits then gets nothing more: leads
-- are kept for less than the sequence takes. Answers how many.
create or replace function public.leadwire_sequence_forget(p_from timestamptz) returns integer
language plpgsql set search_path = '' as $$
declare
  v_forgotten integer;
begin
  perform public.leadwire_sequence_end(
    array(select p.id from public.sequence_people p where p.state = 'waiting' and p.fact_at < p_from), 'too_old');
  update public.sequence_people p set name = null, email = null, phone = null
  where p.fact_at < p_from and (p.name, p.email, p.phone) is distinct from (null, null, null);
  get diagnostics v_forgotten = row_count;
  return v_forgotten;
end
$$;

-- Answers how many: { calls, held, leads, sequencePeople }. Suppressions and what people chose stay: they keep us from writing.
create or replace function public.leadwire_keep_rows(
  calls_from timestamptz, held_from timestamptz, leads_from timestamptz
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  held uuid[];
  leads uuid[];
  calls integer;
begin
  perform public.leadwire_lock();
  delete from public.integration_logs g where g.created_at < calls_from;
  get diagnostics calls = row_count;

  held := array(select l.id from public.landing_leads l where l.quarantined and l.created_at < held_from);
  -- Older tables may insist that a delivery's lead exists.
  delete from public.short_links s where s.lead_id = any (held);
  delete from public.scheduled_notifications n where n.lead_id = any (held);
  delete from public.unified_lead_tracking u where u.lead_id = any (held);
  delete from public.landing_leads l where l.id = any (held);

  leads := array(
    select l.id from public.landing_leads l
    where l.created_at < leads_from
      and (l.name, l.email, l.phone, l.answers, l.attribution) is distinct from (null, null, null, null, null)
  );
  -- A row that has its event is not filled again by a replay.
  update public.landing_leads l
  set name = null, email = null, phone = null, metadata = '{}', answers = null, attribution = null, page_url = null,
    referrer = null, fbclid = null, gclid = null, yclid = null, ttclid = null, fbp = null, fbc = null,
    email_error = null, sms_error = null, amocrm_error = null, person_id = null,
    consent_at = null, consent_text = null,
    event_id = coalesce(l.event_id, 'too_old'), updated_at = clock_timestamp()
  where l.id = any (leads);
  update public.unified_lead_tracking u
  set name = null, email = null, phone = null, email_error = null, sms_error = null, updated_at = clock_timestamp()
  where u.lead_id = any (leads);
  return jsonb_build_object('calls', calls, 'held', cardinality(held), 'leads', cardinality(leads),
    'sequencePeople', public.leadwire_sequence_forget(leads_from));
end
$$;

select public.leadwire_service_only('{}');

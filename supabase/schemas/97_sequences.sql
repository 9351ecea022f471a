-- Sequences: a message so long after a fact unless another fact came. The broker's schedules wait; what is true is here:
-- who is in a sequence, which of its messages are still to come, and why somebody got no more. A message that is due is
-- handed to a campaign of its step, so that it is claimed, limited, sent and reported like every other copy.

create table public.sequences (
  id uuid primary key,
  name text not null,
  -- payment_form | test_taken | student_joined
  trigger text not null,
  -- [{ delayMs, channel, template }], the delay from the fact on.
  steps jsonb not null,
  -- Who has followed a link of it gets no more of it.
  stop_on_click boolean not null default true,
  -- As in campaigns.
  quiet_hours text,
  time_zone text not null default 'UTC',
  is_on boolean not null default false,
  -- Facts from then on count.
  on_since timestamptz,
  created_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Taken away by a person; it stays for those whom it has written to.
  deleted_at timestamptz
);
create unique index sequences_name_key on public.sequences (lower(name)) where deleted_at is null;
comment on table public.sequences is 'Messages after facts. Written by mailer-batch (leadwire_sequence_*).';

create table public.sequence_people (
  id uuid primary key default gen_random_uuid(),
  sequence_id uuid not null,
  lead_id uuid,
  student_id text,
  name text,
  email text,
  phone text,
  fact_at timestamptz not null,
  -- waiting | done | stopped
  state text not null default 'waiting',
  reason text,
  ended_at timestamptz,
  created_at timestamptz not null default now()
);
-- Each person once in a sequence, by either contact.
create unique index sequence_people_email_key on public.sequence_people (sequence_id, email);
create unique index sequence_people_phone_key on public.sequence_people (sequence_id, phone);
create index sequence_people_waiting_email_idx on public.sequence_people (email) where state <> 'stopped';
create index sequence_people_waiting_phone_idx on public.sequence_people (phone) where state <> 'stopped';
create index sequence_people_sequence_id_idx on public.sequence_people (sequence_id, created_at);
comment on table public.sequence_people is 'Who is in a sequence. Written by mailer-batch (leadwire_sequence_*).';

create table public.sequence_messages (
  person_id uuid not null,
  -- The place in steps, from 1.
  step integer not null,
  due_at timestamptz not null,
  -- waiting | handed | skipped
  state text not null default 'waiting',
  reason text,
  -- Once handed: the copy, whose row says what became of it.
  campaign_id uuid,
  recipient_id uuid,
  -- When its schedule was made once more, because the broker had lost it.
  remade_at timestamptz,
  primary key (person_id, step)
);
create index sequence_messages_recipient_id_idx on public.sequence_messages (recipient_id);
create index sequence_messages_due_at_idx on public.sequence_messages (due_at) where state = 'waiting';
comment on table public.sequence_messages is
  'The messages of a sequence for each of its people. Written by mailer-batch (leadwire_sequence_*).';

create index campaigns_sequence_id_idx on public.campaigns (sequence_id) where sequence_id is not null;

-- The contacts that belong to the person with these: identities tie them.
create function public.leadwire_sequence_kin(p_email text, p_phone text) returns setof text
language sql stable set search_path = '' as $$
  with given as (select g.value from unnest(array[lower(p_email), p_phone]) as g(value) where g.value is not null)
  select g.value from given g
  union
  select k.value from public.person_identities i
  join public.person_identities k on k.person_id = i.person_id and k.kind in ('email', 'phone')
  where i.kind in ('email', 'phone') and i.value in (select g.value from given g);
$$;

-- Takes people out. What was handed already and is not claimed yet is skipped as well. Answers how many.
create function public.leadwire_sequence_end(p_ids uuid[], p_reason text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_stopped uuid[];
begin
  with caught as (
    update public.campaign_recipients r
    set status = 'skipped', reason = p_reason, settled_at = clock_timestamp(), updated_at = clock_timestamp()
    from public.sequence_messages m
    where m.person_id = any (p_ids) and m.state = 'handed' and r.id = m.recipient_id and r.status = 'pending'
    returning m.person_id
  ), stopped as (
    update public.sequence_people p set state = 'stopped', reason = p_reason, ended_at = clock_timestamp()
    where p.id = any (p_ids) and p.state <> 'stopped'
      and (p.state = 'waiting' or p.id in (select c.person_id from caught c))
    returning p.id
  )
  select coalesce(array_agg(s.id), '{}') into v_stopped from stopped s;
  update public.sequence_messages m set state = 'skipped', reason = p_reason
  where m.person_id = any (v_stopped) and m.state = 'waiting';
  return cardinality(v_stopped);
end
$$;

-- Somebody of whom nothing is to come has come to the end.
create function public.leadwire_sequence_close(p_person uuid) returns void
language sql set search_path = '' as $$
  update public.sequence_people p set state = 'done', ended_at = clock_timestamp()
  where p.id = p_person and p.state = 'waiting' and not exists (
    select from public.sequence_messages m where m.person_id = p.id and m.state = 'waiting'
  );
$$;

-- A fact came: who is not in it yet comes into each sequence that is on and waits for such a fact since before it.
-- p_person: { leadId, studentId, name, email, phone, at }. Answers [{ personId, step, dueAt }] of what is to be scheduled;
-- the same again when the fact is told again.
create function public.leadwire_sequence_enter(p_trigger text, p_person jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_at timestamptz := (p_person ->> 'at')::timestamptz;
  v_lead uuid := (p_person ->> 'leadId')::uuid;
  v_student text := p_person ->> 'studentId';
  v_email text := lower(p_person ->> 'email');
  v_phone text := p_person ->> 'phone';
  v_sequence public.sequences;
  v_id uuid;
  v_waiting jsonb := '[]';
begin
  -- Whoever switches it off waits, and finds who came in.
  for v_sequence in
    select s.* from public.sequences s
    where s.trigger = p_trigger and s.is_on and s.on_since <= v_at order by s.id for share
  loop
    v_id := null;
    insert into public.sequence_people (sequence_id, lead_id, student_id, name, email, phone, fact_at)
    select v_sequence.id, v_lead, v_student, p_person ->> 'name', v_email, v_phone, v_at
    where coalesce(v_email, v_phone) is not null
    on conflict do nothing returning id into v_id;
    if v_id is null then
      select p.id into v_id from public.sequence_people p
      where p.sequence_id = v_sequence.id and p.state = 'waiting' and (p.lead_id = v_lead or p.student_id = v_student)
      order by p.created_at limit 1;
    else
      insert into public.sequence_messages (person_id, step, due_at, state, reason)
      select v_id, o.n, v_at + make_interval(secs => (o.step ->> 'delayMs')::double precision / 1000),
        case when c.contact is null then 'skipped' else 'waiting' end, case when c.contact is null then 'no_contact' end
      from jsonb_array_elements(v_sequence.steps) with ordinality as o(step, n)
      cross join lateral (
        select case o.step ->> 'channel' when 'sms' then v_phone else v_email end as contact
      ) as c;
      perform public.leadwire_sequence_close(v_id);
    end if;
    v_waiting := v_waiting || coalesce((
      select jsonb_agg(jsonb_build_object('personId', m.person_id, 'step', m.step, 'dueAt', m.due_at) order by m.step)
      from public.sequence_messages m where m.person_id = v_id and m.state = 'waiting'
    ), '[]');
  end loop;
  return v_waiting;
end
$$;

-- What is known when a message is due; null when it is not there, or not waited for any more.
create function public.leadwire_sequence_look(p_person uuid, p_step integer) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'sequence', jsonb_build_object('id', s.id, 'name', s.name, 'trigger', s.trigger, 'stopOnClick', s.stop_on_click,
      'quietHours', s.quiet_hours, 'timeZone', s.time_zone),
    'step', s.steps -> (p_step - 1), 'dueAt', m.due_at, 'factAt', p.fact_at, 'studentId', p.student_id,
    'hasContact', c.contact is not null,
    'boughtAt', (
      select max(k.sold_at) from public.sales k left join public.landing_leads l on l.id = k.lead_id
      where k.sold_at is not null and k.refunded_at is null and k.superseded_by is null
        and array[lower(k.email), k.phone, lower(l.email), l.phone]
          && array(select * from public.leadwire_sequence_kin(p.email, p.phone))
    ),
    'hasClicked', exists (
      select from public.sequence_messages o join public.campaign_recipients r on r.id = o.recipient_id
      where o.person_id = p.id and r.clicked_at is not null
    ),
    'suppressed', (
      select u.reason from public.suppressions u
      where (u.channel = s.steps -> (p_step - 1) ->> 'channel' and u.contact = c.contact)
        or (u.reason = 'unsubscribed' and u.contact in (p.email, p.phone))
      order by u.reason = 'unsubscribed' desc limit 1
    ),
    'isExcluded', exists (
      select from public.exclusion_lists e
      where e.channel = s.steps -> (p_step - 1) ->> 'channel' and e.contact = c.contact
    )
  )
  from public.sequence_people p
  join public.sequences s on s.id = p.sequence_id
  join public.sequence_messages m on m.person_id = p.id and m.step = p_step
  cross join lateral (
    select case s.steps -> (p_step - 1) ->> 'channel' when 'sms' then p.phone else p.email end as contact
  ) as c
  where p.id = p_person and p.state = 'waiting' and m.state = 'waiting';
$$;

-- One message is not sent; the others stay.
create function public.leadwire_sequence_skip(p_person uuid, p_step integer, p_reason text) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.sequence_people p where p.id = p_person for update;
  update public.sequence_messages m set state = 'skipped', reason = p_reason
  where m.person_id = p_person and m.step = p_step and m.state = 'waiting';
  perform public.leadwire_sequence_close(p_person);
end
$$;

-- Hands a message that is waited for to the campaign of its step, once: there it is a batch of one. p_campaign: as
-- leadwire_campaign_create takes it, with the id that this step has with this text. Answers { kind: handed },
-- { kind: gone } (not waited for any more) or { kind: cancelled } (somebody ended the step's campaign).
create function public.leadwire_sequence_hand(p_person uuid, p_step integer, p_campaign jsonb, p_frozen jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_person public.sequence_people;
  v_campaign public.campaigns;
  v_line integer;
  v_recipient uuid;
begin
  select * into v_person from public.sequence_people p where p.id = p_person and p.state = 'waiting' for update;
  perform from public.sequence_messages m where m.person_id = v_person.id and m.step = p_step and m.state = 'waiting';
  if not found then
    return jsonb_build_object('kind', 'gone');
  end if;
  perform public.leadwire_campaign_create(p_campaign);
  update public.campaigns c
  set sequence_id = v_person.sequence_id, sequence_step = p_step, frozen = p_frozen, audience_ready = true,
    status = case when c.status in ('draft', 'finished') then 'running' else c.status end,
    started_at = coalesce(c.started_at, clock_timestamp()), finished_at = null, total = c.total + 1,
    confirmed_count = c.total + 1, updated_at = clock_timestamp()
  where c.id = (p_campaign ->> 'id')::uuid and c.status <> 'cancelled'
  returning * into v_campaign;
  if not found then
    return jsonb_build_object('kind', 'cancelled');
  end if;
  select coalesce(max(r.line), 0) + 1 into v_line from public.campaign_recipients r where r.campaign_id = v_campaign.id;
  insert into public.campaign_recipients (campaign_id, lead_id, line, batch, contact, name)
  values (v_campaign.id, v_person.lead_id, v_line, v_line,
    case v_campaign.channel when 'sms' then v_person.phone else v_person.email end, v_person.name)
  returning id into v_recipient;
  insert into public.campaign_batches (campaign_id, n, idempotency_key)
  values (v_campaign.id, v_line, 'campaign-' || v_campaign.id || '-' || v_line);
  update public.sequence_messages m set state = 'handed', campaign_id = v_campaign.id, recipient_id = v_recipient
  where m.person_id = p_person and m.step = p_step;
  perform public.leadwire_sequence_close(p_person);
  return jsonb_build_object('kind', 'handed');
end
$$;

-- Somebody bought at p_at: they are taken out of the sequences that wait for that. p_ever: triggers that any purchase
-- ends, p_after: those that one after the fact ends. Answers how many.
create function public.leadwire_sequence_bought(
  p_email text, p_phone text, p_at timestamptz, p_ever text[], p_after text[]
) returns integer
language sql set search_path = '' as $$
  select public.leadwire_sequence_end(array(
    select p.id from public.sequence_people p join public.sequences s on s.id = p.sequence_id
    where p.state <> 'stopped' and (s.trigger = any (p_ever) or (s.trigger = any (p_after) and p.fact_at <= p_at))
      and (p.email in (select * from public.leadwire_sequence_kin(p_email, p_phone))
        or p.phone in (select * from public.leadwire_sequence_kin(p_email, p_phone)))
  ), 'bought');
$$;

-- A person of ours takes somebody out, of one sequence or of all (null). Answers out of how many.
create function public.leadwire_sequence_stop(p_id uuid, p_contact text) returns integer
language sql set search_path = '' as $$
  select public.leadwire_sequence_end(array(
    select p.id from public.sequence_people p
    where (p_id is null or p.sequence_id = p_id) and p_contact in (p.email, p.phone)
  ), 'by_hand');
$$;

-- [{ id, name, trigger, steps, …, waiting, done, stopped: { <reason>: <people> }, sent: [{ step, handed, pending, sent, failed,
-- skipped, clicked, paused }] }] by their names.
create function public.leadwire_sequences() returns jsonb
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

-- The newest people of one, at most p_limit. [{ id, name, email, phone, state, reason, factAt, messages: [{ step, state,
-- reason, dueAt, status }] }]
create function public.leadwire_sequence_people(p_id uuid, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', p.id, 'leadId', p.lead_id, 'name', p.name, 'email', p.email, 'phone', p.phone, 'state', p.state,
    'reason', p.reason, 'factAt', p.fact_at,
    'messages', (
      select coalesce(jsonb_agg(jsonb_build_object('step', m.step, 'state', m.state, 'reason', coalesce(m.reason, r.reason),
        'dueAt', m.due_at, 'status', r.status, 'sentAt', r.sent_at) order by m.step), '[]')
      from public.sequence_messages m left join public.campaign_recipients r on r.id = m.recipient_id
      where m.person_id = p.id
    )
  ) order by p.created_at desc, p.id), '[]')
  from (
    select k.* from public.sequence_people k where k.sequence_id = p_id order by k.created_at desc, k.id limit p_limit
  ) as p;
$$;

-- p_sequence: { id, name, trigger, steps, stopOnClick, quietHours, timeZone, createdBy }. p_changed_at: as the writer has
-- read it, null for a new one. { kind: saved | stale | name_taken | is_on }: one that is on is not changed.
create function public.leadwire_sequence_save(p_sequence jsonb, p_changed_at timestamptz) returns jsonb
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
create function public.leadwire_sequence_switch(p_id uuid, p_on boolean) returns jsonb
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
create function public.leadwire_sequence_delete(p_id uuid) returns jsonb
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
create function public.leadwire_sequence_overdue(p_before timestamptz, p_limit integer) returns jsonb
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
create function public.leadwire_sequence_remade(p_person uuid, p_step integer) returns void
language sql set search_path = '' as $$
  update public.sequence_messages m set remade_at = clock_timestamp() where m.person_id = p_person and m.step = p_step;
$$;

-- People of facts before p_from are not known by name or contact any more. Who still waits then gets nothing more: leads
-- are kept for less than the sequence takes. Answers how many.
create function public.leadwire_sequence_forget(p_from timestamptz) returns integer
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

select public.leadwire_service_only('{sequences, sequence_people, sequence_messages}');

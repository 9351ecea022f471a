-- Two subjects, or two texts, tried on a part of a list; the rest gets the one that more people clicked on.

-- The campaign of the id is the rest. A row says what is still to be done: start the two, wait, choose, start the rest.
create table public.campaign_subject_tests (
  campaign_id uuid primary key,
  a_id uuid not null,
  b_id uuid not null,
  subject_a text,
  subject_b text,
  wait interval not null,
  -- When both had been started, and so when it is time to choose.
  decide_at timestamptz,
  decided_at timestamptz,
  -- a | b; null when a person went another way before.
  winner text,
  -- One process at a time works on it.
  held_until timestamptz,
  created_at timestamptz not null default now(),
  -- Where two texts are tried, and not two subjects.
  template_a text,
  template_b text
);
comment on table public.campaign_subject_tests is
  'Two subjects or texts of a campaign, and which one won. Written by mailer-batch (leadwire_subject_test_*).';

-- Moves p_each people of a draft's list, chosen by chance, to each of two other drafts. All three get one topic, so that
-- the database lets nobody have two of them. { kind: split, audience }, { kind: changed }, { kind: not_draft, status },
-- { kind: count_differs, audience } or { kind: missing }. p_expected: everybody who would be written to now. Of p_subjects
-- and p_templates one is null.
create function public.leadwire_subject_test_split(
  p_id uuid, p_a uuid, p_b uuid, p_subjects text[], p_templates text[], p_each integer, p_expected integer,
  p_wait_hours numeric
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_audience integer;
  v_ids uuid[];
begin
  select * into v_campaign from public.campaigns c where c.id = p_id for update;
  if not found then
    return jsonb_build_object('kind', 'missing');
  end if;
  if v_campaign.status <> 'draft' then
    return jsonb_build_object('kind', 'not_draft', 'status', v_campaign.status);
  end if;
  if not v_campaign.audience_ready or exists (
    select from public.campaign_subject_tests t where t.campaign_id = p_id and t.decided_at is null
  ) then
    return jsonb_build_object('kind', 'changed');
  end if;
  select coalesce(array_agg(r.id order by random()), '{}') into v_ids from public.campaign_recipients r
  where r.campaign_id = p_id and r.contact is not null and r.id not in (select n.id from public.leadwire_campaign_left_out_now(p_id) n);
  v_audience := cardinality(v_ids);
  if v_audience <> p_expected or v_audience <= 2 * p_each then
    return jsonb_build_object('kind', 'count_differs', 'audience', v_audience);
  end if;
  update public.campaign_recipients r set campaign_id = p_a where r.id = any (v_ids[1:p_each]);
  update public.campaign_recipients r set campaign_id = p_b where r.id = any (v_ids[p_each + 1:2 * p_each]);
  -- A segment that is looked at anew would bring the two parts back.
  update public.campaigns c
  set topic = coalesce(v_campaign.topic, 'subjects:' || p_id), audience_ready = true, updated_at = clock_timestamp(),
    subject = case c.id when p_a then p_subjects[1] when p_b then p_subjects[2] end,
    template = coalesce(case c.id when p_a then p_templates[1] when p_b then p_templates[2] end, c.template),
    scheduled_for = case when c.id = p_id then null else v_campaign.scheduled_for end,
    audience = c.audience || jsonb_build_object('kind', 'part')
  where c.id in (p_id, p_a, p_b);
  insert into public.campaign_subject_tests as t
    (campaign_id, a_id, b_id, subject_a, subject_b, template_a, template_b, wait)
  values (p_id, p_a, p_b, p_subjects[1], p_subjects[2], p_templates[1], p_templates[2],
    make_interval(secs => p_wait_hours::double precision * 3600))
  on conflict (campaign_id) do update set a_id = excluded.a_id, b_id = excluded.b_id, subject_a = excluded.subject_a,
    subject_b = excluded.subject_b, template_a = excluded.template_a, template_b = excluded.template_b, wait = excluded.wait, decide_at = null, decided_at = null, winner = null,
    held_until = null;
  return jsonb_build_object('kind', 'split', 'audience', v_audience);
end
$$;

create function public.leadwire_subject_test_json(t public.campaign_subject_tests) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('id', t.campaign_id, 'aId', t.a_id, 'bId', t.b_id, 'subjectA', t.subject_a,
    'subjectB', t.subject_b, 'templateA', t.template_a, 'templateB', t.template_b, 'decideAt', t.decide_at, 'decidedAt', t.decided_at, 'winner', t.winner);
$$;

-- The test that a campaign is a part of, or null.
create function public.leadwire_subject_test_of(p_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select public.leadwire_subject_test_json(t) from public.campaign_subject_tests t
  where p_id in (t.campaign_id, t.a_id, t.b_id) order by t.created_at desc limit 1;
$$;

-- What there is to do now; each is left to whoever asked first for p_hold_ms.
create function public.leadwire_subject_tests_due(p_hold_ms integer) returns jsonb
language sql set search_path = '' as $$
  with due as (
    select t.campaign_id from public.campaign_subject_tests t
    where t.decided_at is null and coalesce(t.decide_at, '-infinity') <= clock_timestamp()
      and coalesce(t.held_until, '-infinity') <= clock_timestamp()
    order by t.created_at for update skip locked
  ), held as (
    update public.campaign_subject_tests t
    set held_until = clock_timestamp() + make_interval(secs => p_hold_ms / 1000.0)
    from due d where t.campaign_id = d.campaign_id returning t.*
  )
  select coalesce(jsonb_agg(public.leadwire_subject_test_json(h)), '[]') from held as h;
$$;

-- Both were started: from here the time runs.
create function public.leadwire_subject_test_started(p_id uuid) returns void
language sql set search_path = '' as $$
  update public.campaign_subject_tests t
  set decide_at = (
      select max(coalesce(c.started_at, c.scheduled_for, clock_timestamp())) from public.campaigns c
      where c.id in (t.a_id, t.b_id)
    ) + t.wait, held_until = null
  where t.campaign_id = p_id and t.decide_at is null;
$$;

-- { winner, subject }: the one with more clicks among those who got it, then more opened; the first when they are alike.
-- The rest gets its subject or text if it is a draft still. Choosing again changes nothing.
create function public.leadwire_subject_test_choose(p_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_test public.campaign_subject_tests;
  v_winner text;
begin
  select * into v_test from public.campaign_subject_tests t where t.campaign_id = p_id for update;
  select case r.campaign_id when v_test.a_id then 'a' else 'b' end into v_winner
  from public.campaign_recipients r
  where r.campaign_id in (v_test.a_id, v_test.b_id) and r.status = 'sent'
  group by r.campaign_id
  order by count(r.clicked_at)::numeric / count(*) desc, count(r.opened_at)::numeric / count(*) desc,
    r.campaign_id = v_test.a_id desc
  limit 1;
  v_winner := coalesce(v_test.winner, v_winner, 'a');
  update public.campaign_subject_tests t set winner = v_winner where t.campaign_id = p_id;
  update public.campaigns c
  set subject = case v_winner when 'a' then v_test.subject_a else v_test.subject_b end,
    template = coalesce(case v_winner when 'a' then v_test.template_a else v_test.template_b end, c.template), updated_at = clock_timestamp()
  where c.id = p_id and c.status = 'draft';
  return jsonb_build_object('winner', v_winner);
end
$$;

-- p_is_won: the rest was started with the winner; otherwise a person has gone another way.
create function public.leadwire_subject_test_end(p_id uuid, p_is_won boolean) returns void
language sql set search_path = '' as $$
  update public.campaign_subject_tests t
  set decided_at = clock_timestamp(), winner = case when p_is_won then t.winner end
  where t.campaign_id = p_id and t.decided_at is null;
$$;

select public.leadwire_service_only('{campaign_subject_tests}');

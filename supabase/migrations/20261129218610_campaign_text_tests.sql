-- Two texts of a campaign can be tried as two subjects can.

alter table public.campaign_subject_tests add column if not exists template_a text;
alter table public.campaign_subject_tests add column if not exists template_b text;
alter table public.campaign_subject_tests alter column subject_a drop not null;
alter table public.campaign_subject_tests alter column subject_b drop not null;
comment on table public.campaign_subject_tests is
  'Two subjects or texts of a campaign, and which one won. Written by mailer-batch (leadwire_subject_test_*).';

-- It takes one argument more now.
drop function if exists public.leadwire_subject_test_split(uuid, uuid, uuid, text[], integer, integer, numeric);

-- Moves p_each people of a draft's list, chosen by chance, to each of two other drafts. All three get one topic, so that
-- the database lets nobody have two of them. { kind: split, audience }, { kind: changed }, { kind: not_draft, status },
-- { kind: count_differs, audience } or { kind: missing }. p_expected: everybody who would be written to now. Of p_subjects
-- and p_templates one is null.
create or replace function public.leadwire_subject_test_split(
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

create or replace function public.leadwire_subject_test_json(t public.campaign_subject_tests) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('id', t.campaign_id, 'aId', t.a_id, 'bId', t.b_id, 'subjectA', t.subject_a,
    'subjectB', t.subject_b, 'templateA', t.template_a, 'templateB', t.template_b, 'decideAt', t.decide_at, 'decidedAt', t.decided_at, 'winner', t.winner);
$$;

-- { winner, subject }: the one with more clicks among those who got it, then more opened; the first when they are alike.
-- The rest gets its subject or text if it is a draft still. Choosing again changes nothing.
create or replace function public.leadwire_subject_test_choose(p_id uuid) returns jsonb
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

select public.leadwire_service_only('{campaign_subject_tests}');

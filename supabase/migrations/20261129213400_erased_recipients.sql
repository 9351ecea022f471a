-- People who were erased keep a row without a contact: nobody copies it, or sends to it.

-- The list of one campaign as that of a draft: everybody who was in it, left-out people included. Who was erased is not in it.
create or replace function public.leadwire_campaign_copy_list(p_id uuid, p_from uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.campaigns c where c.id = p_id and c.status = 'draft' and not c.audience_ready for update;
  if not found then
    return false;
  end if;
  insert into public.campaign_recipients (campaign_id, lead_id, line, contact, name, variables)
  select p_id, r.lead_id, r.line, r.contact, r.name, r.variables
  from public.campaign_recipients r where r.campaign_id = p_from and r.contact is not null;
  insert into public.campaign_left_out (campaign_id, line, name, contact, reason)
  select p_id, l.line, l.name, l.contact, l.reason from public.campaign_left_out l where l.campaign_id = p_from;
  update public.campaigns c
  set audience = f.audience, audience_ready = f.audience_ready, updated_at = clock_timestamp()
  from public.campaigns f where c.id = p_id and f.id = p_from;
  return true;
end
$$;

-- Moves p_each people of a draft's list, chosen by chance, to each of two other drafts. All three get one topic, so that
-- the database lets nobody have two of them. { kind: split, audience }, { kind: changed }, { kind: not_draft, status },
-- { kind: count_differs, audience } or { kind: missing }. p_expected: everybody who would be written to now.
create or replace function public.leadwire_subject_test_split(
  p_id uuid, p_a uuid, p_b uuid, p_subjects text[], p_each integer, p_expected integer, p_wait_hours numeric
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
    scheduled_for = case when c.id = p_id then null else v_campaign.scheduled_for end,
    audience = c.audience || jsonb_build_object('kind', 'part')
  where c.id in (p_id, p_a, p_b);
  insert into public.campaign_subject_tests as t (campaign_id, a_id, b_id, subject_a, subject_b, wait)
  values (p_id, p_a, p_b, p_subjects[1], p_subjects[2], make_interval(secs => p_wait_hours::double precision * 3600))
  on conflict (campaign_id) do update set a_id = excluded.a_id, b_id = excluded.b_id, subject_a = excluded.subject_a,
    subject_b = excluded.subject_b, wait = excluded.wait, decide_at = null, decided_at = null, winner = null,
    held_until = null;
  return jsonb_build_object('kind', 'split', 'audience', v_audience);
end
$$;

select public.leadwire_service_only('{}');

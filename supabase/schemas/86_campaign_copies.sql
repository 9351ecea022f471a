-- What is done to drafts beside their texts and lists: changed by two people, copied, deleted.

-- As leadwire_campaign_patch, and a draft's subject (null: the template's), for a campaign as it was read: { kind: stale } when somebody has changed it since.
create function public.leadwire_campaign_patch_read(p_id uuid, p_patch jsonb, p_changed_at timestamptz) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns c where c.id = p_id for update;
  if found and p_changed_at is not null and v_campaign.updated_at is distinct from p_changed_at then
    return jsonb_build_object('kind', 'stale');
  end if;
  if p_patch ? 'subject' and v_campaign.status = 'draft' then
    update public.campaigns c set subject = p_patch ->> 'subject', updated_at = clock_timestamp() where c.id = p_id;
  end if;
  return public.leadwire_campaign_patch(p_id, case when v_campaign.status = 'draft' then p_patch - 'subject' else p_patch end);
end
$$;

-- Where the people of this upload came from; of an older one nothing is kept.
create function public.leadwire_campaign_set_source(p_id uuid, p_source jsonb) returns boolean
language sql set search_path = '' as $$
  with noted as (
    update public.campaigns c
    set audience = p_source || jsonb_strip_nulls(jsonb_build_object('notes', c.audience -> 'notes'))
    where c.id = p_id and c.status = 'draft' returning c.id
  )
  select exists (select from noted);
$$;

-- The list of one campaign as that of a draft: everybody who was in it, left-out people included. Who was erased is not in it.
create function public.leadwire_campaign_copy_list(p_id uuid, p_from uuid) returns boolean
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

-- A draft, or one that was cancelled before anybody was written to, with its list. { kind: deleted | missing } or
-- { kind: not_allowed, status }.
create function public.leadwire_campaign_delete(p_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns c where c.id = p_id for update;
  if not found then
    return jsonb_build_object('kind', 'missing');
  end if;
  if v_campaign.status <> 'draft' and not (v_campaign.status = 'cancelled' and v_campaign.started_at is null) then
    return jsonb_build_object('kind', 'not_allowed', 'status', v_campaign.status);
  end if;
  delete from public.campaign_recipients r where r.campaign_id = p_id;
  delete from public.campaign_left_out l where l.campaign_id = p_id;
  delete from public.campaign_batches b where b.campaign_id = p_id;
  delete from public.campaigns c where c.id = p_id;
  return jsonb_build_object('kind', 'deleted');
end
$$;

select public.leadwire_service_only('{}');

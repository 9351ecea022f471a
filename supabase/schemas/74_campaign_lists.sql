-- What is known of a campaign's list beside its people.

-- What mailer-batch noted of a draft's list (numbers of rows, no contacts), beside where the list came from. `superseded`
-- when another list was begun meanwhile.
create function public.leadwire_campaign_note_list(p_id uuid, p_upload uuid, p_notes jsonb) returns jsonb
language sql set search_path = '' as $$
  with noted as (
    update public.campaigns c set audience = coalesce(c.audience, '{}') || jsonb_build_object('notes', p_notes)
    where c.id = p_id and c.audience_upload = p_upload
    returning c.id
  )
  select jsonb_build_object('kind', case when exists (select from noted) then 'noted' else 'superseded' end);
$$;

select public.leadwire_service_only('{}');

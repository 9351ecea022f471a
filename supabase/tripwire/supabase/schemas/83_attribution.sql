-- Where students came from: the first and the last lead of their contacts, as the landing project knows it, so that a sale
-- knows its ad here as well.

alter table public.tripwire_users
  -- When a lead was last looked for.
  add column attribution_looked_at timestamptz;
create index tripwire_users_unattributed_idx on public.tripwire_users (attribution_looked_at nulls first)
  where lead_id is null;

-- Those without a lead, the longest not looked for first: [{ id, email, phone, createdAt, source, campaign }], the last
-- two as they stand there.
create function public.leadwire_unattributed_tripwire_users(most integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', u.id::text, 'email', u.email, 'phone', u.phone, 'createdAt', u.created_at,
    'source', left(u.utm_source, 500), 'campaign', left(u.utm_campaign, 500)
  )), '[]')
  from (
    select * from public.tripwire_users t
    where t.lead_id is null and (t.email is not null or t.phone is not null)
    order by t.attribution_looked_at nulls first
    limit most
  ) u;
$$;

-- Writes it where no lead stands yet; a row without leadId says that none was found. Answers how many rows it is about.
-- rows: [{ id, leadId, campaign, utm: { source, medium, campaign, content, term }, firstLeadId, firstUtm }]
create function public.leadwire_attribute_tripwire_users(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{id}', '{leadId,firstLeadId}', '{}');
  update public.tripwire_users t
  set attribution_looked_at = now(), lead_id = r."leadId", campaign = coalesce(t.campaign, r.campaign),
    utm_source = coalesce(t.utm_source, r.utm ->> 'source'), utm_medium = coalesce(t.utm_medium, r.utm ->> 'medium'),
    utm_campaign = coalesce(t.utm_campaign, r.utm ->> 'campaign'),
    utm_content = coalesce(t.utm_content, r.utm ->> 'content'), utm_term = coalesce(t.utm_term, r.utm ->> 'term'),
    first_lead_id = coalesce(t.first_lead_id, r."firstLeadId"),
    first_utm_source = coalesce(t.first_utm_source, r."firstUtm" ->> 'source'),
    first_utm_medium = coalesce(t.first_utm_medium, r."firstUtm" ->> 'medium'),
    first_utm_campaign = coalesce(t.first_utm_campaign, r."firstUtm" ->> 'campaign')
  from jsonb_to_recordset(rows) as r(
    id text, "leadId" uuid, campaign text, utm jsonb, "firstLeadId" uuid, "firstUtm" jsonb
  )
  where t.id::text = r.id and t.lead_id is null;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select public.leadwire_service_only('{}');

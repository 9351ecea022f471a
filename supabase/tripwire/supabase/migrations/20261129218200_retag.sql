-- Attribution that contradicts what stands in a row is told, and written over it once a person has decided so.

-- Those without a lead, the longest not looked for first: [{ id, email, phone, createdAt, source, campaign }], the last
-- two as they stand there.
create or replace function public.leadwire_unattributed_tripwire_users(most integer) returns jsonb
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

-- The tags of a lead in place of what stood there: a person has decided so. Answers how many rows.
-- rows: [{ id, campaign, utm: { source, medium, campaign, content, term } }]
create or replace function public.leadwire_retag_tripwire_users(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{id}', '{}', '{}');
  update public.tripwire_users t
  set campaign = coalesce(r.campaign, t.campaign), utm_source = r.utm ->> 'source', utm_medium = r.utm ->> 'medium',
    utm_campaign = r.utm ->> 'campaign', utm_content = r.utm ->> 'content', utm_term = r.utm ->> 'term'
  from jsonb_to_recordset(rows) as r(id text, campaign text, utm jsonb)
  where t.id::text = r.id;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select public.leadwire_service_only('{}');

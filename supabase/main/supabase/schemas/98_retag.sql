-- The tags of a lead in place of what stood there: a person has decided so. Answers how many rows.
-- rows: [{ id, campaign, utm: { source, medium, campaign, content, term } }]
create function public.leadwire_retag_users(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{id}', '{}', '{}');
  update public.users t
  set campaign = coalesce(r.campaign, t.campaign), utm_source = r.utm ->> 'source', utm_medium = r.utm ->> 'medium',
    utm_campaign = r.utm ->> 'campaign', utm_content = r.utm ->> 'content', utm_term = r.utm ->> 'term'
  from jsonb_to_recordset(rows) as r(id text, campaign text, utm jsonb)
  where t.id::text = r.id;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select public.leadwire_service_only('{}');

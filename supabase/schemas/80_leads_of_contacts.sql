-- The leads of contacts that another project asks about.

-- The first and the last lead of each, until a day after `createdAt` when that is given: of the phone, or else of the
-- address. rows: [{ id, email, phone, createdAt }], phone in E.164. Answers one for each row:
-- [{ id, leadId, campaign, utm, firstLeadId, firstUtm }], the ids null where there is none.
create function public.leadwire_leads_of_contacts(rows jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  perform public.leadwire_check_rows(rows, '{id}', '{}', '{}');
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', r.id, 'leadId', z.id, 'campaign', z.campaign, 'utm', z.utm, 'firstLeadId', a.id, 'firstUtm', a.utm
    )), '[]')
    from jsonb_to_recordset(rows) as r(id text, email text, phone text, "createdAt" timestamptz)
    left join lateral (
      select array_agg(l.id order by l.created_at, l.id) as ids from public.landing_leads l
      where l.phone = r.phone and l.created_at <= coalesce(r."createdAt" + interval '1 day', 'infinity')
    ) p on true
    left join lateral (
      select array_agg(l.id order by l.created_at, l.id) as ids from public.landing_leads l
      where p.ids is null and l.email in (r.email, lower(r.email))
        and l.created_at <= coalesce(r."createdAt" + interval '1 day', 'infinity')
    ) e on true
    left join lateral (
      select l.id, jsonb_build_object('source', l.utm_source, 'medium', l.utm_medium, 'campaign', l.utm_campaign) as utm
      from public.landing_leads l where l.id = (coalesce(p.ids, e.ids))[1]
    ) a on true
    left join lateral (
      select l.id, l.campaign, jsonb_build_object('source', l.utm_source, 'medium', l.utm_medium,
        'campaign', l.utm_campaign, 'content', l.utm_content, 'term', l.utm_term) as utm
      from public.landing_leads l
      where l.id = (coalesce(p.ids, e.ids))[cardinality(coalesce(p.ids, e.ids))]
    ) z on true
  );
end
$$;

select public.leadwire_service_only('{}');

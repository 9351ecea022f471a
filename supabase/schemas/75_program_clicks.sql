-- Clicks of scanners and previews: [{ deliveryId, leadId, eventId, at, shortLink }]. They are counted beside those of
-- people, each event once, and say nothing of a person.
create function public.leadwire_store_program_clicks(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{deliveryId,at,eventId}', '{deliveryId,leadId}', '{at}');
  perform public.leadwire_lock();
  insert into public.short_links as s (code, lead_id, delivery_id, url, created_at)
  select r."shortLink" ->> 'code', min(r."leadId"::text)::uuid, min(r."deliveryId"::text)::uuid,
    min(r."shortLink" ->> 'url'), min(r.at)
  from jsonb_to_recordset(rows) as r("deliveryId" uuid, "leadId" uuid, at timestamptz, "shortLink" jsonb)
  where r."shortLink" ->> 'code' <> ''
  group by 1
  on conflict (code) do nothing;

  with fresh as (
    insert into public.short_link_clicks (event_id, code, clicked_at, by_program)
    select r."eventId", r."shortLink" ->> 'code', r.at, true
    from jsonb_to_recordset(rows) as r("eventId" text, at timestamptz, "shortLink" jsonb)
    where r."shortLink" ->> 'code' <> ''
    on conflict (event_id) do nothing
    returning code
  )
  update public.short_links s set program_clicks = s.program_clicks + c.clicks
  from (select f.code, count(*) as clicks from fresh f group by f.code) as c
  where s.code = c.code;

  update public.scheduled_notifications n
  set program_clicked_at = least(n.program_clicked_at, r.at), updated_at = now()
  from (
    select x."deliveryId" as id, min(x.at) as at
    from jsonb_to_recordset(rows) as x("deliveryId" uuid, at timestamptz) group by 1
  ) as r
  where n.id = r.id;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select public.leadwire_service_only('{}');

-- Whole pages of the console in one call each: every call has its own transaction and its own look at who asks.

-- Everything about one lead, as the one who asks may see it: this function has no rights of its own, the views and
-- policies decide. Answers { lead, deliveries, groups: [{ id, title }], others: [{ id, created_at, kind, utm_source }], the newest
-- leads with the same number or address }; null for a lead that is not there or not theirs.
create function public.console_lead(lead uuid) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'lead', to_jsonb(v) || private.taken_by(v.id) || coalesce((
      select jsonb_build_object('consent_at', l.consent_at, 'consent_text', l.consent_text)
      from public.landing_leads l where l.id = v.id
    ), '{"consent_at": null, "consent_text": null}'),
    'deliveries', (select coalesce(jsonb_agg(to_jsonb(d) order by d.created_at, d.id), '[]') from (
      select n.* from public.staff_deliveries n where n.lead_id = v.id order by n.created_at, n.id limit 200) d),
    'groups', (select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'title', g.title)), '[]')
      from public.telegram_groups g),
    'others', (select coalesce(jsonb_agg(to_jsonb(o) order by o.created_at desc, o.id), '[]') from (
      select s.id, s.created_at, s.kind, s.utm_source from (
        (select l.* from public.landing_leads l where l.phone = v.phone and v.phone <> '' and l.id <> v.id
          order by l.created_at desc limit 10)
        union
        (select l.* from public.landing_leads l where l.email = v.email and v.email <> '' and l.id <> v.id
          order by l.created_at desc limit 10)
      ) s order by s.created_at desc limit 10) o)
  ) from public.staff_leads v where v.id = lead
$$;

-- What waits for a person, the newest `most` of each, for whoever sees contacts: { held: leads, unknown: [{ channel, at, lead }]
-- messages of which nobody knows whether they went, conflicts and tags as the two functions answer them }; a lead is
-- { id, name, created_at, quarantine }. Of somebody who was erased meanwhile there is nothing to decide.
create function public.console_problems(most integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if not private.sees_contacts() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return jsonb_build_object(
    'held', (select coalesce(jsonb_agg(to_jsonb(h) order by h.created_at desc), '[]') from (
      select l.id, l.name, l.created_at, l.quarantine from public.landing_leads l
      where l.quarantined order by l.created_at desc limit most) h),
    'unknown', (select coalesce(jsonb_agg(jsonb_build_object('channel', u.channel, 'at', u.updated_at, 'lead',
      jsonb_build_object('id', l.id, 'name', l.name, 'created_at', l.created_at, 'quarantine', l.quarantine))
      order by u.scheduled_for desc), '[]') from (
        select n.channel, n.updated_at, n.lead_id, n.scheduled_for from public.scheduled_notifications n
        where n.status = 'unknown' and n.campaign_id is null and n.reason is distinct from 'erased'
        order by n.scheduled_for desc limit most) u
      join public.landing_leads l on l.id = u.lead_id),
    'conflicts', public.console_identity_conflicts(most),
    'tags', public.console_attribution_conflicts(most)
  );
end
$$;

revoke all on function public.console_lead(uuid), public.console_problems(integer) from public, anon;
grant execute on function public.console_lead(uuid), public.console_problems(integer) to authenticated, service_role;

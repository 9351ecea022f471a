-- How long rows are kept is the caller's to say (services/lead-store/src/retention.ts): calls of providers and leads that
-- were held and never let out are removed; of older leads the row stays without the person, because it is counted.

-- Answers how many: { calls, held, leads, sequencePeople }. Suppressions and what people chose stay: they keep us from writing.
create or replace function public.leadwire_keep_rows(
  calls_from timestamptz, held_from timestamptz, leads_from timestamptz
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  held uuid[];
  leads uuid[];
  calls integer;
begin
  perform public.leadwire_lock();
  delete from public.integration_logs g where g.created_at < calls_from;
  get diagnostics calls = row_count;

  held := array(select l.id from public.landing_leads l where l.quarantined and l.created_at < held_from);
  -- Older tables may insist that a delivery's lead exists.
  delete from public.short_links s where s.lead_id = any (held);
  delete from public.scheduled_notifications n where n.lead_id = any (held);
  delete from public.unified_lead_tracking u where u.lead_id = any (held);
  delete from public.landing_leads l where l.id = any (held);

  leads := array(
    select l.id from public.landing_leads l
    where l.created_at < leads_from
      and (l.name, l.email, l.phone, l.answers, l.attribution) is distinct from (null, null, null, null, null)
  );
  -- A row that has its event is not filled again by a replay.
  update public.landing_leads l
  set name = null, email = null, phone = null, metadata = '{}', answers = null, attribution = null, page_url = null,
    referrer = null, fbclid = null, gclid = null, yclid = null, ttclid = null, fbp = null, fbc = null,
    email_error = null, sms_error = null, amocrm_error = null, person_id = null,
    consent_at = null, consent_text = null,
    event_id = coalesce(l.event_id, 'too_old'), updated_at = clock_timestamp()
  where l.id = any (leads);
  update public.unified_lead_tracking u
  set name = null, email = null, phone = null, email_error = null, sms_error = null, updated_at = clock_timestamp()
  where u.lead_id = any (leads);
  return jsonb_build_object('calls', calls, 'held', cardinality(held), 'leads', cardinality(leads),
    'sequencePeople', public.leadwire_sequence_forget(leads_from));
end
$$;

select public.leadwire_service_only('{}');

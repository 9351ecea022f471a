-- Leads that were kept in other tables before (unified_lead_tracking, and lead_tracking of the tripwire project): brought
-- into landing_leads once, each under the name of its table. Nobody is written to: no event is told of them.

alter table public.landing_leads
  -- Where a lead of before stood; null for all that came as events.
  add column source_table text,
  add column source_id text;
create unique index landing_leads_source_key on public.landing_leads (source_table, source_id)
  where source_table is not null;
-- The lead that a row of before is, or is a duplicate of; such a row stays as it is.
alter table public.unified_lead_tracking add column landing_lead_id uuid;

-- Brings rows of another table in. A row of a contact that left a lead within `near_seconds` is that lead told twice: it
-- is tied to it. Answers [{ sourceId, leadId, outcome }]; outcome is imported, tied or no_contact (nothing is written).
-- rows: [{ sourceId, kind, campaign, name, email, phone, source, paymentMethod, utm: { source, medium, campaign,
--   content, term }, metadata, createdAt, emailSent, emailSentAt, smsSent, smsSentAt, dealId }], sourceId and createdAt required.
create function public.leadwire_import_older_leads(from_table text, rows jsonb, near_seconds integer) returns jsonb
language plpgsql set search_path = '' as $$
declare
  old record;
  lead uuid;
  came text;
  answers jsonb := '[]';
begin
  perform public.leadwire_check_rows(rows, '{sourceId,createdAt}', '{}', '{createdAt,emailSentAt,smsSentAt}');
  perform public.leadwire_lock();
  for old in
    select * from jsonb_to_recordset(rows) as r(
      "sourceId" text, kind text, campaign text, name text, email text, phone text, source text, "paymentMethod" text,
      utm jsonb, metadata jsonb, "createdAt" timestamptz, "emailSent" boolean, "emailSentAt" timestamptz,
      "smsSent" boolean, "smsSentAt" timestamptz, "dealId" bigint
    )
    order by r."createdAt", r."sourceId"
  loop
    lead := null;
    came := 'no_contact';
    if old.email is not null or old.phone is not null then
      select l.id into lead from public.landing_leads l
      where l.source_table = from_table and l.source_id = old."sourceId";
      came := 'imported';
      if lead is null then
        select l.id into lead from public.landing_leads l
        where (l.phone = old.phone or l.email in (old.email, lower(old.email)))
          and l.created_at between old."createdAt" - make_interval(secs => near_seconds)
            and old."createdAt" + make_interval(secs => near_seconds)
        order by (l.phone = old.phone) desc nulls last, abs(extract(epoch from l.created_at - old."createdAt")), l.id
        limit 1;
        came := case when lead is null then 'imported' else 'tied' end;
      end if;
      if lead is null then
        lead := gen_random_uuid();
        insert into public.landing_leads (
          id, source_table, source_id, kind, campaign, name, email, phone, source, payment_method, utm_source, utm_medium,
          utm_campaign, utm_content, utm_term, metadata, created_at, email_sent, email_status, email_sent_at, sms_sent,
          sms_status, sms_sent_at, amocrm_synced, amocrm_deal_id
        )
        values (
          lead, from_table, old."sourceId", old.kind, old.campaign, coalesce(old.name, ''), old.email, old.phone, old.source,
          old."paymentMethod", old.utm ->> 'source', old.utm ->> 'medium', old.utm ->> 'campaign', old.utm ->> 'content',
          old.utm ->> 'term', coalesce(old.metadata, '{}'), old."createdAt", coalesce(old."emailSent", false),
          case when old."emailSent" then 'sent' end, old."emailSentAt", coalesce(old."smsSent", false),
          case when old."smsSent" then 'sent' end, old."smsSentAt", old."dealId" is not null, old."dealId"
        );
        perform public.leadwire_tie_people(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
          'leadId', lead, 'email', lower(old.email), 'at', to_char(old."createdAt" at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'phone', case when old.phone ~ '^\+\d{7,15}$' then old.phone end
        ))));
      end if;
      if from_table = 'unified_lead_tracking' then
        -- As old as the lead's row: what the row says stays until something becomes of the lead.
        update public.unified_lead_tracking u
        set landing_lead_id = lead, lead_id = case when came = 'imported' then coalesce(u.lead_id, lead) else u.lead_id end,
          updated_at = case when came = 'imported' then l.updated_at else u.updated_at end
        from public.landing_leads l
        where u.id::text = old."sourceId" and l.id = lead;
      elsif came = 'imported' then
        perform public.leadwire_refresh_leads(array[lead]);
      end if;
    end if;
    answers := answers || jsonb_build_object('sourceId', old."sourceId", 'leadId', lead, 'outcome', came);
  end loop;
  return answers;
end
$$;

select public.leadwire_service_only('{}');
-- Leads as readers of before ask for them.
create view public.lead_tracking with (security_invoker = true) as
select l.id, l.id as lead_id, l.kind, l.campaign, l.name, l.email, l.phone, l.source, l.payment_method, l.utm_source,
  l.utm_medium, l.utm_campaign, l.utm_content, l.utm_term, l.email_status, l.email_sent, l.email_sent_at, l.email_error,
  l.sms_status, l.sms_sent, l.sms_sent_at, l.sms_error, l.source_table, l.created_at, l.updated_at
from public.landing_leads l;
comment on view public.lead_tracking is 'Leads under an older name. Nobody writes it.';
revoke all on public.lead_tracking from public, anon, authenticated;
grant select on public.lead_tracking to service_role;

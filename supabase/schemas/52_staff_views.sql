-- Leads and their messages as everybody who works here reads them: a targetologist has the rows of their own tags, and
-- whoever may not see contacts finds null in their columns. The tables underneath are for owner and sales.
-- These views run as their owner, past the policies of the tables: the where clause is the rule, and it stands beside
-- the reader's own filters, so that an index serves both (docs/decisions/0014-who-sees-what.md).

create or replace view public.staff_leads with (security_invoker = false) as
select l.id, l.kind, l.campaign, l.source, l.created_at, l.updated_at, l.payment_method, l.quarantined, l.contact_issues,
  l.utm_source, l.utm_medium, l.utm_campaign, l.utm_content, l.utm_term,
  case when (select private.sees_contacts()) then l.name end as name,
  case when (select private.sees_contacts()) then l.email end as email,
  case when (select private.sees_contacts()) then l.phone end as phone,
  case when (select private.sees_contacts()) then l.answers end as answers,
  case when (select private.sees_contacts()) then l.metadata end as metadata,
  l.email_status, l.email_sent, l.email_sent_at, l.email_delivered_at, l.email_opened_at, l.email_clicked_at,
  l.email_bounced_at,
  case when (select private.sees_contacts()) then l.email_error else private.without_contacts(l.email_error) end
    as email_error,
  l.sms_status, l.sms_sent, l.sms_sent_at, l.sms_delivered_at, l.sms_clicked_at,
  case when (select private.sees_contacts()) then l.sms_error else private.without_contacts(l.sms_error) end
    as sms_error,
  l.amocrm_synced, l.amocrm_synced_at, l.amocrm_deal_id, l.amocrm_stage_id, l.amocrm_stage, l.amocrm_deleted_at,
  case when (select private.sees_contacts()) then l.amocrm_contact_id end as amocrm_contact_id,
  case when (select private.sees_contacts()) then l.amocrm_error else private.without_contacts(l.amocrm_error) end
    as amocrm_error
from public.landing_leads l
where (select private.staff_role()) in ('owner', 'sales', 'viewer')
  or lower(l.utm_source) = any ((select private.own_utm_sources())::text[]);

create or replace view public.staff_deliveries with (security_invoker = false) as
select n.id, n.lead_id, n.campaign_id, n.channel, n.template, n.status, n.scheduled_for, n.planned_at, n.sent_at,
  n.failed_at, n.skipped_at, n.delivered_at, n.bounced_at, n.complained_at, n.opened_at, n.clicked_at, n.provider_id,
  n.attempts, n.reason, n.bounce_reason, n.created_at, n.updated_at,
  case when (select private.sees_contacts()) then n.error else private.without_contacts(n.error) end as error
from public.scheduled_notifications n
where (select private.staff_role()) in ('owner', 'sales', 'viewer')
  or exists (
    select from public.landing_leads l
    where l.id = n.lead_id and lower(l.utm_source) = any ((select private.own_utm_sources())::text[])
  );

-- Campaigns without their lists and texts for one person.
create or replace view public.staff_campaigns with (security_invoker = false) as
select c.id, c.name, c.channel, c.template, c.topic, c.subject, c.status, c.total, c.rate_per_second, c.scheduled_for,
  c.quiet_hours, c.time_zone, c.pause_reason, c.started_at, c.paused_at, c.finished_at, c.cancelled_at, c.created_at,
  c.updated_at
from public.campaigns c
where (select private.staff_role()) in ('owner', 'sales', 'viewer');

-- Who may do what. The service key everything; a visitor nothing; somebody who works here what stands below, and only
-- reading, but for owners and the table of staff.

do $$
declare
  item record;
  outsider text;
begin
  for item in
    select c.oid::regclass as name, c.relkind from pg_catalog.pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
      and c.relname in ('landing_leads', 'unified_lead_tracking', 'scheduled_notifications', 'short_links',
        'short_link_clicks', 'integration_tokens', 'integration_logs', 'telegram_groups', 'crm_deals', 'campaigns',
        'campaign_recipients', 'campaign_left_out', 'campaign_batches', 'campaign_topic_sends', 'exclusion_lists',
        'suppressions', 'staff', 'audit_log', 'staff_leads', 'staff_deliveries',
        'staff_campaigns')
  loop
    if item.relkind <> 'v' then
      execute format('alter table %s enable row level security', item.name);
    end if;
    -- Also what a bundled database of before granted by itself.
    execute format('revoke all on %s from public', item.name);
    for outsider in select rolname from pg_catalog.pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on %s from %I', item.name, outsider);
    end loop;
    execute format('grant all on %s to service_role', item.name);
  end loop;
  for item in
    select p.oid::regprocedure as name from pg_catalog.pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'leadwire\_%'
  loop
    execute format('revoke all on function %s from public, anon, authenticated', item.name);
    execute format('grant execute on function %s to service_role', item.name);
  end loop;
end
$$;

revoke all on all functions in schema private from public, anon, authenticated;
grant usage on schema private to authenticated, service_role;
grant execute on function private.staff_role(), private.staff_id(), private.sees_contacts(), private.is_owner(),
  private.own_utm_sources(), private.without_contacts(text) to authenticated, service_role;

-- Everybody who works here, each as far as the views go.
grant select on public.staff_leads, public.staff_deliveries, public.staff_campaigns to authenticated;

-- Whole tables.
grant select on public.landing_leads, public.unified_lead_tracking, public.scheduled_notifications,
  public.short_links, public.short_link_clicks, public.integration_logs, public.crm_deals,
  public.telegram_groups, public.campaigns, public.campaign_recipients, public.campaign_left_out,
  public.campaign_batches, public.suppressions, public.exclusion_lists, public.audit_log, public.staff
  to authenticated;
grant insert (id, email, name, role, utm_sources, active), update (name, role, utm_sources, active)
  on public.staff to authenticated;

do $$
declare
  item record;
begin
  for item in
    select t.name, t.who from (values
      -- Contacts, or what may hold them.
      ('landing_leads', 'sees_contacts'), ('unified_lead_tracking', 'sees_contacts'),
      ('scheduled_notifications', 'sees_contacts'), ('short_links', 'sees_contacts'),
      ('short_link_clicks', 'sees_contacts'), ('integration_logs', 'sees_contacts'),
      ('campaign_recipients', 'sees_contacts'), ('campaign_left_out', 'sees_contacts'),
      ('campaign_batches', 'sees_contacts'), ('suppressions', 'sees_contacts'),
      ('exclusion_lists', 'sees_contacts'), ('crm_deals', 'sees_contacts'),
      ('telegram_groups', 'sees_contacts'), ('campaigns', 'sees_contacts'),
      ('audit_log', 'is_owner')
    ) as t(name, who)
  loop
    execute format('drop policy if exists staff_read on public.%I', item.name);
    execute format(
      'create policy staff_read on public.%I for select to authenticated using ((select private.%I()))',
      item.name, item.who
    );
  end loop;
end
$$;

drop policy if exists staff_read on public.staff;
create policy staff_read on public.staff for select to authenticated
  using ((select private.is_owner()) or (id = (select private.staff_id())));
drop policy if exists staff_add on public.staff;
create policy staff_add on public.staff for insert to authenticated
  with check ((select private.is_owner()));
drop policy if exists staff_change on public.staff;
create policy staff_change on public.staff for update to authenticated
  using ((select private.is_owner())) with check ((select private.is_owner()));

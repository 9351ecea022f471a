-- What should be looked at each day, week and month.

-- asked: { now, keepLeadsDays, keepLogsDays }. Answers { hasDeals, unsynced, dealless, conflicts, unknown, unattributed:
-- counts; unpaid: sources with leads of a week and no spend; unprotected: tables without row level security; open: tables
-- that visitors may read or write; unindexed: [table.column] of foreign keys; unused: [{ name, bytes }] indexes; tables:
-- [{ name, bytes, rows }], the largest; oldLeads, oldLogs: rows that are older than they should get }.
create function public.leadwire_upkeep(asked jsonb) returns jsonb
language sql stable set search_path = '' as $$
  with t as (select (asked ->> 'now')::timestamptz as now), tables as (
    select c.oid, c.relname::text as name, c.relrowsecurity as is_protected, c.reltuples
    from pg_catalog.pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  )
  select jsonb_build_object(
    'hasDeals', exists (select from public.crm_deals d where d.deal_id is not null),
    'unsynced', (select count(*) from public.landing_leads l where l.created_at > t.now - interval '30 days'
      and l.created_at < t.now - interval '1 hour' and not l.quarantined and not l.amocrm_synced),
    'dealless', (select count(*) from public.person_identities i where i.kind = 'student'
      and i.since < t.now - interval '1 hour'
      and not exists (select from public.crm_deals d where d.student_id = i.value and d.deal_id is not null)),
    'conflicts', (select count(*) from public.identity_conflicts c where c.decision is null),
    'unknown', (select count(*) from public.scheduled_notifications n
      where n.status = 'unknown' and n.reason is distinct from 'erased' and n.scheduled_for > t.now - interval '7 days'),
    'unattributed', (select count(*) from public.sales s where s.sold_at > t.now - interval '30 days'
      and s.last_lead_id is null and s.superseded_by is null),
    'unpaid', (select coalesce(jsonb_agg(u.source order by u.leads desc, u.source), '[]') from (
      select left(lower(l.utm_source), 200) as source, count(*) as leads from public.landing_leads l
      where l.created_at > t.now - interval '7 days' and l.utm_source <> '' and lower(l.utm_source) not like 'ref\_%'
        and not exists (select from public.ad_spend a
          where a.utm_source = lower(l.utm_source) and a.day > (t.now - interval '8 days')::date)
      group by 1 having count(*) >= 5 order by 2 desc, 1 limit 10) u),
    'unprotected', (select coalesce(jsonb_agg(c.name order by c.name), '[]') from tables c where not c.is_protected),
    'open', (select coalesce(jsonb_agg(c.name order by c.name), '[]') from tables c
      where exists (select from pg_catalog.pg_roles r where r.rolname = 'anon'
        and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete'))),
    'unindexed', (select coalesce(jsonb_agg(c.name || '.' || a.attname order by 1), '[]')
      from pg_catalog.pg_constraint k join tables c on c.oid = k.conrelid
      join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
      where k.contype = 'f' and not exists (
        select from pg_catalog.pg_index x where x.indrelid = k.conrelid and x.indkey[0] = k.conkey[1])),
    'unused', (select coalesce(jsonb_agg(jsonb_build_object('name', u.name, 'bytes', u.bytes)), '[]') from (
      select s.indexrelname::text as name, pg_relation_size(s.indexrelid) as bytes
      from pg_catalog.pg_stat_user_indexes s join pg_catalog.pg_index x on x.indexrelid = s.indexrelid
      where s.schemaname = 'public' and s.idx_scan = 0 and not x.indisunique
        and pg_relation_size(s.indexrelid) > 1048576
      order by 2 desc limit 10) u),
    'tables', (select coalesce(jsonb_agg(jsonb_build_object('name', b.name, 'bytes', b.bytes, 'rows', b.rows)), '[]') from (
      select c.name, pg_total_relation_size(c.oid) as bytes, greatest(c.reltuples, 0)::bigint as rows
      from tables c order by 2 desc, 1 limit 5) b),
    'oldLeads', (select count(*) from public.landing_leads l
      where l.created_at < t.now - make_interval(days => (asked ->> 'keepLeadsDays')::integer)),
    'oldLogs', (select count(*) from public.integration_logs g
      where g.created_at < t.now - make_interval(days => (asked ->> 'keepLogsDays')::integer))
  )
  from t;
$$;

select public.leadwire_service_only('{}');

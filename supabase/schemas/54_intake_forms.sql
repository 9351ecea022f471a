-- Forms of other people's making that post leads, what of their posts made no lead, and where leads come from.

-- One row per form. Written by the CLI and the console, or by hand; lead-store carries the rows to landing-api.
create table if not exists public.intake_forms (
  slug text primary key,
  kind text not null default 'request',
  -- auto, or how the sender writes (packages/shared/src/contract/intake-forms.ts).
  dialect text not null default 'auto',
  -- { "their field": "ours" }
  mapping jsonb not null default '{}'::jsonb,
  -- What the sender signs with or shows; null lets everybody post.
  secret text,
  active boolean not null default true,
  last_lead_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Posts as they came, for as long as lead-store keeps them: read again by "leadwire forms retry".
create table if not exists public.intake_rejects (
  id uuid primary key,
  form text not null,
  dialect text,
  reason text not null,
  fields jsonb not null default '[]'::jsonb,
  content_type text not null default '',
  query text not null default '',
  body text not null,
  encoding text not null default 'utf8',
  received_at timestamptz not null,
  -- open, or taken: a lead was made of it after all.
  state text not null default 'open',
  lead_id uuid,
  taken_at timestamptz,
  created_at timestamptz not null default now()
);
create index if not exists intake_rejects_form_idx on public.intake_rejects (form, received_at);
create index if not exists intake_rejects_open_idx on public.intake_rejects (received_at) where state = 'open';

alter table public.landing_leads
  add column if not exists form text,
  add column if not exists attribution jsonb,
  add column if not exists first_utm_source text,
  add column if not exists first_utm_medium text,
  add column if not exists first_utm_campaign text,
  add column if not exists first_utm_content text,
  add column if not exists first_utm_term text,
  add column if not exists page_url text,
  add column if not exists referrer text,
  add column if not exists fbclid text,
  add column if not exists gclid text,
  add column if not exists yclid text,
  add column if not exists ttclid text,
  add column if not exists fbp text,
  add column if not exists fbc text;
create index if not exists landing_leads_form_idx on public.landing_leads (form, created_at) where form is not null;

-- Stores posts that made no lead; a repeat changes nothing.
-- rows: [{ rejectId, form, dialect, reason, fields, contentType, query, body, encoding, receivedAt }]
create or replace function public.leadwire_store_rejects(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  created integer;
begin
  perform public.leadwire_check_rows(rows, '{rejectId,form,reason,receivedAt}', '{rejectId}', '{receivedAt}');
  insert into public.intake_rejects (
    id, form, dialect, reason, fields, content_type, query, body, encoding, received_at
  )
  select distinct on (r."rejectId") r."rejectId", r.form, r.dialect, r.reason, coalesce(r.fields, '[]'),
    coalesce(r."contentType", ''), coalesce(r.query, ''), coalesce(r.body, ''), coalesce(r.encoding, 'utf8'),
    r."receivedAt"
  from jsonb_to_recordset(rows) as r(
    "rejectId" uuid, form text, dialect text, reason text, fields jsonb, "contentType" text, query text, body text,
    encoding text, "receivedAt" timestamptz
  )
  order by r."rejectId"
  on conflict (id) do nothing;
  get diagnostics created = row_count;
  return created;
end
$$;

-- Adds where leads came from to their rows, and the time of its last lead to each form; a repeat changes nothing.
-- rows: [{ leadId, form, attribution, receivedAt }], after leadwire_store_leads has made the lead's row.
create or replace function public.leadwire_store_attribution(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  changed integer;
begin
  perform public.leadwire_check_rows(rows, '{leadId,receivedAt}', '{leadId}', '{receivedAt}');
  perform public.leadwire_lock();

  update public.landing_leads l
  set form = coalesce(l.form, r.form), attribution = coalesce(l.attribution, r.attribution),
    first_utm_source = r.attribution #>> '{first,utm,source}',
    first_utm_medium = r.attribution #>> '{first,utm,medium}',
    first_utm_campaign = r.attribution #>> '{first,utm,campaign}',
    first_utm_content = r.attribution #>> '{first,utm,content}',
    first_utm_term = r.attribution #>> '{first,utm,term}',
    page_url = r.attribution #>> '{last,page}', referrer = r.attribution #>> '{last,referrer}',
    fbclid = r.attribution #>> '{clickIds,fbclid}', gclid = r.attribution #>> '{clickIds,gclid}',
    yclid = r.attribution #>> '{clickIds,yclid}', ttclid = r.attribution #>> '{clickIds,ttclid}',
    fbp = r.attribution #>> '{clickIds,fbp}', fbc = r.attribution #>> '{clickIds,fbc}'
  from jsonb_to_recordset(rows) as r("leadId" uuid, form text, attribution jsonb)
  where l.id = r."leadId" and l.attribution is null and l.form is null;
  get diagnostics changed = row_count;

  update public.intake_forms f
  set last_lead_at = r.at
  from (
    select t.form, max(t."receivedAt") as at
    from jsonb_to_recordset(rows) as t(form text, "receivedAt" timestamptz)
    where t.form is not null
    group by t.form
  ) r
  where f.slug = r.form and (f.last_lead_at is null or f.last_lead_at < r.at);
  return changed;
end
$$;

-- Adds a form, or changes the one with its slug. form: { slug, kind, dialect, mapping, secret, active }
create or replace function public.leadwire_put_form(form jsonb) returns void
language sql set search_path = '' as $$
  insert into public.intake_forms (slug, kind, dialect, mapping, secret, active)
  values (form ->> 'slug', form ->> 'kind', form ->> 'dialect', form -> 'mapping', form ->> 'secret',
    (form ->> 'active')::boolean)
  on conflict (slug) do update
  set kind = excluded.kind, dialect = excluded.dialect, mapping = excluded.mapping, secret = excluded.secret,
    active = excluded.active, updated_at = now();
$$;

-- A lead was made of a kept post after all; `lead` is null when the sender's answer does not name it.
create or replace function public.leadwire_take_reject(reject uuid, lead uuid) returns void
language sql set search_path = '' as $$
  update public.intake_rejects set state = 'taken', lead_id = lead, taken_at = now() where id = reject;
$$;

-- Who may do what, as for every table and function before these.
do $$
declare
  item record;
  outsider text;
begin
  for item in
    select c.oid::regclass as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and c.relname in ('intake_forms', 'intake_rejects')
  loop
    execute format('alter table %s enable row level security', item.name);
    execute format('revoke all on table %s from public', item.name);
    for outsider in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on table %s from %I', item.name, outsider);
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant all on table %s to service_role', item.name);
    end if;
  end loop;

  for item in
    select p.oid::regprocedure as name from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('leadwire_store_rejects', 'leadwire_store_attribution', 'leadwire_put_form', 'leadwire_take_reject')
  loop
    execute format('revoke all on function %s from public', item.name);
    for outsider in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on function %s from %I', item.name, outsider);
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', item.name);
    end if;
  end loop;
end
$$;

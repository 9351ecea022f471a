-- The two lists of people who are not written to, edited by hand: suppressions and the standing exclusions. Contacts
-- come in their normal form. Each function is one transaction and may be repeated.

-- [{ channel, contact, reason, source, createdAt }], the newest first.
create or replace function public.leadwire_campaign_suppressions(p_offset integer, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'channel', p.channel, 'contact', p.contact, 'reason', p.reason, 'source', p.source, 'createdAt', p.created_at
  ) order by p.created_at desc, p.id), '[]')
  from (
    select s.* from public.suppressions s order by s.created_at desc, s.id offset p_offset limit p_limit
  ) as p;
$$;

-- p_rows: [{ channel, contact }]. Who is suppressed already keeps the reason. Answers how many are new.
create or replace function public.leadwire_campaign_suppress(p_rows jsonb, p_source text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_new integer;
begin
  insert into public.suppressions (channel, contact, reason, source)
  select r.channel, r.contact, 'manual', p_source
  from jsonb_to_recordset(p_rows) as r(channel text, contact text)
  on conflict (channel, contact) do nothing;
  get diagnostics v_new = row_count;
  return v_new;
end
$$;

-- They may be written to again. Answers how many were on the list.
create or replace function public.leadwire_campaign_unsuppress(p_rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_gone integer;
begin
  delete from public.suppressions s using jsonb_to_recordset(p_rows) as r(channel text, contact text)
  where s.channel = r.channel and s.contact = r.contact;
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

-- [{ channel, contact, note, createdAt }], the newest first.
create or replace function public.leadwire_campaign_exclusions(p_offset integer, p_limit integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'channel', p.channel, 'contact', p.contact, 'note', p.note, 'createdAt', p.created_at
  ) order by p.created_at desc, p.channel, p.contact), '[]')
  from (
    select e.* from public.exclusion_lists e
    order by e.created_at desc, e.channel, e.contact offset p_offset limit p_limit
  ) as p;
$$;

-- p_rows: [{ channel, contact }]. Who is on the list already gets the new note. Answers how many are new.
create or replace function public.leadwire_campaign_exclude(p_rows jsonb, p_note text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_new integer;
begin
  insert into public.exclusion_lists (channel, contact, note)
  select distinct r.channel, r.contact, p_note
  from jsonb_to_recordset(p_rows) as r(channel text, contact text)
  on conflict (channel, contact) do nothing;
  get diagnostics v_new = row_count;
  update public.exclusion_lists e set note = p_note
  from jsonb_to_recordset(p_rows) as r(channel text, contact text)
  where p_note is not null and e.channel = r.channel and e.contact = r.contact;
  return v_new;
end
$$;

-- Answers how many were on the list.
create or replace function public.leadwire_campaign_unexclude(p_rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_gone integer;
begin
  delete from public.exclusion_lists e using jsonb_to_recordset(p_rows) as r(channel text, contact text)
  where e.channel = r.channel and e.contact = r.contact;
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

-- People who unsubscribed may undo it: the newest of both holds, in whatever order and how often they arrive.

create table if not exists public.contact_choices (
  channel text not null,
  contact text not null,
  -- The newest of each.
  unsubscribed_at timestamptz,
  restored_at timestamptz,
  primary key (channel, contact)
);
comment on table public.contact_choices is
  'When somebody last unsubscribed and last wanted campaigns again. Written by mailer-batch '
  '(leadwire_store_suppressions, leadwire_store_restorations, leadwire_campaign_unsuppress).';

-- rows: [{ reason, source, at, recipientId } or { reason, source, at, channel, contact }]. Who is suppressed already
-- keeps the first reason, unless that was an unsubscription, which could be undone. One that is older than the wish to
-- have campaigns again changes nothing. Answers how many people are new.
create or replace function public.leadwire_store_suppressions(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_bad bigint;
  v_new integer;
begin
  perform public.leadwire_check_rows(rows, '{reason,source,at}', '{recipientId}', '{at}');
  select min(t.n) - 1 into v_bad
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  left join public.campaign_recipients p on p.id = (t.r ->> 'recipientId')::uuid
  where coalesce(t.r ->> 'contact', p.contact) is null;
  if v_bad is not null then
    raise exception 'row %: there is no such recipient', v_bad using errcode = '22023';
  end if;

  -- One writer at a time: both see what the other wrote.
  perform pg_advisory_xact_lock(hashtextextended('leadwire.contact_choices', 0));
  with told as (
    select coalesce(x.channel, c.channel) as channel, coalesce(x.contact, p.contact) as contact, x.reason,
      x.source || coalesce(':' || p.campaign_id, '') as source, x.at
    from jsonb_to_recordset(rows) as x(
      "recipientId" uuid, channel text, contact text, reason text, source text, at timestamptz
    )
    left join public.campaign_recipients p on p.id = x."recipientId"
    left join public.campaigns c on c.id = p.campaign_id
  ), chosen as (
    insert into public.contact_choices as k (channel, contact, unsubscribed_at)
    select t.channel, t.contact, max(t.at) from told t where t.reason = 'unsubscribed' group by t.channel, t.contact
    on conflict (channel, contact) do update
      set unsubscribed_at = greatest(k.unsubscribed_at, excluded.unsubscribed_at)
    returning k.channel, k.contact, k.restored_at > k.unsubscribed_at as is_undone
  ), kept as (
    insert into public.suppressions as s (channel, contact, reason, source, created_at)
    select distinct on (t.channel, t.contact) t.channel, t.contact, t.reason, t.source, t.at
    from told t
    left join chosen k on k.channel = t.channel and k.contact = t.contact
    where t.reason <> 'unsubscribed' or k.is_undone is not true
    order by t.channel, t.contact, t.reason = 'unsubscribed', t.at
    on conflict (channel, contact) do update
      set reason = excluded.reason, source = excluded.source, created_at = excluded.created_at
      where s.reason = 'unsubscribed' and excluded.reason <> 'unsubscribed'
    returning s.xmax = 0 as is_new
  )
  select count(*) filter (where k.is_new) into v_new from kept k;
  return v_new;
end
$$;

-- rows: [{ recipientId, source, at }]: they want campaigns again. Undoes unsubscriptions that are older, and nothing
-- else: complaints, bounces and what was blocked by hand stay. Answers how many are written to again.
create or replace function public.leadwire_store_restorations(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_bad bigint;
  v_lifted integer;
begin
  perform public.leadwire_check_rows(rows, '{recipientId,source,at}', '{recipientId}', '{at}');
  select min(t.n) - 1 into v_bad
  from jsonb_array_elements(rows) with ordinality as t (r, n)
  left join public.campaign_recipients p on p.id = (t.r ->> 'recipientId')::uuid
  where p.contact is null;
  if v_bad is not null then
    raise exception 'row %: there is no such recipient', v_bad using errcode = '22023';
  end if;

  perform pg_advisory_xact_lock(hashtextextended('leadwire.contact_choices', 0));
  with chosen as (
    insert into public.contact_choices as k (channel, contact, restored_at)
    select c.channel, p.contact, max(x.at)
    from jsonb_to_recordset(rows) as x("recipientId" uuid, at timestamptz)
    join public.campaign_recipients p on p.id = x."recipientId"
    join public.campaigns c on c.id = p.campaign_id
    group by c.channel, p.contact
    on conflict (channel, contact) do update set restored_at = greatest(k.restored_at, excluded.restored_at)
    returning k.*
  ), lifted as (
    delete from public.suppressions s using chosen k
    where s.channel = k.channel and s.contact = k.contact and s.reason = 'unsubscribed'
      and k.restored_at > coalesce(k.unsubscribed_at, s.created_at)
    returning s.id
  )
  select count(*) into v_lifted from lifted;
  return v_lifted;
end
$$;

-- p_rows: [{ channel, contact }]. Who is suppressed already keeps the reason, unless it was an unsubscription: that could
-- be undone. Answers how many are new.
create or replace function public.leadwire_campaign_suppress(p_rows jsonb, p_source text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_new integer;
begin
  with kept as (
    insert into public.suppressions as s (channel, contact, reason, source)
    select distinct r.channel, r.contact, 'manual', p_source
    from jsonb_to_recordset(p_rows) as r(channel text, contact text)
    on conflict (channel, contact) do update
      set reason = excluded.reason, source = excluded.source where s.reason = 'unsubscribed'
    returning s.xmax = 0 as is_new
  )
  select count(*) filter (where k.is_new) into v_new from kept k;
  return v_new;
end
$$;

-- They may be written to again, also when their unsubscription is told once more. Answers how many were on the list.
create or replace function public.leadwire_campaign_unsuppress(p_rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_gone integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('leadwire.contact_choices', 0));
  insert into public.contact_choices as k (channel, contact, restored_at)
  select distinct r.channel, r.contact, clock_timestamp()
  from jsonb_to_recordset(p_rows) as r(channel text, contact text)
  join public.suppressions s on s.channel = r.channel and s.contact = r.contact
  on conflict (channel, contact) do update set restored_at = excluded.restored_at;
  delete from public.suppressions s using jsonb_to_recordset(p_rows) as r(channel text, contact text)
  where s.channel = r.channel and s.contact = r.contact;
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;

select public.leadwire_service_only('{contact_choices}');

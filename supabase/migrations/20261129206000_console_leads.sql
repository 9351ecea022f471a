-- The list of leads in the console. People search by any part of a name, a phone or an address; contacts are masked by
-- the view, past which no index helps, so functions that ask for the role first read the table underneath. An index of
-- three-letter pieces serves any part of any of the three, in every Postgres, without an extension.

create index if not exists landing_leads_newest_idx on public.landing_leads (created_at desc, id desc);
create index if not exists scheduled_notifications_created_at_idx on public.scheduled_notifications (created_at);

-- As people type it: ё is е, case does not matter.
create or replace function private.folded(words text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select replace(lower(coalesce(words, '')), 'ё', 'е');
$$;

-- The digits of a phone; 8 in front of a Kazakh or Russian number is 7.
create or replace function private.phone_digits(phone text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select regexp_replace(regexp_replace(coalesce(phone, ''), '\D', '', 'g'), '^87(\d{5,})$', '77\1');
$$;

create or replace function private.pieces(words text) returns text[]
language sql immutable parallel safe set search_path = '' as $$
  select coalesce(array_agg(distinct substr(words, i, 3)), '{}')
  from generate_series(1, length(words) - 2) as i;
$$;

-- What a lead is found by. The cost tells the planner that reading the index beats asking every row.
create or replace function private.lead_pieces(name text, email text, phone text) returns text[]
language sql immutable parallel safe cost 10000 set search_path = '' as $$
  select private.pieces(private.folded(left(name, 200))) || private.pieces(private.folded(left(email, 200)))
    || private.pieces(private.phone_digits(left(phone, 200)));
$$;
grant execute on function private.folded(text), private.phone_digits(text), private.pieces(text),
  private.lead_pieces(text, text, text) to service_role;
create index if not exists landing_leads_pieces_idx
  on public.landing_leads using gin (private.lead_pieces(name, email, phone));

-- Whether a person has to look at a lead.
create or replace function private.is_troubled(
  quarantined boolean, email_status text, sms_status text, email_bounced_at timestamptz, amocrm_error text
) returns boolean
language sql immutable parallel safe as $$
  select quarantined or coalesce(email_status in ('failed', 'unknown'), false)
    or coalesce(sms_status in ('failed', 'unknown'), false) or email_bounced_at is not null or amocrm_error is not null;
$$;
grant execute on function private.is_troubled(boolean, text, text, timestamptz, text) to service_role;
create index if not exists landing_leads_troubled_idx on public.landing_leads (created_at desc, id desc)
  where private.is_troubled(quarantined, email_status, sms_status, email_bounced_at, amocrm_error);

-- The leads that have these words in them; at most 2,000, the newest. Three letters or digits are the least.
create or replace function private.leads_with(words text) returns uuid[]
language plpgsql stable security definer set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  digits text := private.phone_digits(words);
  text_wanted text := private.folded(trim(words));
  is_phone boolean := words ~ '^[\s\d()+.-]+$';
  wanted text[] := private.pieces(case when is_phone then digits else text_wanted end);
begin
  if not private.sees_contacts() or cardinality(wanted) = 0 then
    return '{}';
  end if;
  return array(
    select l.id from public.landing_leads l
    where private.lead_pieces(l.name, l.email, l.phone) @> wanted
      and case when is_phone then strpos(private.phone_digits(l.phone), digits) > 0
        else strpos(private.folded(l.name), text_wanted) > 0 or strpos(private.folded(l.email), text_wanted) > 0 end
    order by l.created_at desc
    limit 2000
  );
end
$$;

-- The columns of a list's row, for the role that asks. asked: { words, since, until, sources: [text or null], kinds,
-- stages, payments, campaigns, onlyTroubled, onlyQuarantined, beforeAt, beforeId, limit, countUpTo }; only limit is
-- required. Answers { rows, total, troubled }; the counts stop at countUpTo and are null without it.
create or replace function public.console_find_leads(asked jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = 'force_custom_plan' as $$
declare
  ids uuid[] := case when nullif(asked ->> 'words', '') is not null then private.leads_with(asked ->> 'words') end;
  from_at timestamptz := coalesce((asked ->> 'since')::timestamptz, '-infinity');
  to_at timestamptz := coalesce((asked ->> 'until')::timestamptz, 'infinity');
  sources text[] := array(select jsonb_array_elements_text(asked -> 'sources'));
  kinds text[] := array(select jsonb_array_elements_text(asked -> 'kinds'));
  stages text[] := array(select jsonb_array_elements_text(asked -> 'stages'));
  payments text[] := array(select jsonb_array_elements_text(asked -> 'payments'));
  campaigns text[] := array(select jsonb_array_elements_text(asked -> 'campaigns'));
  only_troubled boolean := coalesce((asked ->> 'onlyTroubled')::boolean, false);
  only_quarantined boolean := coalesce((asked ->> 'onlyQuarantined')::boolean, false);
  before_at timestamptz := (asked ->> 'beforeAt')::timestamptz;
  before_id uuid := (asked ->> 'beforeId')::uuid;
  up_to bigint := (asked ->> 'countUpTo')::bigint;
  found jsonb;
  total bigint;
  troubled bigint;
begin
  if private.staff_role() is null then
    raise exception 'not for you' using errcode = '42501';
  end if;
  with page as (
    select v.id, v.created_at, v.kind, v.campaign, v.name, v.phone, v.email, v.utm_source, v.utm_campaign, v.utm_content,
      v.payment_method, v.quarantined, v.contact_issues, v.email_status, v.email_delivered_at, v.email_opened_at,
      v.email_clicked_at, v.email_bounced_at, v.email_error, v.sms_status, v.sms_delivered_at, v.sms_clicked_at,
      v.sms_error, v.amocrm_synced, v.amocrm_deal_id, v.amocrm_stage, v.amocrm_error, v.amocrm_deleted_at
    from public.staff_leads v
    where v.created_at >= from_at and v.created_at < to_at
      and (ids is null or v.id = any (ids))
      and (before_at is null or (v.created_at, v.id) < (before_at, before_id))
      and (cardinality(sources) = 0 or coalesce(v.utm_source, '') = any (sources))
      and (cardinality(kinds) = 0 or v.kind = any (kinds))
      and (cardinality(stages) = 0 or v.amocrm_stage = any (stages))
      and (cardinality(payments) = 0 or v.payment_method = any (payments))
      and (cardinality(campaigns) = 0 or v.campaign = any (campaigns))
      and (not only_troubled
        or private.is_troubled(v.quarantined, v.email_status, v.sms_status, v.email_bounced_at, v.amocrm_error))
      and (not only_quarantined or v.quarantined)
    order by v.created_at desc, v.id desc
    limit (asked ->> 'limit')::integer
  ), due as (
    select n.lead_id, min(n.scheduled_for) filter (where n.channel = 'email') as email_due,
      min(n.scheduled_for) filter (where n.channel = 'sms') as sms_due
    from public.scheduled_notifications n
    where n.lead_id in (select p.id from page p) and n.status = 'pending' and n.campaign_id is null
    group by n.lead_id
  )
  select coalesce(jsonb_agg(to_jsonb(p) || jsonb_build_object('email_due', d.email_due, 'sms_due', d.sms_due)
    order by p.created_at desc, p.id desc), '[]')
  into found from page p left join due d on d.lead_id = p.id;

  if up_to is not null then
    select count(*), count(*) filter (where c.is_troubled) into total, troubled from (
      select private.is_troubled(v.quarantined, v.email_status, v.sms_status, v.email_bounced_at, v.amocrm_error)
        as is_troubled
      from public.staff_leads v
      where v.created_at >= from_at and v.created_at < to_at
        and (ids is null or v.id = any (ids))
        and (cardinality(sources) = 0 or coalesce(v.utm_source, '') = any (sources))
        and (cardinality(kinds) = 0 or v.kind = any (kinds))
        and (cardinality(stages) = 0 or v.amocrm_stage = any (stages))
        and (cardinality(payments) = 0 or v.payment_method = any (payments))
        and (cardinality(campaigns) = 0 or v.campaign = any (campaigns))
        and (not only_troubled
          or private.is_troubled(v.quarantined, v.email_status, v.sms_status, v.email_bounced_at, v.amocrm_error))
        and (not only_quarantined or v.quarantined)
      limit up_to
    ) c;
  end if;
  return jsonb_build_object('rows', found, 'total', total, 'troubled', troubled);
end
$$;

-- What can be chosen in the list's filters, from the newest 20,000 leads since then: { sources, kinds, stages, payments,
-- campaigns }, each [{ value, count }], the most frequent first; a value that nobody would choose by its name is left out.
create or replace function public.console_lead_filters(since timestamptz) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if private.staff_role() is null then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return (
    with recent as materialized (
      select v.utm_source, v.kind, v.amocrm_stage, v.payment_method, v.campaign from public.staff_leads v
      where v.created_at >= since order by v.created_at desc limit 20000
    ), counted as (
      select c.name, c.value, count(*) as count,
        row_number() over (partition by c.name order by count(*) desc, c.value) as place
      from recent r, lateral (values ('sources', coalesce(r.utm_source, '')), ('kinds', r.kind),
        ('stages', r.amocrm_stage), ('payments', r.payment_method), ('campaigns', r.campaign)) as c(name, value)
      where c.value is not null and length(c.value) <= 200
      group by c.name, c.value
    ), listed as (
      select c.name, jsonb_agg(jsonb_build_object('value', c.value, 'count', c.count) order by c.place) as choices
      from counted c where c.place <= 20 group by c.name
    )
    select coalesce(jsonb_object_agg(l.name, l.choices), '{}') from listed l
  );
end
$$;

revoke all on function public.console_find_leads(jsonb), public.console_lead_filters(timestamptz) from public, anon;
revoke all on function private.folded(text), private.phone_digits(text), private.pieces(text),
  private.lead_pieces(text, text, text), private.leads_with(text),
  private.is_troubled(boolean, text, text, timestamptz, text) from public, anon, authenticated;
grant execute on function public.console_find_leads(jsonb), public.console_lead_filters(timestamptz)
  to authenticated, service_role;

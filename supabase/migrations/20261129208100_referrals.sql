-- People who bring others, and what they get for it. The same in every project that REFERRAL_PROJECT may name.

-- Written by the service referrals (registered over HTTP or by the CLI) or by hand.
create table if not exists public.referral_referrers (
  id uuid primary key default gen_random_uuid(),
  name text not null default '',
  email text,
  phone text,
  -- Compared without regard to case.
  code text not null,
  -- A code that is not active earns nothing from then on.
  is_active boolean not null default true,
  clicks bigint not null default 0,
  last_click_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.referral_referrers
  add column if not exists name text not null default '',
  add column if not exists email text,
  add column if not exists phone text,
  add column if not exists code text,
  add column if not exists is_active boolean not null default true,
  add column if not exists clicks bigint not null default 0,
  add column if not exists last_click_at timestamptz,
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists updated_at timestamptz not null default now();
create unique index if not exists referral_referrers_code_key on public.referral_referrers (lower(code));
comment on table public.referral_referrers is
  'People who bring others. Written by referrals (leadwire_put_referrers), or by hand.';

-- What a commission is: the tier with the highest from_sales that the referrer's sales have reached, this one included.
create table if not exists public.referral_commission_tiers (
  from_sales integer primary key,
  -- Of the sale's amount.
  percent numeric,
  -- Tenge; where both are given they are added.
  amount numeric
);
alter table public.referral_commission_tiers
  add column if not exists percent numeric,
  add column if not exists amount numeric;
comment on table public.referral_commission_tiers is 'Tiers of commissions. Written by people.';

-- One row per student for ever.
create table if not exists public.referral_conversions (
  id uuid primary key default gen_random_uuid(),
  referrer_id uuid not null references public.referral_referrers (id),
  student_id text not null,
  lead_id uuid,
  sale_id uuid,
  product text,
  amount numeric not null,
  commission numeric not null,
  -- from_sales of the tier; 0 when none was reached.
  tier integer not null,
  -- held: a person decides; then pending, approved, paid; reversed by a refund.
  status text not null check (status in ('held', 'pending', 'approved', 'paid', 'reversed')),
  -- Why it is held: self_referral.
  reason text,
  -- When the referrer's mail and SMS were asked for.
  told_at timestamptz,
  approved_at timestamptz,
  paid_at timestamptz,
  reversed_at timestamptz,
  created_at timestamptz not null default now()
);
alter table public.referral_conversions
  add column if not exists referrer_id uuid,
  add column if not exists student_id text,
  add column if not exists lead_id uuid,
  add column if not exists sale_id uuid,
  add column if not exists product text,
  add column if not exists amount numeric,
  add column if not exists commission numeric,
  add column if not exists tier integer,
  add column if not exists status text,
  add column if not exists reason text,
  add column if not exists told_at timestamptz,
  add column if not exists approved_at timestamptz,
  add column if not exists paid_at timestamptz,
  add column if not exists reversed_at timestamptz,
  add column if not exists created_at timestamptz not null default now();
create unique index if not exists referral_conversions_student_id_key on public.referral_conversions (student_id);
create index if not exists referral_conversions_referrer_id_idx on public.referral_conversions (referrer_id, created_at);
comment on table public.referral_conversions is
  'Commissions, one per student for ever. Written by referrals (leadwire_convert_referral) and the CLI.';

-- Leads that carry a code.
create table if not exists public.referral_leads (
  lead_id uuid primary key,
  code text not null,
  email text,
  phone text,
  left_at timestamptz not null
);
alter table public.referral_leads
  add column if not exists code text,
  add column if not exists email text,
  add column if not exists phone text,
  add column if not exists left_at timestamptz;
create index if not exists referral_leads_email_idx on public.referral_leads (email);
create index if not exists referral_leads_phone_idx on public.referral_leads (phone);
create index if not exists referral_leads_code_idx on public.referral_leads (code);
comment on table public.referral_leads is 'Leads with a referrer''s code. Written by referrals.';

-- Sales as this project needs them. Kept also where nobody brought the buyer: their lead may come later.
create table if not exists public.referral_sales (
  id uuid primary key,
  student_id text not null,
  product text,
  amount numeric,
  email text,
  phone text,
  sold_at timestamptz,
  refunded_at timestamptz,
  -- Which came first; null while only the refund is known.
  arrival bigint,
  -- Null while it is open: converted, student_known, referrer_inactive, lead_too_late.
  outcome text
);
alter table public.referral_sales
  add column if not exists student_id text,
  add column if not exists product text,
  add column if not exists amount numeric,
  add column if not exists email text,
  add column if not exists phone text,
  add column if not exists sold_at timestamptz,
  add column if not exists refunded_at timestamptz,
  add column if not exists arrival bigint,
  add column if not exists outcome text;
create index if not exists referral_sales_open_idx on public.referral_sales (arrival) where outcome is null;
comment on table public.referral_sales is 'Sales, and what they led to here. Written by referrals.';

create table if not exists public.referral_clicks (
  event_id text primary key,
  code text not null,
  at timestamptz not null
);
alter table public.referral_clicks
  add column if not exists code text,
  add column if not exists at timestamptz;
comment on table public.referral_clicks is 'Clicks on short links of referrers. Written by referrals.';

-- What a person should know of a case, once each: second_code, referrer_inactive, lead_too_late, self_referral,
-- refund_after_payment.
create table if not exists public.referral_remarks (
  kind text not null,
  -- The id of the sale, the lead or the conversion.
  about text not null,
  referrer_id uuid,
  details jsonb not null default '{}'::jsonb,
  created_at timestamptz not null default now(),
  primary key (kind, about)
);
alter table public.referral_remarks
  add column if not exists kind text,
  add column if not exists about text,
  add column if not exists referrer_id uuid,
  add column if not exists details jsonb not null default '{}'::jsonb,
  add column if not exists created_at timestamptz not null default now();
comment on table public.referral_remarks is 'What a person should know of a referral. Written by referrals.';

-- Adds referrers; one who is there, or whose code somebody has, changes nothing. Answers how many are new.
-- rows: [{ referrerId, code, name, email, phone }]
create or replace function public.leadwire_put_referrers(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  created integer;
begin
  perform public.leadwire_check_rows(rows, '{referrerId,code}', '{referrerId}', '{}');
  insert into public.referral_referrers (id, code, name, email, phone)
  select r."referrerId", r.code, coalesce(r.name, ''), r.email, r.phone
  from jsonb_to_recordset(rows) as r("referrerId" uuid, code text, name text, email text, phone text)
  on conflict do nothing;
  get diagnostics created = row_count;
  return created;
end
$$;

-- Counts clicks, each once by the id of its event. rows: [{ eventId, code, at }]
create or replace function public.leadwire_count_referral_clicks(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  counted integer;
begin
  perform public.leadwire_check_rows(rows, '{eventId,code,at}', '{}', '{at}');
  with fresh as (
    insert into public.referral_clicks (event_id, code, at)
    select r."eventId", lower(r.code), r.at
    from jsonb_to_recordset(rows) as r("eventId" text, code text, at timestamptz)
    on conflict do nothing
    returning code, at
  )
  update public.referral_referrers f
  set clicks = f.clicks + c.n, last_click_at = greatest(f.last_click_at, c.last_at), updated_at = now()
  from (select code, count(*) as n, max(at) as last_at from fresh group by code) c
  where lower(f.code) = c.code;
  get diagnostics counted = row_count;
  return counted;
end
$$;

-- Stores leads that carry a code. rows: [{ leadId, code, email, phone, leftAt }]
create or replace function public.leadwire_store_referral_leads(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  created integer;
begin
  perform public.leadwire_check_rows(rows, '{leadId,code,leftAt}', '{leadId}', '{leftAt}');
  insert into public.referral_leads (lead_id, code, email, phone, left_at)
  select r."leadId", lower(r.code), lower(r.email), r.phone, r."leftAt"
  from jsonb_to_recordset(rows) as r("leadId" uuid, code text, email text, phone text, "leftAt" timestamptz)
  on conflict do nothing;
  get diagnostics created = row_count;
  return created;
end
$$;

-- Stores sales and refunds, in any order and any number of times.
-- rows: [{ saleId, studentId, product, amount, email, phone, soldAt, refundedAt }], as leadwire_store_sales takes them.
create or replace function public.leadwire_store_referral_sales(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{saleId,studentId}', '{saleId}', '{soldAt,refundedAt}');
  perform pg_advisory_xact_lock(hashtextextended('leadwire.referrals', 0));
  insert into public.referral_sales as s (id, student_id, product, amount, email, phone, sold_at, refunded_at, arrival)
  select r."saleId", r."studentId", r.product, r.amount, lower(r.email), r.phone, r."soldAt", r."refundedAt",
    case when r."soldAt" is not null
      then (select coalesce(max(t.arrival), 0) from public.referral_sales t) + row_number() over ()
    end
  from jsonb_to_recordset(rows) as r(
    "saleId" uuid, "studentId" text, product text, amount numeric, email text, phone text, "soldAt" timestamptz,
    "refundedAt" timestamptz
  )
  on conflict (id) do update
  set product = coalesce(s.product, excluded.product), amount = coalesce(s.amount, excluded.amount),
    email = coalesce(s.email, excluded.email), phone = coalesce(s.phone, excluded.phone),
    sold_at = coalesce(s.sold_at, excluded.sold_at), refunded_at = least(s.refunded_at, excluded.refunded_at),
    arrival = coalesce(s.arrival, excluded.arrival);
  get diagnostics touched = row_count;
  return touched;
end
$$;

-- Sales of people whom somebody brought, that led to nothing yet, the first to arrive first, at most `most`, with the
-- tiers: { tiers: [{ fromSales, percent, amount }], sales: [{ saleId, studentId, product, amount, email, phone, soldAt,
-- isRefunded, isStudentKnown, leads: [{ leadId, code, email, phone, leftAt, referrer: { referrerId, email, phone, isActive, sales } }] }] }
-- Leads are those with a code that somebody has, the first one first; `sales` is how many count for the tier so far.
create or replace function public.leadwire_open_referrals(most integer) returns jsonb
language sql stable set search_path = '' as $$
  with pairs as (
    select s.id, l.lead_id from public.referral_sales s join public.referral_leads l on l.email = s.email
    where s.outcome is null and s.arrival is not null
    union
    select s.id, l.lead_id from public.referral_sales s join public.referral_leads l on l.phone = s.phone
    where s.outcome is null and s.arrival is not null
  ), matched as (
    select s.id, s.arrival, jsonb_agg(jsonb_build_object(
      'leadId', l.lead_id, 'code', l.code, 'email', l.email, 'phone', l.phone, 'leftAt', l.left_at,
      'referrer', jsonb_build_object(
        'referrerId', r.id, 'email', r.email, 'phone', r.phone, 'isActive', r.is_active,
        'sales', (
          select count(*) from public.referral_conversions c
          where c.referrer_id = r.id and c.status in ('pending', 'approved', 'paid')
        )
      )
    ) order by l.left_at, l.lead_id) as leads
    from pairs p
    join public.referral_sales s on s.id = p.id
    join public.referral_leads l on l.lead_id = p.lead_id
    join public.referral_referrers r on lower(r.code) = l.code
    group by s.id
    order by s.arrival
    limit most
  )
  select jsonb_build_object(
    'tiers', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'fromSales', t.from_sales, 'percent', t.percent, 'amount', t.amount
      ) order by t.from_sales), '[]')
      from public.referral_commission_tiers t
    ),
    'sales', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'saleId', s.id, 'studentId', s.student_id, 'product', s.product, 'amount', s.amount, 'email', s.email,
        'phone', s.phone, 'soldAt', s.sold_at, 'isRefunded', s.refunded_at is not null,
        'isStudentKnown', exists (
          select from public.referral_conversions c where c.student_id = s.student_id
        ),
        'leads', m.leads
      ) order by m.arrival), '[]')
      from matched m
      join public.referral_sales s on s.id = m.id
    )
  );
$$;

-- Makes a conversion of a sale: { conversionId, saleId, referrerId, studentId, leadId, product, amount, commission, tier,
-- status, reason }. Answers created; student_known when the student has one already, which stays; changed when the
-- referrer has other than `counted` sales by now, so that the tier has to be looked at again.
create or replace function public.leadwire_convert_referral(conversion jsonb, counted integer) returns text
language plpgsql set search_path = '' as $$
declare
  sale uuid := conversion ->> 'saleId';
  created integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('leadwire.referrals', 0));
  if counted <> (
    select count(*) from public.referral_conversions c
    where c.referrer_id = (conversion ->> 'referrerId')::uuid and c.status in ('pending', 'approved', 'paid')
  ) then
    return 'changed';
  end if;
  insert into public.referral_conversions (
    id, referrer_id, student_id, lead_id, sale_id, product, amount, commission, tier, status, reason
  )
  select c."conversionId", c."referrerId", c."studentId", c."leadId", c."saleId", c.product, c.amount, c.commission,
    c.tier, c.status, c.reason
  from jsonb_to_record(conversion) as c(
    "conversionId" uuid, "referrerId" uuid, "studentId" text, "leadId" uuid, "saleId" uuid, product text,
    amount numeric, commission numeric, tier integer, status text, reason text
  )
  on conflict (student_id) do nothing;
  get diagnostics created = row_count;
  update public.referral_sales s
  set outcome = case when created = 1 or exists (
      select from public.referral_conversions c where c.sale_id = sale
    ) then 'converted' else 'student_known' end
  where s.id = sale;
  return case when created = 1 then 'created' else 'student_known' end;
end
$$;

-- A sale that earns nobody anything, and why.
create or replace function public.leadwire_close_referral(sale uuid, why text) returns void
language sql set search_path = '' as $$
  update public.referral_sales set outcome = why where id = sale and outcome is null;
$$;

-- Takes back the commissions of refunded sales; answers those that were not yet:
-- [{ conversionId, referrerId, wasPaid }].
create or replace function public.leadwire_reverse_referrals() returns jsonb
language sql set search_path = '' as $$
  with gone as (
    select c.id, c.paid_at is not null as was_paid
    from public.referral_conversions c
    join public.referral_sales s on s.id = c.sale_id
    where s.refunded_at is not null and c.status <> 'reversed'
    for update of c
  ), changed as (
    update public.referral_conversions c
    set status = 'reversed', reversed_at = now()
    from gone g
    where c.id = g.id
    returning c.id, c.referrer_id, g.was_paid
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'conversionId', id, 'referrerId', referrer_id, 'wasPaid', was_paid
  )), '[]')
  from changed;
$$;

-- Commissions of which the referrer has not been told: [{ conversionId, commission, product, name, email, phone }].
create or replace function public.leadwire_untold_referrals(most integer) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'conversionId', u.id, 'commission', u.commission, 'product', u.product, 'name', u.name, 'email', u.email,
    'phone', u.phone
  )), '[]')
  from (
    select c.id, c.commission, c.product, r.name, r.email, r.phone
    from public.referral_conversions c
    join public.referral_referrers r on r.id = c.referrer_id
    where c.told_at is null and c.commission > 0 and c.status in ('pending', 'approved', 'paid')
    order by c.created_at, c.id
    limit most
  ) u;
$$;

create or replace function public.leadwire_referrer_told(conversion uuid) returns void
language sql set search_path = '' as $$
  update public.referral_conversions set told_at = now() where id = conversion and told_at is null;
$$;

-- Notes what a person should know; answers whether it is new.
create or replace function public.leadwire_remark_referral(kind text, about text, referrer uuid, details jsonb) returns boolean
language sql set search_path = '' as $$
  with added as (
    insert into public.referral_remarks (kind, about, referrer_id, details)
    values (kind, about, referrer, coalesce(details, '{}'))
    on conflict do nothing
    returning 1
  )
  select exists (select from added);
$$;

-- A person's word on commissions: held or pending ones become approved, approved ones paid. Answers the ids that changed.
create or replace function public.leadwire_move_referrals(ids uuid[], wanted text) returns jsonb
language sql set search_path = '' as $$
  with moved as (
    update public.referral_conversions c
    set status = wanted,
      approved_at = case when wanted = 'approved' then now() else c.approved_at end,
      paid_at = case when wanted = 'paid' then now() else c.paid_at end
    where c.id = any (ids)
      and (wanted = 'approved' and c.status in ('held', 'pending') or wanted = 'paid' and c.status = 'approved')
    returning c.id
  )
  select coalesce(jsonb_agg(id), '[]') from moved;
$$;

-- Adds a tier, or changes the one from that many sales on.
create or replace function public.leadwire_put_referral_tier(from_sales integer, percent numeric, amount numeric) returns void
language sql set search_path = '' as $$
  insert into public.referral_commission_tiers as t (from_sales, percent, amount)
  values (from_sales, percent, amount)
  on conflict on constraint referral_commission_tiers_pkey do update
  set percent = excluded.percent, amount = excluded.amount;
$$;

select public.leadwire_service_only('{referral_referrers,referral_commission_tiers,referral_conversions,referral_leads,referral_sales,referral_clicks,referral_remarks}');

-- People who bring others, and what they get for it. The same in every project that REFERRAL_PROJECT may name.

-- Written by the service referrals (registered over HTTP or by the CLI) or by hand.
create table public.referral_referrers (
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
create unique index referral_referrers_code_key on public.referral_referrers (lower(code));
comment on table public.referral_referrers is
  'People who bring others. Written by referrals (leadwire_put_referrers), or by hand.';

-- What a commission is: the tier with the highest from_sales that the referrer's sales have reached, this one included.
create table public.referral_commission_tiers (
  from_sales integer primary key,
  -- Of the sale's amount.
  percent numeric,
  -- Tenge; where both are given they are added.
  amount numeric
);
comment on table public.referral_commission_tiers is 'Tiers of commissions. Written by people.';

-- One row per student for ever.
create table public.referral_conversions (
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
create unique index referral_conversions_student_id_key on public.referral_conversions (student_id);
create index referral_conversions_referrer_id_idx on public.referral_conversions (referrer_id, created_at);
comment on table public.referral_conversions is
  'Commissions, one per student for ever. Written by referrals (leadwire_convert_referral) and the CLI.';

-- Leads that carry a code.
create table public.referral_leads (
  lead_id uuid primary key,
  code text not null,
  email text,
  phone text,
  left_at timestamptz not null
);
create index referral_leads_email_idx on public.referral_leads (email);
create index referral_leads_phone_idx on public.referral_leads (phone);
create index referral_leads_code_idx on public.referral_leads (code);
comment on table public.referral_leads is 'Leads with a referrer''s code. Written by referrals.';

-- Sales as this project needs them. Kept also where nobody brought the buyer: their lead may come later.
create table public.referral_sales (
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
create index referral_sales_open_idx on public.referral_sales (arrival) where outcome is null;
comment on table public.referral_sales is 'Sales, and what they led to here. Written by referrals.';

create table public.referral_clicks (
  event_id text primary key,
  code text not null,
  at timestamptz not null
);
comment on table public.referral_clicks is 'Clicks on short links of referrers. Written by referrals.';

-- What a person should know of a case, once each: second_code, referrer_inactive, lead_too_late, self_referral,
-- refund_after_payment.
create table public.referral_remarks (
  kind text not null,
  -- The id of the sale, the lead or the conversion.
  about text not null,
  referrer_id uuid,
  details jsonb not null default '{}'::jsonb,
  created_at timestamptz not null default now(),
  primary key (kind, about)
);
comment on table public.referral_remarks is 'What a person should know of a referral. Written by referrals.';

-- Adds referrers; one who is there, or whose code somebody has, changes nothing. Answers how many are new.
-- rows: [{ referrerId, code, name, email, phone }]
create function public.leadwire_put_referrers(rows jsonb) returns integer
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
create function public.leadwire_count_referral_clicks(rows jsonb) returns integer
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
create function public.leadwire_store_referral_leads(rows jsonb) returns integer
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
create function public.leadwire_store_referral_sales(rows jsonb) returns integer
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

select public.leadwire_service_only('{referral_referrers,referral_commission_tiers,referral_conversions,referral_leads,referral_sales,referral_clicks,referral_remarks}');

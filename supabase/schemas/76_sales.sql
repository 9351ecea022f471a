-- Who bought what: one row per student and product. What reports, commissions and conversions are counted from.

create table public.sales (
  -- Derived from the student, and from the product where it is not their first.
  id uuid primary key,
  student_id text not null,
  -- The lead of the same mail address or phone, where there is one.
  lead_id uuid,
  product text,
  course text,
  -- Tenge.
  amount numeric(14, 2),
  currency text not null default 'KZT',
  email text,
  phone text,
  -- Null while only the refund is known.
  sold_at timestamptz,
  refunded_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sales_sold_at_idx on public.sales (sold_at);
create index sales_student_id_idx on public.sales (student_id);
create index sales_lead_id_idx on public.sales (lead_id);
comment on table public.sales is
  'One row per student and product, with its refund. Written by lead-store (leadwire_store_sales).';

-- Stores sales and refunds, in any order and any number of times, and ties them to leads; answers how many rows.
-- rows: [{ saleId, studentId, dealId, product, course, amount, email, phone, soldAt, refundedAt }], the first two
-- required; a sale brings all but the last, a refund the last alone. What was said first of a sale stays.
create function public.leadwire_store_sales(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{saleId,studentId}', '{saleId}', '{soldAt,refundedAt}');
  insert into public.sales as s (id, student_id, deal_id, product, course, amount, email, phone, sold_at, refunded_at)
  select r."saleId", min(r."studentId"), min(r."dealId"), min(r.product), min(r.course), min(r.amount), min(lower(r.email)),
    min(r.phone), min(r."soldAt"), min(r."refundedAt")
  from jsonb_to_recordset(rows) as r(
    "saleId" uuid, "studentId" text, "dealId" bigint, product text, course text, amount numeric, email text, phone text,
    "soldAt" timestamptz, "refundedAt" timestamptz
  )
  group by r."saleId"
  order by r."saleId"
  on conflict (id) do update
  set deal_id = coalesce(s.deal_id, excluded.deal_id), product = coalesce(s.product, excluded.product),
    course = coalesce(s.course, excluded.course),
    amount = coalesce(s.amount, excluded.amount), email = coalesce(s.email, excluded.email),
    phone = coalesce(s.phone, excluded.phone), sold_at = coalesce(s.sold_at, excluded.sold_at),
    refunded_at = least(s.refunded_at, excluded.refunded_at), updated_at = now();
  get diagnostics touched = row_count;

  -- Also those whose lead came later than they did.
  update public.sales s
  set lead_id = l.id
  from public.sales t
  cross join lateral (
    select c.id from public.landing_leads c
    where (c.email in (t.email, lower(t.email)) or c.phone = t.phone) and not c.quarantined
    order by c.created_at <= t.sold_at desc, c.created_at desc
    limit 1
  ) l
  where t.id = s.id and s.lead_id is null and s.sold_at > now() - interval '30 days';
  return touched;
end
$$;

select public.leadwire_service_only('{sales}');

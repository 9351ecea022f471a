-- What becomes of sales of people whom somebody brought.

-- Sales of people whom somebody brought, that led to nothing yet, the first to arrive first, at most `most`, with the
-- tiers: { tiers: [{ fromSales, percent, amount }], sales: [{ saleId, studentId, product, amount, email, phone, soldAt,
-- isRefunded, isStudentKnown, leads: [{ leadId, code, email, phone, leftAt, referrer: { referrerId, email, phone, isActive, sales } }] }] }
-- Leads are those with a code that somebody has, the first one first; `sales` is how many count for the tier so far.
create function public.leadwire_open_referrals(most integer) returns jsonb
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
create function public.leadwire_convert_referral(conversion jsonb, counted integer) returns text
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
create function public.leadwire_close_referral(sale uuid, why text) returns void
language sql set search_path = '' as $$
  update public.referral_sales set outcome = why where id = sale and outcome is null;
$$;

-- Takes back the commissions of refunded sales; answers those that were not yet:
-- [{ conversionId, referrerId, wasPaid }].
create function public.leadwire_reverse_referrals() returns jsonb
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
create function public.leadwire_untold_referrals(most integer) returns jsonb
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

create function public.leadwire_referrer_told(conversion uuid) returns void
language sql set search_path = '' as $$
  update public.referral_conversions set told_at = now() where id = conversion and told_at is null;
$$;

-- Notes what a person should know; answers whether it is new.
create function public.leadwire_remark_referral(kind text, about text, referrer uuid, details jsonb) returns boolean
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
create function public.leadwire_move_referrals(ids uuid[], wanted text) returns jsonb
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
create function public.leadwire_put_referral_tier(from_sales integer, percent numeric, amount numeric) returns void
language sql set search_path = '' as $$
  insert into public.referral_commission_tiers as t (from_sales, percent, amount)
  values (from_sales, percent, amount)
  on conflict on constraint referral_commission_tiers_pkey do update
  set percent = excluded.percent, amount = excluded.amount;
$$;

select public.leadwire_service_only('{}');

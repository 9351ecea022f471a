-- Partners as the console shows them, for whoever may see contacts; what changes something is an owner's.

-- Partners with what they have earned, the newest first, or only the one that is asked for:
-- { partners: [{ id, name, email, phone, code, isActive, clicks, createdAt, leads, sales, held, heldCount, pending,
-- pendingCount, approved, approvedCount, paid, remarks }], tiers: [{ fromSales, percent, amount }] }
-- Sums are tenge; `sales` are those that were not taken back.
create or replace function public.console_partners(partner uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if not private.sees_contacts() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return jsonb_build_object(
    'tiers', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'fromSales', t.from_sales, 'percent', t.percent, 'amount', t.amount
      ) order by t.from_sales), '[]')
      from public.referral_commission_tiers t
    ),
    'partners', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'id', r.id, 'name', r.name, 'email', r.email, 'phone', r.phone, 'code', r.code, 'isActive', r.is_active,
        'clicks', r.clicks, 'createdAt', r.created_at, 'leads', coalesce(l.n, 0), 'sales', coalesce(c.sales, 0),
        'held', coalesce(c.held, 0), 'heldCount', coalesce(c.held_count, 0),
        'pending', coalesce(c.pending, 0), 'pendingCount', coalesce(c.pending_count, 0),
        'approved', coalesce(c.approved, 0), 'approvedCount', coalesce(c.approved_count, 0),
        'paid', coalesce(c.paid, 0), 'remarks', coalesce(m.n, 0)
      ) order by r.created_at desc, r.id), '[]')
      from public.referral_referrers r
      left join (
        select s.referrer_id, count(*) filter (where s.status <> 'reversed') as sales,
          sum(s.commission) filter (where s.status = 'held') as held,
          count(*) filter (where s.status = 'held') as held_count,
          sum(s.commission) filter (where s.status = 'pending') as pending,
          count(*) filter (where s.status = 'pending') as pending_count,
          sum(s.commission) filter (where s.status = 'approved') as approved,
          count(*) filter (where s.status = 'approved') as approved_count,
          sum(s.commission) filter (where s.status = 'paid') as paid
        from public.referral_conversions s
        group by s.referrer_id
      ) c on c.referrer_id = r.id
      left join (select f.code, count(*) as n from public.referral_leads f group by f.code) l on l.code = lower(r.code)
      left join (
        select k.referrer_id, count(*) as n from public.referral_remarks k group by k.referrer_id
      ) m on m.referrer_id = r.id
      where partner is null or r.id = partner
    )
  );
end
$$;

-- Commissions of a partner, or of all, the newest first, and what a person should know of the cases:
-- { commissions: [rows of referral_conversions], remarks: [{ kind, about, createdAt }] }
create or replace function public.console_partner_commissions(partner uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if not private.sees_contacts() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return jsonb_build_object(
    'commissions', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.created_at desc, c.id), '[]')
      from public.referral_conversions c
      where partner is null or c.referrer_id = partner
    ),
    'remarks', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'kind', m.kind, 'about', m.about, 'createdAt', m.created_at
      ) order by m.created_at desc), '[]')
      from public.referral_remarks m
      where partner is null or m.referrer_id = partner
    )
  );
end
$$;

-- An owner's word on commissions, as leadwire_move_referrals takes and answers it.
create or replace function public.console_move_referrals(ids uuid[], wanted text) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if not private.is_owner() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return public.leadwire_move_referrals(ids, wanted);
end
$$;

-- An owner's tier, as leadwire_put_referral_tier takes it.
create or replace function public.console_put_referral_tier(from_sales integer, percent numeric, amount numeric)
returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not private.is_owner() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  perform public.leadwire_put_referral_tier(from_sales, percent, amount);
end
$$;

revoke all on function public.console_partners(uuid), public.console_partner_commissions(uuid),
  public.console_move_referrals(uuid[], text), public.console_put_referral_tier(integer, numeric, numeric)
  from public, anon;
grant execute on function public.console_partners(uuid), public.console_partner_commissions(uuid),
  public.console_move_referrals(uuid[], text), public.console_put_referral_tier(integer, numeric, numeric)
  to authenticated, service_role;

-- Who has a lead, by name.

-- What somebody who works here is called, also when they have left; null for nobody.
create function private.staff_name(who uuid) returns text
language sql stable security definer set search_path = '' as $$
  select case when who is not null then coalesce((
    select coalesce(nullif(s.name, ''), split_part(s.email, '@', 1)) from public.staff s where s.id = who
  ), left(who::text, 8)) end
$$;

-- { manager_id, manager: their name, taken_at } of a lead that the caller has made sure is for whoever asks.
create function private.taken_by(lead uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('manager_id', l.manager_id, 'manager', private.staff_name(l.manager_id), 'taken_at', l.taken_at)
  from public.landing_leads l where l.id = lead
$$;

revoke all on function private.staff_name(uuid), private.taken_by(uuid) from public, anon, authenticated;
grant execute on function private.staff_name(uuid), private.taken_by(uuid) to service_role;
grant execute on function private.taken_by(uuid) to authenticated;

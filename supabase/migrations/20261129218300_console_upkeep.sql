-- What should be looked at each day, week and month, for owners.

-- As leadwire_upkeep.
create or replace function public.console_upkeep(asked jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if not private.is_owner() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return public.leadwire_upkeep(asked);
end
$$;

select public.leadwire_service_only('{}');
revoke all on function public.console_upkeep(jsonb) from public, anon;
grant execute on function public.console_upkeep(jsonb) to authenticated, service_role;

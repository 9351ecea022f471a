-- The forms that post leads, for an owner: without their secrets.

-- Answers [{ slug, kind, dialect, active, hasSecret, lastLeadAt, openRejects }], by slug.
create or replace function public.console_forms() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if not private.is_owner() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'slug', f.slug, 'kind', f.kind, 'dialect', f.dialect, 'active', f.active, 'hasSecret', f.secret is not null,
      'lastLeadAt', f.last_lead_at, 'openRejects', (
        select count(*) from public.intake_rejects r where r.form = f.slug and r.state = 'open'
      )) order by f.slug), '[]')
    from public.intake_forms f
  );
end
$$;
revoke all on function public.console_forms() from public, anon;
grant execute on function public.console_forms() to authenticated, service_role;

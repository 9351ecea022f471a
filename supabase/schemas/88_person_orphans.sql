-- Whoever is known by no phone and no address any more, because they were erased, is known by nothing else either.
create or replace function public.leadwire_forget_orphan() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.people p
  where p.id = old.person_id and not exists (
    select from public.person_identities i where i.person_id = p.id and i.kind in ('phone', 'email')
  );
  return null;
end
$$;

create or replace trigger leadwire_forget_orphan after delete on public.person_identities
  for each row execute function public.leadwire_forget_orphan();

select public.leadwire_service_only('{}');

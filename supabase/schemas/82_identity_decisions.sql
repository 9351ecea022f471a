-- What people decide about mail addresses that several have.

-- A person's word on an address that several have: same makes one person of them, different leaves them as they are.
-- Answers whether it was open.
create function public.leadwire_decide_identity(conflict uuid, decided text) returns boolean
language plpgsql set search_path = '' as $$
declare
  mail text;
  persons uuid[];
begin
  perform public.leadwire_lock();
  update public.identity_conflicts c
  set decision = decided, decided_at = now(), people = case when decided = 'same' then 1 else c.people end
  where c.id = conflict and c.decision is null
  returning c.email into mail;
  if mail is null then
    return false;
  end if;
  if decided = 'same' then
    persons := array(
      select i.person_id from public.person_identities i where i.kind = 'email' and i.value = mail
      order by i.since, i.person_id
    );
    for other in 2 .. cardinality(persons) loop
      perform public.leadwire_merge_person(persons[other], persons[1]);
    end loop;
    perform public.leadwire_attribute_sales(persons[1:1], array[mail]);
  end if;
  return true;
end
$$;

-- What waits for a decision, the newest first, at most `most`, for whoever sees contacts:
-- [{ id, email, noticedAt, people: [{ phone, leadId, name, leads, sales }] }]
create function public.console_identity_conflicts(most integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  if not private.sees_contacts() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'email', c.email, 'noticedAt', c.noticed_at, 'people', (
      select jsonb_agg(jsonb_build_object(
        'phone', (select p.value from public.person_identities p
          where p.kind = 'phone' and p.person_id = i.person_id order by p.since limit 1),
        'leadId', l.id, 'name', l.name, 'leads', l.leads,
        'sales', (select count(*) from public.sales s where s.person_id = i.person_id)
      ) order by i.since)
      from public.person_identities i
      left join lateral (
        select v.id, v.name, count(*) over () as leads from public.landing_leads v
        where v.person_id = i.person_id order by v.created_at desc limit 1
      ) l on true
      where i.kind = 'email' and i.value = c.email
    )) order by c.noticed_at desc, c.id), '[]')
    from (
      select * from public.identity_conflicts o where o.decision is null order by o.noticed_at desc, o.id limit most
    ) c
  );
end
$$;

-- As leadwire_decide_identity, for whoever sees contacts.
create function public.console_decide_identity(conflict uuid, decided text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  if not private.sees_contacts() then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return public.leadwire_decide_identity(conflict, decided);
end
$$;
revoke all on function public.console_identity_conflicts(integer), public.console_decide_identity(uuid, text)
  from public, anon;
grant execute on function public.console_identity_conflicts(integer), public.console_decide_identity(uuid, text)
  to authenticated, service_role;

select public.leadwire_service_only('{}');

-- Texts that people write: what campaigns say, and what takes the place of the product's own messages.

-- One row per text. `version` is the one that holds; an archived text of a campaign is offered no more, and an archived
-- one of the product's messages gives its place back to the built-in text.
create table public.message_templates (
  name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{1,58}$'),
  title text not null,
  purpose text not null default 'campaign' check (purpose in ('campaign', 'transactional')),
  version integer not null,
  archived_at timestamptz,
  updated_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Every version that ever was: nothing that somebody wrote is lost by saving or by going back.
create table public.message_template_versions (
  name text not null references public.message_templates (name) on delete cascade,
  version integer not null,
  title text not null,
  -- As packages/templates/src/own-texts/own-text.ts reads it.
  content jsonb not null,
  -- Where it was taken from: the number of an earlier version, when somebody went back to that.
  restored_from integer,
  author text not null,
  created_at timestamptz not null default now(),
  primary key (name, version)
);

-- Saves a new version on top of the one that was read. p: { name, title, purpose, content, base, author, restoredFrom? };
-- base 0 makes a new text. Answers { kind: saved | same, version }, or { kind: conflict, version, author, at } when
-- somebody else saved meanwhile, or { kind: other_purpose }.
create function public.leadwire_text_save(p jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  held public.message_templates;
  latest public.message_template_versions;
  next integer := 1;
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('message_templates:' || (p ->> 'name')));
  select * into held from public.message_templates t where t.name = p ->> 'name';
  if found then
    select * into latest from public.message_template_versions v
    where v.name = held.name order by v.version desc limit 1;
    if held.purpose <> p ->> 'purpose' then
      return jsonb_build_object('kind', 'other_purpose');
    end if;
    if (p ->> 'base')::integer <> latest.version then
      return jsonb_build_object('kind', 'conflict', 'version', latest.version, 'author', latest.author,
        'at', latest.created_at);
    end if;
    if latest.content = p -> 'content' and latest.title = p ->> 'title' and held.archived_at is null then
      return jsonb_build_object('kind', 'same', 'version', latest.version);
    end if;
    next := latest.version + 1;
    update public.message_templates t
    set title = p ->> 'title', version = next, archived_at = null, updated_by = p ->> 'author', updated_at = now()
    where t.name = held.name;
  elsif (p ->> 'base')::integer <> 0 then
    return jsonb_build_object('kind', 'conflict', 'version', 0, 'author', '', 'at', now());
  else
    insert into public.message_templates (name, title, purpose, version, updated_by)
    values (p ->> 'name', p ->> 'title', p ->> 'purpose', next, p ->> 'author');
  end if;
  insert into public.message_template_versions (name, version, title, content, restored_from, author)
  values (p ->> 'name', next, p ->> 'title', p -> 'content', (p ->> 'restoredFrom')::integer, p ->> 'author');
  return jsonb_build_object('kind', 'saved', 'version', next);
end
$$;

-- Everything that is done with texts, by one name. what: list { purpose? }, read { name, version? }, versions { name },
-- save (above), archive { name, author, archived }, changed { known: { name: version }, purpose? }: the texts of
-- campaigns (or of the product's messages) that hold now, with the content of those that differ from what is known.
create function public.leadwire_texts(p_what text, p jsonb) returns jsonb
language plpgsql set search_path = '' as $$
begin
  case p_what
  when 'save' then
    return public.leadwire_text_save(p);
  when 'list' then
    return (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', t.name, 'title', t.title, 'purpose', t.purpose, 'version', t.version,
        'isArchived', t.archived_at is not null, 'updatedBy', t.updated_by, 'updatedAt', t.updated_at,
        'subject', v.content #>> '{mail,subject}', 'isRaw', coalesce(v.content -> 'mail' ? 'mjml', false),
        'hasMail', jsonb_typeof(v.content -> 'mail') = 'object',
        'hasSms', jsonb_typeof(v.content -> 'sms') = 'string') order by t.updated_at desc, t.name), '[]')
      from public.message_templates t
      join public.message_template_versions v on v.name = t.name and v.version = t.version
      where t.purpose = coalesce(p ->> 'purpose', t.purpose)
    );
  when 'read' then
    return (
      select jsonb_build_object(
        'name', t.name, 'title', v.title, 'purpose', t.purpose, 'current', t.version,
        'isArchived', t.archived_at is not null, 'updatedBy', t.updated_by, 'updatedAt', t.updated_at,
        'version', v.version, 'content', v.content, 'author', v.author, 'at', v.created_at)
      from public.message_templates t
      join public.message_template_versions v
        on v.name = t.name and v.version = coalesce((p ->> 'version')::integer, t.version)
      where t.name = p ->> 'name'
    );
  when 'versions' then
    return (
      select coalesce(jsonb_agg(jsonb_build_object(
        'version', v.version, 'title', v.title, 'author', v.author, 'at', v.created_at,
        'restoredFrom', v.restored_from, 'isCurrent', v.version = t.version) order by v.version desc), '[]')
      from public.message_template_versions v
      join public.message_templates t on t.name = v.name
      where v.name = p ->> 'name'
    );
  when 'archive' then
    update public.message_templates t
    set archived_at = case when (p ->> 'archived')::boolean then now() end, updated_by = p ->> 'author',
      updated_at = now()
    where t.name = p ->> 'name';
    return jsonb_build_object('kind', case when found then 'done' else 'missing' end);
  when 'changed' then
    return (
      select jsonb_build_object(
        'names', coalesce(jsonb_agg(t.name order by t.name), '[]'),
        'changed', coalesce(jsonb_agg(jsonb_build_object(
          'name', t.name, 'title', v.title, 'version', v.version, 'content', v.content) order by t.name)
          filter (where (p #>> array['known', t.name])::integer is distinct from t.version), '[]'))
      from public.message_templates t
      join public.message_template_versions v on v.name = t.name and v.version = t.version
      where t.archived_at is null and t.purpose = coalesce(p ->> 'purpose', 'campaign')
    );
  else
    raise exception 'nothing is called %', p_what using errcode = '22023';
  end case;
end
$$;

-- The same for somebody who works here, with their own token: owners and managers write what campaigns say; the
-- product's own messages, and MJML, are the owner's. Who wrote it is whoever asks.
create function public.console_texts(p_what text, p jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  is_owner boolean := private.is_owner();
  me text := (select s.email from public.staff s where s.id = private.staff_id());
begin
  if not coalesce(private.sees_contacts(), false) then
    raise exception 'not for you' using errcode = '42501';
  end if;
  if p_what in ('save', 'archive') and not is_owner and (
    p ->> 'purpose' = 'transactional' or p #> '{content,mail}' ? 'mjml'
    or exists (select from public.message_templates t where t.name = p ->> 'name' and t.purpose = 'transactional')
  ) then
    raise exception 'not for you' using errcode = '42501';
  end if;
  return public.leadwire_texts(p_what, p || jsonb_build_object('author', me));
end
$$;
revoke all on function public.console_texts(text, jsonb) from public, anon;
grant execute on function public.console_texts(text, jsonb) to authenticated, service_role;

select public.leadwire_service_only('{message_templates,message_template_versions}');

-- Everything that is done with texts, by one name. what: list { purpose? }, read { name, version? }, versions { name },
-- save (above), archive { name, author, archived }, changed { known: { name: version }, purpose? }: the texts of
-- campaigns (or of the product's messages) that hold now, with the content of those that differ from what is known.
create or replace function public.leadwire_texts(p_what text, p jsonb) returns jsonb
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

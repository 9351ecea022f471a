-- The Telegram groups, as telegram-relay mirrors them here; it keeps them in the broker.

alter table public.telegram_groups
  -- The topic of a forum group in which notices appear.
  add column if not exists thread_id bigint,
  -- Ids the chat had before Telegram gave it a new one.
  add column if not exists former_chat_ids jsonb not null default '[]'::jsonb;

-- Stores groups; answers how many rows changed. An older state never replaces a newer one.
-- rows: [{ id, bot, chatId, formerChatIds, title, leadKinds, state, stateReason, threadId, activatedAt,
--   deactivatedAt, createdAt, changedAt }]
create or replace function public.leadwire_store_telegram_groups(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  touched integer;
begin
  perform public.leadwire_check_rows(rows, '{id,bot,chatId,state,changedAt}', '{id}',
    '{activatedAt,deactivatedAt,createdAt,changedAt}');

  insert into public.telegram_groups as g (
    id, bot, chat_id, former_chat_ids, title, lead_kinds, state, state_reason, thread_id, activated_at,
    deactivated_at, created_at, updated_at
  )
  select distinct on (r.id) r.id, r.bot, r."chatId", coalesce(r."formerChatIds", '[]'), r.title,
    coalesce(r."leadKinds", '[]'), r.state, r."stateReason", r."threadId", r."activatedAt",
    r."deactivatedAt", r."createdAt", r."changedAt"
  from jsonb_to_recordset(rows) as r(
    id uuid, bot text, "chatId" bigint, "formerChatIds" jsonb, title text, "leadKinds" jsonb, state text,
    "stateReason" text, "threadId" bigint, "activatedAt" timestamptz, "deactivatedAt" timestamptz,
    "createdAt" timestamptz, "changedAt" timestamptz
  )
  order by r.id, r."changedAt" desc
  on conflict (id) do update
  set bot = excluded.bot, chat_id = excluded.chat_id, former_chat_ids = excluded.former_chat_ids,
    title = excluded.title, lead_kinds = excluded.lead_kinds, state = excluded.state,
    state_reason = excluded.state_reason, thread_id = excluded.thread_id,
    activated_at = excluded.activated_at, deactivated_at = excluded.deactivated_at,
    created_at = least(g.created_at, excluded.created_at), updated_at = excluded.updated_at
  where g.updated_at is null or g.updated_at < excluded.updated_at;
  get diagnostics touched = row_count;
  return touched;
end
$$;

-- As for the other functions: the service key may call it, nobody else.
do $$
declare
  name regprocedure := 'public.leadwire_store_telegram_groups(jsonb)'::regprocedure;
  outsider text;
begin
  execute format('revoke all on function %s from public', name);
  for outsider in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    execute format('revoke all on function %s from %I', name, outsider);
  end loop;
  if exists (select from pg_roles where rolname = 'service_role') then
    execute format('grant execute on function %s to service_role', name);
  end if;
end
$$;

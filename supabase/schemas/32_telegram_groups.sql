-- The Telegram groups that get notices, as telegram-relay mirrors them here; it keeps them in the broker.

create table public.telegram_groups (
  id uuid primary key default gen_random_uuid(),
  chat_id bigint,
  bot text,
  title text,
  -- Kinds of lead the group gets; empty means every kind.
  lead_kinds jsonb not null default '[]'::jsonb,
  -- active | paused | deactivated
  state text not null default 'active',
  state_reason text,
  migrated_to_chat_id bigint,
  activated_at timestamptz,
  deactivated_at timestamptz,
  -- The topic of a forum group in which notices appear.
  thread_id bigint,
  -- Ids the chat had before Telegram gave it a new one.
  former_chat_ids jsonb not null default '[]'::jsonb,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create index telegram_groups_chat_id_idx on public.telegram_groups (chat_id);
create index telegram_groups_state_idx on public.telegram_groups (state);
comment on table public.telegram_groups is
  'The Telegram groups that get notices. Written by telegram-relay (leadwire_store_telegram_groups).';

-- Stores groups; answers how many rows changed. An older state never replaces a newer one.
-- rows: [{ id, bot, chatId, formerChatIds, title, leadKinds, state, stateReason, threadId, activatedAt,
--   deactivatedAt, createdAt, changedAt }]
create function public.leadwire_store_telegram_groups(rows jsonb) returns integer
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

select public.leadwire_service_only('{telegram_groups}');

/**
 * The table `telegram_groups`, written after the bucket. A database that is away is tried again until it
 * takes the rows; nothing waits for it.
 */
import { ChannelStoppedError, toError } from '@leadwire/shared/errors';
import { leadKinds } from '@leadwire/shared/contract/events';
import type { Log } from '@leadwire/shared/runtime/log';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { Database } from '@leadwire/shared/providers/supabase';
import {
  groupBots,
  groupStates,
  telegramGroupSchema,
  type TelegramGroup,
} from '@leadwire/shared/delivery/telegram-groups';
import type { GroupStore } from './group-store.ts';

/** Changes that other replicas made are seen this often; our own are written at once. */
const LOOK_MS = 60_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export interface MirrorOptions {
  database: Pick<Database, 'storeRows' | 'rowsWith'>;
  groups: Pick<GroupStore, 'list' | 'adopt' | 'onChange'>;
  log: Log;
}

export interface Mirror extends BackgroundWork {
  /** False until a first start has taken over what the table has: nothing may be planned before. */
  areGroupsKnown(): boolean;
}

/**
 * Starts at once: first groups that only the table knows are taken over, then every group is written
 * whenever one has changed.
 */
export function startMirror({ database, groups, log }: MirrorOptions): Mirror {
  let isStopping = false;
  let isAdopted = false;
  let isKnown = false;
  let written = '';
  let retryMs = FIRST_RETRY_MS;
  let hasChanged = false;
  let wakeUp: () => void = () => undefined;
  groups.onChange(() => {
    hasChanged = true;
    wakeUp();
  });

  const write = async (): Promise<void> => {
    if (!isAdopted) await adopt();
    const rows = (await groups.list()).map(toRow);
    const content = JSON.stringify(rows);
    if (content === written || rows.length === 0) return;
    await database.storeRows('leadwire_store_telegram_groups', rows);
    written = content;
  };

  const adopt = async (): Promise<void> => {
    try {
      await adoptRows();
      isAdopted = isKnown = true;
    } catch (thrown) {
      // Groups that we have were taken over before: a database that is away stops nothing.
      isKnown ||= (await groups.list()).length > 0;
      throw thrown;
    }
  };

  const adoptRows = async (): Promise<void> => {
    for (const value of groupStates) {
      const wanted = { column: 'state', value, order: 'created_at' };
      for (const row of await database.rowsWith('telegram_groups', wanted)) {
        const group = fromRow(row);
        if (!group) log.warn({ groupId: row['id'] }, 'a row of telegram_groups names no chat');
        else if (await groups.adopt(group)) log.info({ groupId: group.groupId }, 'taken over');
      }
    }
  };

  const loop = async (): Promise<void> => {
    while (!isStopping) {
      hasChanged = false;
      let waitMs = LOOK_MS;
      try {
        await write();
        retryMs = FIRST_RETRY_MS;
      } catch (thrown) {
        const error = toError(thrown);
        const level = error instanceof ChannelStoppedError ? 'error' : 'warn';
        log[level]({ err: error }, 'telegram_groups was not written, trying again');
        waitMs = retryMs;
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
      if (!isStopping && !hasChanged) await sleep(waitMs);
    }
  };

  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => (clearTimeout(timer), resolve());
    });

  const ended = loop();
  return {
    name: 'telegram-groups-mirror',
    areGroupsKnown: () => isKnown,
    problem: () => (isKnown ? undefined : 'the groups are not taken over from the table yet'),
    async stop() {
      isStopping = true;
      wakeUp();
      await ended;
    },
  };
}

function toRow(group: TelegramGroup) {
  const { groupId: id, stateReason, threadId, ...rest } = group;
  return {
    id,
    ...rest,
    stateReason: stateReason ?? null,
    threadId: threadId ?? null,
    deactivatedAt: group.state === 'deactivated' ? group.changedAt : null,
  };
}

/** A row of before the bucket, or of somebody's own hand. */
function fromRow(row: Record<string, unknown>): TelegramGroup | undefined {
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : undefined);
  const time = (name: string) => {
    const at = Date.parse(text(name) ?? '');
    return Number.isNaN(at) ? undefined : new Date(at).toISOString();
  };
  const now = new Date().toISOString();
  const chatId = row['migrated_to_chat_id'] ?? row['chat_id'];
  const kinds: unknown[] = Array.isArray(row['lead_kinds']) ? row['lead_kinds'] : [];
  return telegramGroupSchema.safeParse({
    groupId: row['id'],
    bot: groupBots.find((bot) => bot === row['bot']) ?? 'leads',
    chatId: typeof chatId === 'number' ? String(chatId) : chatId,
    formerChatIds: [],
    title: text('title') ?? '',
    leadKinds: leadKinds.filter((kind) => kinds.includes(kind)),
    state: row['state'],
    stateReason: text('state_reason'),
    threadId: typeof row['thread_id'] === 'number' ? row['thread_id'] : undefined,
    activatedAt: time('activated_at') ?? time('created_at') ?? now,
    createdAt: time('created_at') ?? now,
    changedAt: now,
  }).data;
}

/**
 * Every update is acted on once, however often and to whichever process Telegram hands it: its number is
 * a key of the broker, taken before and marked after. Answers go out after the mark, so that a restart
 * repeats no command; what a crash takes with it in between is an answer, never a change.
 */
import { isConflict, type Bus } from '@leadwire/shared/broker/bus';
import { SnoozeError, TransientError, orOutage } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { z } from 'zod';
import type { Answerer } from './answerer.ts';
import type { OnTold, Reply } from '../groups/group-commands.ts';
import { readUpdate, type Chat, type Told } from './update.ts';

/** Acting on an update takes a few requests to the broker; one that was begun earlier has lost its process. */
const BEGUN_MS = 15_000;
const UNREADABLE = 'it cannot be read which updates were handled';

const markSchema = z.object({ state: z.enum(['begun', 'done']), at: z.number() });

export interface UpdateProcessor {
  /**
   * Acts on an update as it came from Telegram; resolves with its number once it need not come again,
   * or with undefined when it is no update at all.
   * @throws SnoozeError when another process is at it; TransientError when the broker fails.
   */
  take(json: unknown): Promise<number | undefined>;
}

export interface UpdateDeskOptions {
  bus: Pick<Bus, 'bucket'>;
  /** Telegram's id of the bot: updates are numbered per bot. */
  botId: string;
  /** The bot's name as people write it after @, in lower case. */
  username: () => Promise<string>;
  onTold: OnTold;
  answerer: Pick<Answerer, 'answer' | 'answerPress'>;
  log: Log;
  now?: () => number;
}

export function createUpdateProcessor(options: UpdateDeskOptions): UpdateProcessor {
  const { bus, botId, username, onTold, answerer, log, now = Date.now } = options;

  /** The revision under which it is ours, or undefined when it is done. */
  const begin = async (key: string): Promise<number | undefined> => {
    const bucket = await bus.bucket('telegram_updates');
    const mark = JSON.stringify({ state: 'begun', at: now() });
    try {
      return await bucket.create(key, mark);
    } catch (thrown) {
      if (!isConflict(thrown)) throw thrown;
    }
    const found = await bucket.get(key);
    if (found?.operation !== 'PUT') throw new TransientError('an update vanished');
    const { state, at } = markSchema.parse(found.json());
    if (state === 'done') return undefined;
    const leftMs = at + BEGUN_MS - now();
    if (leftMs > 0) throw new SnoozeError('another process handles the update', leftMs);
    try {
      return await bucket.update(key, mark, found.revision);
    } catch (thrown) {
      if (isConflict(thrown)) throw new SnoozeError('another process handles the update', BEGUN_MS);
      throw thrown;
    }
  };

  const write = async (key: string, mark: z.infer<typeof markSchema>, revision: number) => {
    await (await bus.bucket('telegram_updates')).update(key, JSON.stringify(mark), revision);
  };

  const act = async (told: Told, key: string, revision: number) => {
    try {
      const reply = await onTold(told, key);
      await write(key, { state: 'done', at: now() }, revision);
      return reply;
    } catch (thrown) {
      // Back at once, for whoever gets it next.
      await write(key, { state: 'begun', at: 0 }, revision).catch(() => undefined);
      throw thrown;
    }
  };

  const answer = (told: Told & { chat: Chat }, reply: Exclude<Reply, undefined>): void => {
    const chatId = told.chat.id;
    if (typeof reply === 'string') {
      const threadId = told.kind === 'command' ? told.threadId : undefined;
      answerer.answer({ chatId, html: reply, threadId });
    } else if (told.kind === 'press') {
      const { queryId, messageId } = told;
      const change = reply.buttons && { chatId, messageId, buttons: reply.buttons };
      answerer.answerPress(queryId, reply.words, change);
    }
  };

  const isForUs = async (told: Told): Promise<boolean> =>
    told.kind !== 'command' || told.to === undefined || told.to === (await username());

  return {
    async take(json) {
      const update = readUpdate(json);
      if (!update) {
        log.debug('something that is no update was passed over');
        return undefined;
      }
      const { updateId, told } = update;
      if (told === undefined || !(await isForUs(told))) return updateId;
      const key = `${botId}.${updateId}`;
      await orOutage(UNREADABLE, async () => {
        const revision = await begin(key);
        if (revision === undefined) return;
        const reply = await act(told, key, revision);
        if (reply !== undefined && 'chat' in told) answer(told, reply);
      });
      return updateId;
    },
  };
}

/** Whether it makes sense to try the same update again: what is not transient is a mistake of ours. */
export function isWorthRepeating(thrown: unknown): boolean {
  return thrown instanceof SnoozeError || thrown instanceof TransientError;
}

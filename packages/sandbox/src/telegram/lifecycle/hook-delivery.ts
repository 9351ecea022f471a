/**
 * How updates go out by webhook: each until a 2xx, one after the other in a chat, several chats side by side. The
 * secret comes back as a header; there is no signature.
 */
import type { World } from '../../world/provider.ts';
import type { Table } from '../../world/store.ts';
import type { WebhookMessage, WebhookStyle } from '../../world/webhooks.ts';
import type { Bot } from '../store/records.ts';
import type { TelegramSettings } from './settings.ts';
import { UPDATE_LIFE_MS, wireUpdate, type Update, type Updates } from '../store/updates.ts';

const SECOND = 1000;
const LONGEST_GAP_S = 60;
/** `Retry-After` of a receiver is obeyed up to an hour (WebhookActor.cpp). */
const LONGEST_RETRY_AFTER_MS = 3600 * SECOND;
const TIMEOUT_MS = 60 * SECOND;
/** A receiver that has answered 410 for this long has its hook dropped (WebhookActor.cpp). */
const GONE_MS = 23 * 3600 * SECOND;
const SECRET_HEADER = 'x-telegram-bot-api-secret-token';

export type Hook = {
  /** Tells one setting of the hook from the next. */
  generation: number;
  url: string;
  secret: string;
  maxConnections: number;
  ipAddress: string;
  error: { at: number; text: string } | null;
  goneSince: number | null;
};

export type Delivery = {
  /** Sends what waits for the bot and is not on its way yet. */
  deliver: (bot: Bot) => void;
  /** Takes back what is on its way. */
  recall: (bot: Bot) => void;
};

export type DeliveryParts = {
  settings: () => TelegramSettings;
  updates: Updates;
  bots: () => Bot[];
  hooks: Table<Hook>;
};

/** Begins to listen to updates and to the receivers' answers. */
export function createDelivery(world: World, parts: DeliveryParts): Delivery {
  const { webhooks } = world;
  const { updates, bots, hooks } = parts;
  const recall = (bot: Bot): void => {
    const hook = hooks.get(String(bot.id));
    if (hook === undefined) return;
    for (const update of updates.pending(bot)) webhooks.cancel(messageId(bot, hook, update));
  };
  const deliver = (bot: Bot): void => deliverTo(bot, hooks.get(String(bot.id)), world, parts);
  const botOf = ({ payload }: WebhookMessage): Bot | undefined =>
    bots().find(({ id }) => id === payload['botId']);
  const heard = (message: WebhookMessage, status: number | null): void => {
    const bot = botOf(message);
    const hook = bot && hooks.get(String(bot.id));
    if (bot === undefined || hook === undefined || hook.url !== message.url) return;
    const after = afterAnswer(hook, status, world.clock.now());
    if (after === null) {
      recall(bot);
      return hooks.remove(String(bot.id));
    }
    if (after !== hook) hooks.put(String(bot.id), after);
    // An update that is a day old is tried no more, and the next one of its chat has its turn.
    if (updates.pending(bot).some(({ id }) => id === message.payload['updateId'])) return;
    webhooks.cancel(message.id);
    deliver(bot);
  };
  const ended = (message: WebhookMessage): void => {
    const bot = botOf(message);
    if (bot === undefined) return;
    updates.confirm(bot, Number(message.payload['updateId']));
    deliver(bot);
  };
  webhooks.style(styleWith(heard, ended));
  updates.listen(deliver);
  return { deliver, recall };
}

function messageId(bot: Bot, { generation }: Hook, { id }: Update): string {
  return `telegram_${bot.id}_${generation}_${id}`;
}

function deliverTo(
  bot: Bot,
  hook: Hook | undefined,
  { webhooks }: World,
  { settings, updates }: DeliveryParts,
): void {
  if (hook === undefined) return;
  const send = (update: Update): void =>
    webhooks.send({
      id: messageId(bot, hook, update),
      provider: 'telegram',
      url: hook.url,
      secrets: [hook.secret],
      trouble: settings().webhookTrouble,
      payload: { type: update.type, botId: bot.id, updateId: update.id, body: wireUpdate(update) },
    });
  for (const update of updates.takeRepeated(bot)) send(update);
  const pending = updates.pending(bot);
  const isOnItsWay = (update: Update): boolean => webhooks.isPending(messageId(bot, hook, update));
  const busy = new Set(pending.filter(isOnItsWay).map(({ chatKey }) => chatKey));
  for (const update of pending) {
    if (busy.has(update.chatKey) || busy.size >= hook.maxConnections) continue;
    busy.add(update.chatKey);
    send(update);
  }
}

/** The hook after an answer of its receiver; null when the server has had enough of it. */
function afterAnswer(hook: Hook, status: number | null, now: number): Hook | null {
  if (status !== null && status >= 200 && status <= 299) {
    return hook.goneSince === null ? hook : { ...hook, goneSince: null };
  }
  const goneSince = status === 410 ? (hook.goneSince ?? now) : null;
  if (goneSince !== null && now - goneSince >= GONE_MS) return null;
  const text =
    status === null ? 'Connection refused' : `Wrong response from the webhook: ${status}`;
  return { ...hook, goneSince, error: { at: now, text } };
}

/** Doubling from a second to a minute, until the update is a day old. */
function retryGaps(): number[] {
  const gaps: number[] = [];
  for (let total = 0; total < UPDATE_LIFE_MS; total += gaps.at(-1) ?? 0) {
    gaps.push(Math.min(2 ** gaps.length, LONGEST_GAP_S) * SECOND);
  }
  return gaps;
}

function styleWith(
  attempted: NonNullable<WebhookStyle['attempted']>,
  ended: NonNullable<WebhookStyle['ended']>,
): WebhookStyle {
  return {
    provider: 'telegram',
    retryGapsMs: retryGaps(),
    mostRetryAfterMs: LONGEST_RETRY_AFTER_MS,
    timeoutMs: TIMEOUT_MS,
    isDelivered: (status) => status >= 200 && status <= 299,
    attempted,
    ended,
    render: ({ payload, secrets: [secret = ''], trouble: { signature } }) => {
      const shown = signature === 'wrong' ? 'a-secret-that-nobody-agreed-on' : secret;
      const isShown = shown !== '' && signature !== 'forged';
      return {
        body: JSON.stringify(payload['body']),
        headers: isShown ? { [SECRET_HEADER]: shown } : {},
      };
    },
  };
}

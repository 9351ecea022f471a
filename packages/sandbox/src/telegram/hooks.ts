/**
 * Webhooks: each update until a 2xx, one after the other in a chat, several chats side by side. The secret comes back
 * as a header; there is no signature.
 */
import type { World } from '../world/provider.ts';
import type { WebhookMessage, WebhookStyle } from '../world/webhooks.ts';
import { refuse, tooMany } from './answers.ts';
import { flag, jsonOf, wholeNumber, type Params } from './params.ts';
import type { Bot } from './records.ts';
import type { TelegramSettings } from './settings.ts';
import { UPDATE_LIFE_MS, wireUpdate, type Update, type Updates } from './updates.ts';
import { wireDate } from './wire.ts';

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

export type Hooks = {
  /** The hook in force. */
  of(bot: Bot): Hook | undefined;
  /** setWebhook: returns what the server says of it. Throws its refusals. */
  set(bot: Bot, params: Params): string;
  /** deleteWebhook; what was not delivered waits for getUpdates, unless it is to be dropped. */
  remove(bot: Bot, params: Params): string;
  info(bot: Bot): Record<string, unknown>;
  /** Goes on with what a former process left. */
  resume(): void;
  reset(): void;
};

type Parts = { settings: () => TelegramSettings; updates: Updates; bots: () => Bot[] };

/** Makes the hooks; they lie in the store. */
export function createHooks(world: World, { settings, updates, bots }: Parts): Hooks {
  const { store, clock, webhooks } = world;
  const table = store.table<Hook>('telegram-hooks');
  const generations = store.table<number>('telegram-hook-generations');
  const setAt = new Map<number, number>();
  const of = (bot: Bot): Hook | undefined => table.get(String(bot.id));
  const messageId = (bot: Bot, hook: Hook, update: Update): string =>
    `telegram_${bot.id}_${hook.generation}_${update.id}`;

  const send = (bot: Bot, hook: Hook, update: Update): void =>
    webhooks.send({
      id: messageId(bot, hook, update),
      provider: 'telegram',
      url: hook.url,
      secrets: [hook.secret],
      trouble: settings().webhookTrouble,
      payload: { type: update.type, botId: bot.id, updateId: update.id, body: wireUpdate(update) },
    });
  const deliver = (bot: Bot): void => {
    const hook = of(bot);
    if (hook === undefined) return;
    for (const update of updates.takeRepeated(bot)) send(bot, hook, update);
    const pending = updates.pending(bot);
    const busy = new Set(
      pending
        .filter((update) => webhooks.isPending(messageId(bot, hook, update)))
        .map(({ chatKey }) => chatKey),
    );
    for (const update of pending) {
      if (busy.has(update.chatKey) || busy.size >= hook.maxConnections) continue;
      busy.add(update.chatKey);
      send(bot, hook, update);
    }
  };
  const drop = (bot: Bot, hook: Hook): void => {
    for (const update of updates.pending(bot)) webhooks.cancel(messageId(bot, hook, update));
    table.remove(String(bot.id));
  };
  const botOf = ({ payload }: WebhookMessage): Bot | undefined =>
    bots().find(({ id }) => id === payload['botId']);
  /** An update that is a day old is tried no more, and the next one of its chat has its turn. */
  const forgetOld = (bot: Bot, { id, payload }: WebhookMessage): void => {
    if (updates.pending(bot).some((update) => update.id === payload['updateId'])) return;
    webhooks.cancel(id);
    deliver(bot);
  };
  const heard = (message: WebhookMessage, status: number | null): void => {
    const bot = botOf(message);
    const hook = bot && of(bot);
    if (bot === undefined || hook === undefined || hook.url !== message.url) return;
    const after = afterAnswer(hook, status, clock.now());
    if (after === null) return drop(bot, hook);
    if (after !== hook) table.put(String(bot.id), after);
    if (after.error !== null) forgetOld(bot, message);
  };
  const ended = (message: WebhookMessage): void => {
    const bot = botOf(message);
    if (bot === undefined) return;
    updates.confirm(bot, Number(message.payload['updateId']));
    deliver(bot);
  };
  webhooks.style(styleWith(heard, ended));
  updates.listen(deliver);

  return {
    of,
    set: (bot, params) => {
      const url = params.get('url') ?? '';
      const known = of(bot);
      if (url === '') return removeHook(known, bot, params, updates, drop);
      if (clock.now() - (setAt.get(bot.id) ?? -Infinity) < SECOND) throw tooMany(1);
      setAt.set(bot.id, clock.now());
      const asked = readHook(url, params, settings());
      const isSame =
        known !== undefined &&
        known.url === url &&
        known.secret === asked.secret &&
        known.maxConnections === asked.maxConnections;
      if (flag(params, 'drop_pending_updates')) updates.drop(bot);
      allowUpdates(bot, params, updates);
      if (isSame) return 'Webhook is already set';
      if (known !== undefined) drop(bot, known);
      const generation = (generations.get(String(bot.id)) ?? 0) + 1;
      generations.put(String(bot.id), generation);
      table.put(String(bot.id), { ...asked, generation, error: null, goneSince: null });
      deliver(bot);
      return 'Webhook was set';
    },
    remove: (bot, params) => removeHook(of(bot), bot, params, updates, drop),
    info: (bot) => describeHook(of(bot), bot, updates),
    resume: () => {
      for (const bot of bots()) deliver(bot);
    },
    reset: () => setAt.clear(),
  };
}

function allowUpdates(bot: Bot, params: Params, updates: Updates): void {
  const allowed = jsonOf(params, 'allowed_updates');
  if (Array.isArray(allowed)) updates.allow(bot, allowed.map(String));
}

function removeHook(
  known: Hook | undefined,
  bot: Bot,
  params: Params,
  updates: Updates,
  drop: (bot: Bot, hook: Hook) => void,
): string {
  if (known !== undefined) drop(bot, known);
  if (flag(params, 'drop_pending_updates')) updates.drop(bot);
  return known === undefined ? 'Webhook is already deleted' : 'Webhook was deleted';
}

/** Checks what the server checks before it believes in a hook. */
function readHook(
  given: string,
  params: Params,
  { localServer }: TelegramSettings,
): Omit<Hook, 'generation' | 'error' | 'goneSince'> {
  if (!URL.canParse(given)) throw refuse(400, 'invalid webhook URL specified');
  const url = new URL(given);
  if (!localServer && url.protocol !== 'https:') {
    throw refuse(400, 'bad webhook: An HTTPS URL must be provided for webhook');
  }
  if (!localServer && !['', '80', '88', '443', '8443'].includes(url.port)) {
    throw refuse(400, 'bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443');
  }
  const secret = params.get('secret_token') ?? '';
  if (secret.length > 256) throw refuse(400, 'secret token is too long');
  if (!/^[A-Za-z0-9_-]*$/.test(secret)) {
    throw refuse(400, 'secret token contains unallowed characters');
  }
  const most = localServer ? 100_000 : 100;
  const maxConnections = wholeNumber(params, 'max_connections', { fallback: 40, least: 1, most });
  return { url: given, secret, maxConnections, ipAddress: params.get('ip_address') ?? '' };
}

function describeHook(hook: Hook | undefined, bot: Bot, updates: Updates): Record<string, unknown> {
  const allowed = updates.allowed(bot);
  return {
    url: hook?.url ?? '',
    has_custom_certificate: false,
    pending_update_count: updates.pending(bot).length,
    ...(hook !== undefined && { max_connections: hook.maxConnections }),
    ...(hook !== undefined && hook.ipAddress !== '' && { ip_address: hook.ipAddress }),
    ...(hook?.error && {
      last_error_date: wireDate(hook.error.at),
      last_error_message: hook.error.text,
    }),
    ...(allowed !== null && { allowed_updates: allowed }),
  };
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

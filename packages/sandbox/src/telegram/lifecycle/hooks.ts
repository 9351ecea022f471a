/** setWebhook, deleteWebhook and getWebhookInfo: what the server checks before it believes in a hook, and what it says. */
import type { World } from '../../world/provider.ts';
import { refuse, tooMany } from '../api/answers.ts';
import { createDelivery, type Hook } from './hook-delivery.ts';
import { flag, jsonOf, wholeNumber, type Params } from '../api/params.ts';
import type { Bot } from '../store/records.ts';
import type { TelegramSettings } from './settings.ts';
import type { Updates } from '../store/updates.ts';
import { wireDate } from '../api/wire.ts';

/** setWebhook is taken no oftener (Client.cpp). */
const LEAST_GAP_MS = 1000;

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
export function createHooks(world: World, parts: Parts): Hooks {
  const { store, clock } = world;
  const { settings, updates, bots } = parts;
  const table = store.table<Hook>('telegram-hooks');
  const generations = store.table<number>('telegram-hook-generations');
  const { deliver, recall } = createDelivery(world, { ...parts, hooks: table });
  const setAt = new Map<number, number>();
  const of = (bot: Bot): Hook | undefined => table.get(String(bot.id));
  const remove = (bot: Bot, params: Params): string => {
    const wasSet = of(bot) !== undefined;
    recall(bot);
    if (flag(params, 'drop_pending_updates')) updates.drop(bot);
    table.remove(String(bot.id));
    return wasSet ? 'Webhook was deleted' : 'Webhook is already deleted';
  };
  const save = (bot: Bot, asked: Asked): void => {
    const generation = (generations.get(String(bot.id)) ?? 0) + 1;
    generations.put(String(bot.id), generation);
    table.put(String(bot.id), { ...asked, generation, error: null, goneSince: null });
    deliver(bot);
  };
  const set = (bot: Bot, params: Params): string => {
    const url = params.get('url') ?? '';
    if (url === '') return remove(bot, params);
    if (clock.now() - (setAt.get(bot.id) ?? -Infinity) < LEAST_GAP_MS) throw tooMany(1);
    setAt.set(bot.id, clock.now());
    const asked = readHook(url, params, settings());
    const allowed = jsonOf(params, 'allowed_updates');
    if (Array.isArray(allowed)) updates.allow(bot, allowed.map(String));
    const isKnown = isSame(asked, of(bot));
    const isDropping = flag(params, 'drop_pending_updates');
    if (!isKnown || isDropping) recall(bot);
    if (isDropping) updates.drop(bot);
    if (isKnown) return 'Webhook is already set';
    save(bot, asked);
    return 'Webhook was set';
  };
  return {
    of,
    set,
    remove,
    info: (bot) => describeHook(of(bot), bot, updates),
    resume: () => {
      for (const bot of bots()) deliver(bot);
    },
    reset: () => setAt.clear(),
  };
}

/** What a call says of a hook. */
type Asked = Pick<Hook, 'url' | 'secret' | 'maxConnections' | 'ipAddress'>;

function isSame(asked: Asked, known: Hook | undefined): boolean {
  const { url, secret, maxConnections, ipAddress } = asked;
  return (
    known?.url === url &&
    known.secret === secret &&
    known.maxConnections === maxConnections &&
    known.ipAddress === ipAddress
  );
}

/** Checks what the server checks before it believes in a hook. */
function readHook(given: string, params: Params, { localServer }: TelegramSettings): Asked {
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

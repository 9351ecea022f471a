/** Telegram's Bot API as a provider of the sandbox: path, token, method, in this order, as the real server does. */
import {
  FaultCutError,
  type Provider,
  type ProviderAnswer,
  type ProviderRequest,
  type World,
} from '../world/provider.ts';
import { createSettings } from '../world/settings.ts';
import { done, failure, refused, TelegramError } from './api/answers.ts';
import { createTelegramStore } from './store/telegram-store.ts';
import { createCommands } from './store/commands.ts';
import { controlRoutes } from './lifecycle/control-routes.ts';
import { createChatActions } from './store/chat-actions.ts';
import { createHooks } from './lifecycle/hooks.ts';
import type { TelegramParts } from './api/method.ts';
import { methods } from './api/methods.ts';
import { createTelegramPage } from './pages/page.ts';
import { readParams } from './api/params.ts';
import { createPlans } from './store/plans.ts';
import { createPresses } from './store/presses.ts';
import { createPolling } from './api/polling.ts';
import { telegramPresets } from './lifecycle/presets.ts';
import { RateLimit } from './api/rate-limit.ts';
import type { Bot } from './store/records.ts';
import { telegramSettingsSchema, TOKEN, type TelegramOptions } from './lifecycle/settings.ts';
import { createUpdates } from './store/updates.ts';

/** `/bot<token>/<method>`; `/test/` before the method leads to the test servers and changes nothing here. */
const CALL = /^\/bot([^/]*)\/(?:test\/)?([^/]*)\/?$/;

/** Makes the provider. Throws a ZodError for options it cannot use. */
export function createTelegram(world: World, options: TelegramOptions = {}): Provider {
  const settings = createSettings(telegramSettingsSchema, options);
  const { read } = settings;
  const store = createTelegramStore(world, read);
  const updates = createUpdates(world);
  const hooks = createHooks(world, { settings: read, updates, bots: () => store.bots() });
  const polling = createPolling(world, read, updates, (bot) => hooks.of(bot) !== undefined);
  const rate = new RateLimit(read, world.clock.now);
  const actions = createChatActions({ world, store, updates });
  const plans = createPlans(store, actions, rate);
  const commands = createCommands(world.store);
  const presses = createPresses({ world, store, updates });
  const parts: TelegramParts = {
    world,
    settings: read,
    store,
    updates,
    polling,
    hooks,
    rate,
    actions,
    plans,
    commands,
    presses,
  };
  const revoked = world.store.table<true>('telegram-revoked');
  const isRevoked = (bot: Bot): boolean => revoked.get(bot.token) !== undefined;
  return {
    name: 'telegram',
    answer: (request) => answerOnce(request, parts, isRevoked),
    failure,
    settings,
    presets: telegramPresets,
    page: createTelegramPage(parts, isRevoked),
    control: (app) => controlRoutes(app, parts, revoked),
    resume: () => hooks.resume(),
    reset: () => {
      settings.reset();
      updates.reset();
      polling.reset();
      hooks.reset();
      rate.reset();
      plans.reset();
    },
  };
}

async function answerOnce(
  request: ProviderRequest,
  parts: TelegramParts,
  isRevoked: (bot: Bot) => boolean,
): Promise<ProviderAnswer> {
  try {
    await request.pass('before-auth');
    const [, token, name = ''] = CALL.exec(decodePath(request.path)) ?? [];
    if (token === undefined) throw new TelegramError(404, 'Not Found');
    const bot = checkToken(token, parts, isRevoked);
    const method = Object.hasOwn(methods, name.toLowerCase())
      ? methods[name.toLowerCase()]
      : undefined;
    if (method === undefined) throw new TelegramError(404, 'Not Found: method not found');
    const params = await readParams(request);
    await request.pass('before-effect');
    const { result, description } = await method({ bot, params }, parts);
    await request.pass('after-effect');
    return done(result, description);
  } catch (error) {
    if (error instanceof TelegramError) return refused(error);
    if (error instanceof FaultCutError && error.answer !== null) return error.answer;
    throw error;
  }
}

/** Some clients write the token's colon as %3A. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function checkToken(
  token: string,
  { store, settings }: TelegramParts,
  isRevoked: (bot: Bot) => boolean,
): Bot {
  if (!TOKEN.test(token)) {
    throw settings().malformedToken === 404
      ? new TelegramError(404, 'Not Found')
      : new TelegramError(401, 'Unauthorized: invalid token specified');
  }
  const bot = store.botByToken(token);
  if (bot === undefined || isRevoked(bot)) throw new TelegramError(401, 'Unauthorized');
  return bot;
}

import type { World } from '../../world/provider.ts';
import type { TelegramStore } from '../store/telegram-store.ts';
import type { Commands } from '../store/commands.ts';
import type { ChatActions } from '../store/chat-actions.ts';
import type { Hooks } from '../lifecycle/hooks.ts';
import type { Params } from './params.ts';
import type { Plans } from '../store/plans.ts';
import type { Polling } from './polling.ts';
import type { Presses } from '../store/presses.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Bot } from '../store/records.ts';
import type { TelegramSettings } from '../lifecycle/settings.ts';
import type { Updates } from '../store/updates.ts';

/** What the methods share. */
export type TelegramParts = {
  world: World;
  settings: () => TelegramSettings;
  store: TelegramStore;
  updates: Updates;
  polling: Polling;
  hooks: Hooks;
  rate: RateLimit;
  actions: ChatActions;
  plans: Plans;
  commands: Commands;
  presses: Presses;
};

export type MethodCall = { bot: Bot; params: Params };
export type MethodResult = { result: unknown; description?: string };

/** One method of the Bot API. Throws a TelegramError for whatever it refuses. */
export type Method = (
  call: MethodCall,
  parts: TelegramParts,
) => MethodResult | Promise<MethodResult>;

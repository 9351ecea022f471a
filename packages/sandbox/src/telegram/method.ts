import type { World } from '../world/provider.ts';
import type { Book } from './book.ts';
import type { Commands } from './commands.ts';
import type { Desk } from './desk.ts';
import type { Hooks } from './hooks.ts';
import type { Params } from './params.ts';
import type { Plans } from './plans.ts';
import type { Polling } from './polling.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Bot } from './records.ts';
import type { TelegramSettings } from './settings.ts';
import type { Updates } from './updates.ts';

/** What the methods share. */
export type TelegramParts = {
  world: World;
  settings: () => TelegramSettings;
  book: Book;
  updates: Updates;
  polling: Polling;
  hooks: Hooks;
  rate: RateLimit;
  desk: Desk;
  plans: Plans;
  commands: Commands;
};

export type MethodCall = { bot: Bot; params: Params };
export type MethodResult = { result: unknown; description?: string };

/** One method of the Bot API. Throws a TelegramError for whatever it refuses. */
export type Method = (
  call: MethodCall,
  parts: TelegramParts,
) => MethodResult | Promise<MethodResult>;

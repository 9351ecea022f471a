/** The Telegram tab: groups and private chats as the people in them see them. */
import { html, type Html } from '../../pages/html.ts';
import type { ProviderPage } from '../../world/provider.ts';
import { chatList, shortName } from './chat-list.ts';
import { chatView } from './chat-view.ts';
import type { TelegramParts } from '../api/method.ts';
import type { Bot } from '../store/records.ts';

/** A bot that has asked for nothing in this time is taken for absent: a long poll is at most 50 s. */
const SILENT_MS = 70_000;

/** Makes the tab. `isRevoked` tells whether a bot's token still works. */
export function createTelegramPage(
  parts: TelegramParts,
  isRevoked: (bot: Bot) => boolean,
): ProviderPage {
  const { store, world } = parts;
  return {
    title: 'Telegram',
    count: () => world.effects.list({ provider: 'telegram', kind: 'message' }).length,
    summary: () => html`${store.bots().map((bot) => botState(bot, isRevoked(bot), parts))}`,
    list: (selected) => chatList(parts, selected),
    item: (id) => chatView(id, parts),
  };
}

function botState(bot: Bot, revoked: boolean, parts: TelegramParts): Html {
  const { words, tone } = connection(bot, revoked, parts);
  const path = `/__sim/telegram/bots/${encodeURIComponent(bot.name)}/${revoked ? 'restore' : 'revoke'}`;
  return html`<span
    >Бот «${shortName(bot)}»: <b class="${tone}">${words}</b>
    <button type="button" class="small" data-post="${path}" data-focus="token-${bot.name}">
      ${revoked ? 'Вернуть токен' : 'Отозвать токен'}
    </button></span
  >`;
}

function connection(
  bot: Bot,
  revoked: boolean,
  { hooks, polling, world }: TelegramParts,
): { words: string; tone: string } {
  if (revoked) return { words: 'токен отозван', tone: 'bad' };
  if (hooks.of(bot) !== undefined) return { words: 'на связи (вебхук)', tone: 'good' };
  const seen = polling.lastSeen(bot);
  const isThere = seen !== undefined && world.clock.now() - seen < SILENT_MS;
  return isThere ? { words: 'на связи', tone: 'good' } : { words: 'не на связи', tone: 'wait' };
}

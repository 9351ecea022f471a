import { html } from '../page/html.ts';
import type { ProviderPage } from '../world/provider.ts';
import type { TelegramParts } from './method.ts';

/** Makes the tab. */
export function createTelegramPage({ book }: TelegramParts): ProviderPage {
  return {
    title: 'Telegram',
    count: () => book.chats().length,
    summary: () => html`<span>Telegram</span>`,
    list: () => html``,
    item: () => undefined,
  };
}

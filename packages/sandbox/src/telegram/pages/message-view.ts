/** Messages as a messenger draws them. Markup is drawn from entities, so nothing that was sent is ever HTML here. */
import { html, type Html } from '../../pages/html.ts';
import type { TelegramStore } from '../store/telegram-store.ts';
import type { Entity } from '../api/html-text.ts';
import type { Message, Service } from '../store/records.ts';

const ZONE = 'Asia/Almaty';
const clockTime = new Intl.DateTimeFormat('ru-RU', {
  timeZone: ZONE,
  hour: '2-digit',
  minute: '2-digit',
});
const calendarDay = new Intl.DateTimeFormat('ru-RU', {
  timeZone: ZONE,
  day: 'numeric',
  month: 'long',
});
/** Senders are told apart by one of so many colours (chats.css). */
const COLOURS = 7;

type Drawing = (inner: Html, text: string, entity: Entity) => Html;

/** How each kind of entity looks; any other kind is a plain text. */
const DRAWINGS: Record<string, Drawing> = {
  bold: (inner) => html`<b>${inner}</b>`,
  italic: (inner) => html`<i>${inner}</i>`,
  underline: (inner) => html`<u>${inner}</u>`,
  strikethrough: (inner) => html`<s>${inner}</s>`,
  spoiler: (inner) => html`<span class="spoiler" tabindex="0">${inner}</span>`,
  code: (inner) => html`<code>${inner}</code>`,
  pre: (inner) => html`<pre>${inner}</pre>`,
  blockquote: (inner) => html`<blockquote>${inner}</blockquote>`,
  expandable_blockquote: (inner) => html`<blockquote>${inner}</blockquote>`,
  text_link: (inner, _text, { url = '' }) => link(inner, webAddress(url)),
  url: (inner, text) => link(inner, webAddress(text)),
  phone_number: (inner, text) => html`<a href="tel:${text}">${inner}</a>`,
  email: (inner, text) => html`<a href="mailto:${text}">${inner}</a>`,
  bot_command: (inner, text) =>
    html`<button type="button" class="command" data-type="${text}">${inner}</button>`,
  mention: (inner) => html`<span class="mention">${inner}</span>`,
  hashtag: (inner) => html`<span class="mention">${inner}</span>`,
};

/** The messages with a line between days; `speaker` is the person whose own messages stand on the right. */
export function thread(messages: Message[], store: TelegramStore, speaker: number | null): Html[] {
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const day = calendarDay.format(message.at);
    const isNewDay = before === undefined || calendarDay.format(before.at) !== day;
    const isSame = !isNewDay && isFollowUp(before, message);
    return html`${isNewDay && html`<li class="service"><span>${day}</span></li>`}
    ${message.service === null ? bubble(message, store, speaker, isSame) : serviceLine(message, message.service, store)}`;
  });
}

/** A line about the last message, for a list of chats. */
export function snippet(message: Message, store: TelegramStore): string {
  if (message.service !== null) return serviceWords(message, message.service, store);
  const name = senderOf(message, store).name.replace(/^[^:]+:\s*/, '');
  return `${name}: ${message.text}`.replace(/\s+/g, ' ').slice(0, 140);
}

function isFollowUp(before: Message | undefined, { from, at }: Message): boolean {
  if (before === undefined || before.service !== null) return false;
  return JSON.stringify(before.from) === JSON.stringify(from) && at - before.at < 300_000;
}

function senderOf({ from }: Message, store: TelegramStore): { name: string; colour: number } {
  if ('botId' in from) {
    return { name: store.bot(from.botId)?.firstName ?? 'Бот', colour: from.botId % COLOURS };
  }
  const { firstName = 'Человек', lastName } = store.person(from.personId) ?? {};
  return { name: [firstName, lastName].filter(Boolean).join(' '), colour: from.personId % COLOURS };
}

function bubble(
  message: Message,
  store: TelegramStore,
  speaker: number | null,
  isFollowUp: boolean,
): Html {
  const { name, colour } = senderOf(message, store);
  const isOwn = 'personId' in message.from && message.from.personId === speaker;
  const isBot = 'botId' in message.from;
  return html`<li
    class="said ${isOwn && 'own'} ${isFollowUp && 'follow'}"
    data-message="${message.messageId}"
  >
    <div class="balloon" dir="auto">
      ${!isOwn && !isFollowUp && html`<b class="sender colour-${colour}" dir="auto">${name}${isBot && html` <small>бот</small>`}</b>`}
      <div class="words">${formatted(message.text, message.entities)}</div>
      ${keyboard(message)}
      <time datetime="${new Date(message.at).toISOString()}">${clockTime.format(message.at)}</time>
    </div>
  </li>`;
}

/** Pressed as the person whose name stands beside the line to type into (chats.js). */
function keyboard({ chatKey, messageId, buttons = [] }: Message): Html | false {
  if (buttons.length === 0) return false;
  const path = `/__sim/telegram/chats/${encodeURIComponent(chatKey)}/messages/${messageId}/press`;
  return html`<div class="keyboard">
    ${buttons
      .flat()
      .map((button) =>
        'data' in button
          ? html`<button
              type="button"
              class="small wide"
              data-press="${path}"
              data-data="${button.data}"
              data-focus="press-${messageId}-${button.data}"
            >
              ${button.text}
            </button>`
          : link(html`${button.text}`, webAddress(button.url)),
      )}
  </div>`;
}

function serviceLine(message: Message, service: Service, store: TelegramStore): Html {
  return html`<li class="service"><span>${serviceWords(message, service, store)}</span></li>`;
}

function serviceWords(message: Message, service: Service, store: TelegramStore): string {
  if ('chatId' in service) {
    return service.kind === 'migrated-to'
      ? 'Группа стала супергруппой: у неё новый номер'
      : 'Супергруппа создана из группы';
  }
  const bot = `бот «${store.bot(service.botId)?.firstName ?? ''}»`;
  if ('botId' in message.from) return `Вышел сам: ${bot}`;
  const who = senderOf(message, store).name;
  return `${who}: ${bot} ${service.kind === 'added' ? 'добавлен в группу' : 'удалён из группы'}`;
}

/** A text with its entities drawn; where two overlap without one being inside the other, one is drawn in pieces. */
export function formatted(text: string, entities: Entity[]): Html {
  return html`${drawRange(text, 0, text.length, entities)}`;
}

function drawRange(text: string, start: number, end: number, entities: Entity[]): Html[] {
  const [first, ...rest] = entities.filter(
    ({ offset, length }) => offset + length > start && offset < end,
  );
  if (first === undefined) return start < end ? [html`${text.slice(start, end)}`] : [];
  const from = Math.max(first.offset, start);
  const to = Math.min(first.offset + first.length, end);
  const inner = html`${drawRange(text, from, to, rest)}`;
  const draw = Object.hasOwn(DRAWINGS, first.type) ? DRAWINGS[first.type] : undefined;
  return [
    html`${text.slice(start, from)}`,
    draw === undefined ? inner : draw(inner, text.slice(from, to), first),
    ...drawRange(text, to, end, rest),
  ];
}

function link(inner: Html, address: string | null): Html {
  if (address === null) return inner;
  return html`<a href="${address}" target="_blank" rel="noopener noreferrer">${inner}</a>`;
}

/** An address that a browser may open, or null: links come from outside. */
function webAddress(url: string): string | null {
  const full = /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `http://${url}`;
  return /^https?:\/\//i.test(full) && URL.canParse(full) ? full : null;
}

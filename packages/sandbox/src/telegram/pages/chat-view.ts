/** One chat in full: what was said, a line to type into, and the bots beside it. */
import { html, type Html } from '../../pages/html.ts';
import { chatCrew } from '../store/chat-crew.ts';
import { avatar, chatHref, history, titleOf } from './chat-list.ts';
import type { TelegramParts } from '../api/method.ts';
import { thread } from './message-view.ts';
import { isIn, type Bot, type Chat } from '../store/records.ts';

const SHOWN_MESSAGES = 300;

/** The page of the chat with this key; undefined when there is none, nor could there be one. */
export function chatView(key: string, parts: TelegramParts): Html | undefined {
  const chat = parts.store.chat(key) ?? possibleChat(key, parts);
  if (chat === undefined) return undefined;
  const title = titleOf(chat, parts);
  return html`<article class="chat" data-item="${key}">
    <header class="chat-head">
      ${avatar(title, chat.id)}
      <div>
        <h2 dir="auto">${title}</h2>
        <small data-live="kind">${kindWords(chat)}</small>
      </div>
    </header>
    <div data-live="moved">${moved(chat)}</div>
    <ol class="thread" data-live="thread" tabindex="0" aria-label="Сообщения" data-thread>
      ${messages(chat, parts)}
    </ol>
    ${composer(chat, parts)}
    <aside class="crew" data-live="crew">${chatCrew(chat, parts)}</aside>
  </article>`;
}

/** A private chat of two who have not met yet: opening it is how they would. */
function possibleChat(key: string, { store }: TelegramParts): Chat | undefined {
  const [, botId = '', personId = ''] = /^(\d+):(\d+)$/.exec(key) ?? [];
  const [bot, person] = [store.bot(botId), store.person(Number(personId))];
  return bot && person && store.privateChat(bot, person);
}

function kindWords({ type, id, deleted }: Chat): string {
  if (type === 'private') return 'личный чат';
  const kind = { group: 'группа', supergroup: 'супергруппа', channel: 'канал' }[type];
  return `${kind} · ${id}${deleted ? ' · удалена' : ''}`;
}

/** The script follows this link by itself: a messenger shows a group under its new number at once. */
function moved({ migratedTo }: Chat): Html | false {
  if (migratedTo === null) return false;
  const href = chatHref(String(migratedTo));
  return html`<p class="warn">
    Группа стала супергруппой. <a href="${href}" data-moved>Открыть её</a>
  </p>`;
}

function messages(chat: Chat, parts: TelegramParts): Html {
  const all = history(chat, parts);
  const shown = all.slice(-SHOWN_MESSAGES);
  const speaker = chat.personId ?? parts.store.people()[0]?.id ?? null;
  if (all.length === 0) {
    return html`<li class="service nothing"><span>${emptyWords(chat)}</span></li>`;
  }
  return html`${all.length > shown.length && html`<li class="service"><span>Показаны последние ${SHOWN_MESSAGES}</span></li>`}
  ${thread(shown, parts.store, speaker)}`;
}

function emptyWords({ type }: Chat): string {
  return type === 'private'
    ? 'Здесь пока пусто. Напишите /start, и бот узнает, кто вы.'
    : 'Здесь пока пусто. Добавьте бота и напишите ему команду.';
}

/** Stays as it is while the page is refreshed, so that nothing typed is lost; only the suggestions are drawn anew. */
function composer(chat: Chat, parts: TelegramParts): Html {
  const bot = chat.botId === null ? undefined : parts.store.bot(chat.botId);
  const address = bot
    ? `/__sim/telegram/private/${bot.id}/say`
    : `/__sim/telegram/chats/${encodeURIComponent(chat.key)}/say`;
  return html`<form class="composer" data-say="${address}" autocomplete="off">
    <div class="suggestions" data-live="commands" data-suggestions>${suggestions(chat, parts)}</div>
    <p class="warn" role="alert" data-refusal hidden></p>
    ${speakerChoice(chat, parts)}
    <label class="typing"
      ><span class="unseen">Сообщение</span>
      <textarea
        name="text"
        rows="1"
        placeholder="Сообщение или /команда"
        maxlength="4096"
        data-typing
      ></textarea>
    </label>
    <button type="submit" class="send" aria-label="Отправить">➤</button>
  </form>`;
}

function speakerChoice(chat: Chat, { store }: TelegramParts): Html {
  if (chat.personId !== null) {
    return html`<input type="hidden" name="person" value="${chat.personId}" />`;
  }
  return html`<label class="speaker"
    ><span class="unseen">От чьего имени</span>
    <select name="person">
      ${store
        .people()
        .map(
          ({ id, firstName, lastName }) =>
            html`<option value="${id}">${firstName} ${lastName}</option>`,
        )}
    </select>
  </label>`;
}

/** The commands that the bots offer; with several bots each names its own, as messengers do. */
function suggestions(chat: Chat, { store, commands }: TelegramParts): Html[] {
  const present = store.bots().filter((bot) => isIn(chat.members[bot.id]) || bot.id === chat.botId);
  const text = (bot: Bot, command: string): string =>
    present.length > 1 ? `/${command}@${bot.username}` : `/${command}`;
  return present.flatMap((bot) =>
    commands
      .suggested(bot, chat)
      .map(
        ({ command, description }) =>
          html`<button type="button" data-type="${text(bot, command)}">
            <b>${text(bot, command)}</b> <span>${description}</span>
          </button>`,
      ),
  );
}

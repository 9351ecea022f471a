/** The list of chats, as on the left side of a messenger. */
import { html, showTime, type Html } from '../../pages/html.ts';
import type { TelegramParts } from '../api/method.ts';
import { snippet } from './message-view.ts';
import { isIn, type Bot, type Chat, type Message } from '../store/records.ts';
import { stateOf, type ChatState } from '../store/views.ts';

/** Where a chat's own page is. */
export const chatHref = (key: string): string => `/inbox/telegram/${encodeURIComponent(key)}`;

/** What a bot can do in a chat, in a word and a colour. */
export const STATE_WORDS: Record<ChatState, { words: string; tone: string }> = {
  active: { words: 'в группе', tone: 'good' },
  restricted: { words: 'нельзя писать', tone: 'wait' },
  kicked: { words: 'удалён', tone: 'bad' },
  left: { words: 'вышел', tone: 'bad' },
  deleted: { words: 'группа удалена', tone: 'bad' },
  migrated: { words: 'переехала', tone: 'wait' },
  unknown: { words: 'не в группе', tone: '' },
};

/** Everything that was said in a chat; of a supergroup, what was said before it became one comes first. */
export function history(chat: Chat, { store }: TelegramParts): Message[] {
  const before = chat.migratedFrom === null ? undefined : store.chat(String(chat.migratedFrom));
  return [...(before === undefined ? [] : store.messages(before.key)), ...store.messages(chat.key)];
}

/** A group that became a supergroup keeps its place, under its new number. */
function latest(chat: Chat, chats: Chat[]): Chat {
  return chats.find(({ id }) => id === chat.migratedTo) ?? chat;
}

/** Groups, private chats, and ways to begin new ones. */
export function chatList(parts: TelegramParts, selected?: string): Html {
  const chats = parts.store.chats();
  const groups = chats
    .filter(({ type, migratedFrom }) => type !== 'private' && migratedFrom === null)
    .map((chat) => latest(chat, chats));
  const privates = chats.filter(({ type }) => type === 'private');
  const isNew = groups.every(({ members }) => Object.keys(members).length === 0);
  return html`<div class="chat-list">
    ${isNew && selected === undefined && firstSteps}
    <h2>Группы</h2>
    <ul class="rows">
      ${groups.map((chat) => row(chat, parts, selected))}
    </ul>
    <button type="button" class="small wide" data-new-group>+ Новая группа</button>
    <h2>Личные чаты с ботами</h2>
    ${privates.length === 0 && html`<p class="hint">Пока никто не писал ботам лично.</p>`}
    ${
      privates.length > 0 &&
      html`<ul class="rows">
        ${privates.map((chat) => row(chat, parts, selected))}
      </ul>`
    }
    ${newPrivateChat(parts)}
  </div>`;
}

const firstSteps = html`<div class="empty">
  <p><b>Ни в одной группе пока нет бота</b></p>
  <p>
    Откройте группу, добавьте бота и напишите <code>/activate</code> с кодом. Код даёт команда
    <code>npm run leadwire -- telegram code</code>. После этого заявки с
    <a href="/forms/">форм</a> будут приходить в группу.
  </p>
</div>`;

function row(chat: Chat, parts: TelegramParts, selected: string | undefined): Html {
  const last = history(chat, parts).at(-1);
  const title = titleOf(chat, parts);
  return html`<li>
    <a
      class="row chat-row ${chat.deleted && 'gone'}"
      href="${chatHref(chat.key)}"
      data-focus="chat-${chat.key}"
      ${chat.key === selected && html`aria-current="true"`}
    >
      ${avatar(title, chat.id)}
      <span class="chat-row-text">
        <span class="row-top"
          ><b class="row-who" dir="auto">${title}</b
          >${last && html`<time>${showTime(last.at)}</time>`}</span
        >
        <span class="row-hint" dir="auto"
          >${last === undefined ? 'Сообщений пока нет' : snippet(last, parts.store)}</span
        >
        <span class="chips">${badges(chat, parts)}</span>
      </span>
    </a>
  </li>`;
}

function badges(chat: Chat, { store }: TelegramParts): Html[] {
  if (chat.deleted) return [html`<span class="badge bad">группа удалена</span>`];
  const met = store.bots().filter((bot) => chat.members[bot.id] !== undefined);
  return met.map((bot) => {
    const { words, tone } = STATE_WORDS[stateOf(bot, chat)];
    const isActive = isIn(chat.members[bot.id]) && tone === 'good';
    return html`<span class="badge ${tone}">${shortName(bot)}${!isActive && `: ${words}`}</span>`;
  });
}

/** What tells one of our bots from the next: the words behind the product's name. */
export function shortName({ firstName }: Bot): string {
  return firstName.replace(/^[^:]+:\s*/, '');
}

/** A group's title; of a private chat, who talks with whom. */
export function titleOf(chat: Chat, { store }: TelegramParts): string {
  if (chat.personId === null || chat.botId === null) return chat.title;
  const [person, bot] = [store.person(chat.personId), store.bot(chat.botId)];
  return `${person?.firstName ?? 'Человек'} ↔ ${bot === undefined ? 'бот' : shortName(bot)}`;
}

/** A coloured circle with the first letter. */
export function avatar(title: string, id: number): Html {
  const letter = [...title.replace(/[^\p{L}\p{N}]/gu, '')][0] ?? '?';
  return html`<span class="avatar colour-${Math.abs(id) % 7}" aria-hidden="true">${letter}</span>`;
}

function newPrivateChat({ store }: TelegramParts): Html {
  const pairs = store
    .bots()
    .flatMap((bot) => store.people().map((person) => ({ bot, person })))
    .filter(({ bot, person }) => store.chat(`${bot.id}:${person.id}`) === undefined);
  return html`<label class="stage-choice"
    >Написать боту лично
    <select data-open-chat data-focus="open-chat">
      <option value="">Выберите, кто и кому</option>
      ${pairs.map(
        ({ bot, person }) =>
          html`<option value="${chatHref(`${bot.id}:${person.id}`)}">
            ${person.firstName} → ${shortName(bot)}
          </option>`,
      )}
    </select>
  </label>`;
}

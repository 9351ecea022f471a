/** The bots of a chat with what a person can do to them, and to the group. */
import { html, type Html } from '../../pages/html.ts';
import { shortName, STATE_WORDS } from '../pages/chat-list.ts';
import type { TelegramParts } from '../api/method.ts';
import { isIn, type Bot, type Chat, type MemberStatus } from './records.ts';
import { stateOf } from './views.ts';

/** So long a page's button makes a chat answer 429. */
const LIMIT_SECONDS = 30;

type Action = { name: string; words: string };

const KICK: Action = { name: 'kick', words: 'Удалить из группы' };
const PROMOTE: Action = { name: 'promote', words: 'Сделать админом' };

/** What can be done to a bot, by what it is in the group. */
const ACTIONS: Record<MemberStatus, Action[]> = {
  member: [{ name: 'restrict', words: 'Запретить писать' }, PROMOTE, KICK],
  administrator: [{ name: 'allow', words: 'Снять админа' }, KICK],
  restricted: [{ name: 'allow', words: 'Разрешить писать' }, KICK],
  left: [{ name: 'add', words: 'Добавить бота' }],
  kicked: [{ name: 'add', words: 'Добавить бота' }],
};

/** The panel. */
export function chatCrew(chat: Chat, parts: TelegramParts): Html {
  if (chat.type === 'private') return privateCrew(chat, parts);
  if (chat.deleted) return html`<p class="hint">Группа удалена: писать в неё нельзя.</p>`;
  if (chat.migratedTo !== null) return html`<p class="hint">Группа переехала.</p>`;
  return html`<h3>Боты</h3>
    <ul class="bots">
      ${parts.store.bots().map((bot) => botCard(bot, chat, parts))}
    </ul>
    <h3>Группа</h3>
    <div class="actions">${groupActions(chat)}</div>`;
}

function botCard(bot: Bot, chat: Chat, { rate }: TelegramParts): Html {
  const status = chat.members[bot.id] ?? 'left';
  const state = stateOf(bot, chat);
  const { words, tone } = STATE_WORDS[state];
  const wait = rate.waits().find((each) => each.botId === bot.id && each.chatKey === chat.key);
  const shown = status === 'administrator' ? 'админ' : words;
  return html`<li class="bot">
    <b>${shortName(bot)}</b> <span class="badge ${tone}">${shown}</span>
    <small>@${bot.username}</small>
    ${wait !== undefined && html`<small class="wait">429: ждать ${wait.seconds} с</small>`}
    <div class="actions">${ACTIONS[status].map((action) => actionButton(action, bot, chat))}</div>
  </li>`;
}

function actionButton({ name, words }: Action, bot: Bot, chat: Chat): Html {
  const path = `${chatPath(chat)}/bots/${encodeURIComponent(bot.name)}/${name}`;
  return html`<button
    type="button"
    class="small ${name === 'add' && 'main'} ${name === 'kick' && 'danger'}"
    data-post="${path}"
    data-focus="${bot.name}-${name}"
  >
    ${words}
  </button>`;
}

function groupActions(chat: Chat): Html {
  const isAnyIn = Object.values(chat.members).some(isIn);
  const limit = { seconds: LIMIT_SECONDS };
  return html`${
      chat.type === 'group' &&
      html`<button type="button" class="small" data-post="${chatPath(chat)}/migrate">
        Превратить в супергруппу
      </button>`
    }
    ${
      isAnyIn &&
      html`<button
        type="button"
        class="small"
        data-act="${chatPath(chat)}/limit"
        data-body="${JSON.stringify(limit)}"
      >
        429 на ${LIMIT_SECONDS} с
      </button>`
    }
    <button
      type="button"
      class="small danger"
      data-act="${chatPath(chat)}/delete"
      data-ask="Удалить группу «${chat.title}»? Вернуть её будет нельзя."
    >
      Удалить группу
    </button>`;
}

const chatPath = ({ key }: Chat): string => `/__sim/telegram/chats/${encodeURIComponent(key)}`;

function privateCrew(chat: Chat, { store }: TelegramParts): Html {
  const bot = chat.botId === null ? undefined : store.bot(chat.botId);
  const status = bot && chat.members[bot.id];
  if (bot === undefined || status === undefined) {
    return html`<p class="hint">Бот не может написать первым: человек должен начать сам.</p>`;
  }
  const isBlocked = status === 'kicked';
  const body = { person: chat.personId, blocked: !isBlocked };
  return html`<h3>Бот</h3>
    <ul class="bots">
      <li class="bot">
        <b>${shortName(bot)}</b>
        <span class="badge ${isBlocked ? 'bad' : 'good'}"
          >${isBlocked ? 'заблокирован' : 'может писать'}</span
        >
        <small>@${bot.username}</small>
        <div class="actions">
          <button
            type="button"
            class="small"
            data-act="/__sim/telegram/private/${bot.id}/block"
            data-body="${JSON.stringify(body)}"
            data-focus="block"
          >
            ${isBlocked ? 'Разблокировать' : 'Заблокировать бота'}
          </button>
        </div>
      </li>
    </ul>`;
}

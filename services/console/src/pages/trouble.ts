/** Pages for what went wrong: what it is, and what still works. */
import { TransientError } from '@leadwire/shared/errors';
import { ForbiddenError } from '../data/answers.ts';
import { html, type Html } from '../html.ts';
import { NotFoundError } from '../http/route.ts';
import { icon } from './parts.ts';

export interface Trouble {
  status: number;
  icon: string;
  title: string;
  text: string;
  /** Whether looking again may help. */
  isForNow: boolean;
}

export function troubleOf(thrown: Error & { statusCode?: number }): Trouble {
  if (thrown instanceof NotFoundError || thrown.statusCode === 404) return NOT_FOUND;
  if (thrown instanceof ForbiddenError) return FORBIDDEN;
  if (thrown instanceof TransientError || thrown.name === 'TimeoutError') return AWAY;
  const { statusCode = 500 } = thrown;
  return statusCode >= 400 && statusCode < 500 ? { ...UNREADABLE, status: statusCode } : BROKEN;
}

export const NOT_FOUND: Trouble = {
  status: 404,
  icon: 'search',
  title: 'Такой страницы нет',
  text: 'Адрес неверный, или то, что здесь было, удалили, или оно не для вашей роли.',
  isForNow: false,
};
export const FORBIDDEN: Trouble = {
  status: 403,
  icon: 'ban',
  title: 'Это не для вашей роли',
  text: 'Если доступ нужен для работы, попросите владельца изменить роль.',
  isForNow: false,
};
export const FOREIGN: Trouble = {
  status: 403,
  icon: 'ban',
  title: 'Запрос пришёл не с нашей страницы',
  text: 'Ничего не изменено. Откройте страницу заново и повторите.',
  isForNow: false,
};
const AWAY: Trouble = {
  status: 503,
  icon: 'unplug',
  title: 'Это сейчас не открыть',
  text: 'База или очередь не отвечает. Заявки принимаются и не теряются, письма и SMS уходят; здесь всё появится, когда связь вернётся.',
  isForNow: true,
};
const UNREADABLE: Trouble = {
  status: 400,
  icon: 'octagon-alert',
  title: 'Запрос не прочитать',
  text: 'Ничего не изменено. Вернитесь назад и повторите.',
  isForNow: false,
};
const BROKEN: Trouble = {
  status: 500,
  icon: 'octagon-alert',
  title: 'Что-то сломалось у нас',
  text: 'Заявки это не трогает: они принимаются и уходят дальше. Мы записали, что случилось; попробуйте ещё раз.',
  isForNow: true,
};

/** @param here the address to try again, for a page that may be there in a moment */
const wayOut = ({ isForNow }: Trouble, here: string): Html =>
  isForNow
    ? html`<a class="btn" href="${here}">Попробовать ещё раз</a>`
    : html`<a class="btn" href="/">На главную</a>`;

/** On the page of somebody who is signed in. */
export function troublePage(what: Trouble, here: string): Html {
  const { icon: name, title, text } = what;
  return html`<section class="card">
    <div class="empty" role="alert">
      ${icon(name)}
      <h1>${title}</h1>
      <p>${text}</p>
      ${wayOut(what, here)}
    </div>
  </section>`;
}

/** At the door, whose heading is the title. */
export const troubleAtDoor = (what: Trouble, here: string): Html =>
  html`<div class="stack" role="alert">
    <p class="lede">${what.text}</p>
    <p>${wayOut(what, here)}</p>
  </div>`;

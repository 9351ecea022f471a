/** Тексты: every text of campaigns, and the versions of one. */
import type { ListedText, TextVersion } from '@leadwire/operations/texts/text-store';
import { html, type Content, type Html } from '../../html.ts';
import { moment, type Clock } from '../../words/time.ts';
import { empty, icon, typed } from '../parts.ts';
import type { TextPlace } from './editor-page.ts';

/** `isOwner`: may also write MJML. */
export function textsPage(
  texts: readonly ListedText[],
  told: Content,
  clock: Clock,
  isOwner: boolean,
): Html {
  const item = (text: ListedText) =>
    html`<li>
      <span
        ><a href="/campaigns/texts/${text.name}"><b>${typed(text.title, 80)}</b></a>
        <span class="sub"
          >${whatOf(text)}${text.subject && html`: ${typed(text.subject, 80)}`}. Версия
          ${text.version}, ${text.name}</span
        ></span
      >
      <span class="sub">${moment(text.updatedAt, clock)}, ${typed(text.updatedBy, 40)}</span>
    </li>`;
  const add = html`<a class="btn btn-primary" href="/campaigns/texts-new">Написать</a>`;
  return html`<a class="back" href="/campaigns">${icon('arrow-left', 'icon-s')} Рассылки</a>
    <div class="head">
      <div>
        <h1>Тексты</h1>
        <p class="lede">
          Слова рассылок и цепочек. Рассылка уходит с той версией, которая была, когда её запустили.
        </p>
      </div>
      <div class="row">
        ${isOwner && html`<a class="btn" href="/campaigns/texts-new?kind=mjml">Написать на MJML</a>`}
        ${texts.length > 0 && add}
      </div>
    </div>
    <div class="stack">
      ${told}
      ${
        texts.length === 0
          ? html`<section class="card">
              ${empty('mail', 'Текстов ещё нет', 'Напишите первый: заголовок, несколько слов и кнопка.', add)}
            </section>`
          : html`<section class="card" aria-label="Тексты">
              <ul class="items">
                ${texts.map(item)}
              </ul>
            </section>`
      }
    </div>`;
}

function whatOf({ hasMail, hasSms, isRaw, isArchived }: ListedText): string {
  const parts = [hasMail && (isRaw ? 'Письмо (MJML)' : 'Письмо'), hasSms && 'SMS'].filter(Boolean);
  return `${parts.join(' и ')}${isArchived ? ', убран' : ''}`;
}

export function versionsPage(
  { home, archive }: TextPlace,
  text: { name: string; title: string; isArchived: boolean },
  versions: readonly TextVersion[],
  clock: Clock,
): Html {
  const base = versions[0]?.version ?? 0;
  const item = ({ version, at, author, restoredFrom, isCurrent }: TextVersion) =>
    html`<li>
      <span
        ><b>Версия ${version}</b>${isCurrent && ', действует'}
        <span class="sub"
          >${moment(at, clock)},
          ${typed(author, 60)}${restoredFrom !== null && `, как версия ${restoredFrom}`}</span
        ></span
      >
      <span class="row"
        ><a class="btn btn-quiet" href="${home}/${text.name}?version=${version}">Посмотреть</a>${
          !isCurrent &&
          html`<form method="post" action="${home}/${text.name}/restore">
            <input type="hidden" name="version" value="${version}" /><input
              type="hidden"
              name="base"
              value="${base}"
            />
            <button class="btn">Вернуть</button>
          </form>`
        }</span
      >
    </li>`;
  return html`<a class="back" href="${home}/${text.name}"
      >${icon('arrow-left', 'icon-s')} ${typed(text.title, 60)}</a
    >
    <div class="head">
      <div>
        <h1>Версии</h1>
        <p class="lede">Ничего не теряется: возврат сохраняет прежний текст новой версией.</p>
      </div>
      <form method="post" action="${home}/${text.name}/archive" class="row">
        <button class="btn btn-quiet" name="undo" value="${text.isArchived ? 'yes' : ''}">
          ${archive[text.isArchived ? 1 : 0]}
        </button>
      </form>
    </div>
    <section class="card" aria-label="Версии">
      <ul class="items">
        ${versions.map(item)}
      </ul>
    </section>`;
}

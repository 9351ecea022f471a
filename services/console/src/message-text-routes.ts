/** Тексты сообщений: what the product writes by itself, in an owner's words where they want it. */
import type { ListedText } from '@leadwire/operations/texts/text-store';
import { templateNames } from '@leadwire/templates/templates';
import { html, type Html } from './html.ts';
import type { Route } from './http/route.ts';
import { typed } from './pages/parts.ts';
import { frame } from './pages/settings-page.ts';
import { messageTexts } from './text-kinds.ts';
import { editingRoutes, textsFor, type TextRouteParts } from './text-routes.ts';
import { messageWords } from './words/messages.ts';
import { moment, type Clock } from './words/time.ts';

const { home } = messageTexts.place;

export function messageTextRoutes(parts: TextRouteParts): Route[] {
  return [
    {
      method: 'GET',
      path: home,
      roles: messageTexts.roles,
      async handle(visit) {
        const texts = await textsFor(visit).list(messageTexts.purpose);
        return { title: 'Тексты сообщений', body: listPage(texts, parts.clock) };
      },
    },
    ...editingRoutes(parts, messageTexts),
  ];
}

function listPage(texts: readonly ListedText[], clock: Clock): Html {
  const items = templateNames.map((name) => {
    const own = texts.find((text) => text.name === name && !text.isArchived);
    const state = own
      ? html`свой текст, версия ${own.version}, ${moment(own.updatedAt, clock)},
        ${typed(own.updatedBy, 40)}`
      : 'встроенный текст';
    return html`<li>
      <span
        ><a href="${home}/${name}"><b>${messageWords[name]}</b></a>
        <span class="sub">${state}</span></span
      >
    </li>`;
  });
  return frame(
    home,
    html`<section class="card" aria-labelledby="h-messages">
      <div class="card-head"><h2 id="h-messages">Что люди получают сами собой</h2></div>
      <ul class="items">
        ${items}
      </ul>
      <p class="card-foot">
        Новый текст действует через несколько секунд. К встроенному можно вернуться всегда.
      </p>
    </section>`,
  );
}

/** The frame of the people's page: header, tabs, banner. Its text is for a marketer, so it is Russian. */
import type { FaultRule } from '../world/faults.ts';
import type { Provider } from '../world/provider.ts';
import { html, type Html } from './html.ts';

export type Shown = { tab: string; providers: Provider[]; faults: FaultRule[] };

/** The whole document around `content`. */
export function layout(shown: Shown, content: Html): string {
  return html`<!doctype html>
    <html lang="ru">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Leadwire · песочница</title>
        <link rel="icon" href="/inbox/assets/icon.svg" />
        <link rel="stylesheet" href="/inbox/assets/inbox.css" />
        <link rel="stylesheet" href="/inbox/assets/board.css" />
        <link rel="stylesheet" href="/inbox/assets/chats.css" />
        <script src="/inbox/assets/inbox.js" type="module"></script>
        <script src="/inbox/assets/board.js" type="module"></script>
        <script src="/inbox/assets/chats.js" type="module"></script>
      </head>
      <body>
        <header class="top">
          <a class="brand" href="/"><span class="dot"></span>Leadwire <small>песочница</small></a>
          <nav class="links">
            <a href="/forms/">Формы</a>
            <a href="/senders/">Отправители</a>
            <button type="button" id="theme" aria-label="Светлая или тёмная тема">◐</button>
          </nav>
        </header>
        <div id="live">${live(shown)}</div>
        <main>${content}</main>
      </body>
    </html>`.markup;
}

/** What changes while a person looks: banner, tabs with their numbers, summary. */
export function live({ tab, providers, faults }: Shown): Html {
  const current = providers.find((provider) => provider.name === tab);
  return html`${faults.length > 0 && banner(faults)}
    <nav class="tabs" aria-label="Разделы">
      ${providers.map(({ name, page }) => tabLink(name, page.title, page.count(), tab))}
      ${tabLink('faults', 'Сбои', faults.length, tab)}
    </nav>
    ${current && html`<div class="summary">${current.page.summary()}</div>`}`;
}

function tabLink(name: string, title: string, count: number, tab: string): Html {
  return html`<a href="/inbox/${name}" ${name === tab && html`aria-current="page"`}
    >${title} <span class="number">${count}</span></a
  >`;
}

function banner(faults: FaultRule[]): Html {
  return html`<div class="banner" role="status">
    <b>Включён сбой:</b> ${faults.map((fault) => fault.title ?? nameFault(fault)).join('; ')}
    <a href="/inbox/faults">Выключить</a>
  </div>`;
}

/** Words for a rule that a test added without a title. */
export function nameFault({ provider, action }: FaultRule): string {
  return `${provider ?? 'все сервисы'}: ${action.do}`;
}

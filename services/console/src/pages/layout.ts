/** The frame of every page: the head, the sections, who is signed in. */
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import type { Person } from '../data/person.ts';
import { html, type Content, type Html } from '../html.ts';
import { asset } from '../http/assets.ts';
import { icon, typed } from './parts.ts';

export interface Section {
  path: string;
  word: string;
  icon: string;
  roles: readonly StaffRole[];
  /** In the phone's bar below; the others are under «Ещё». */
  isOnPhone: boolean;
}

/** In the order of the navigation. */
export const sections: readonly Section[] = [
  {
    path: '/',
    word: 'Сегодня',
    icon: 'activity',
    roles: ['owner', 'sales', 'viewer', 'targetologist'],
    isOnPhone: true,
  },
  {
    path: '/leads',
    word: 'Заявки',
    icon: 'inbox',
    roles: ['owner', 'sales', 'viewer', 'targetologist'],
    isOnPhone: true,
  },
  {
    path: '/problems',
    word: 'Проблемы',
    icon: 'triangle-alert',
    roles: ['owner', 'sales'],
    isOnPhone: true,
  },
  {
    path: '/campaigns',
    word: 'Рассылки',
    icon: 'send',
    roles: ['owner', 'sales'],
    isOnPhone: false,
  },
  {
    path: '/reports',
    word: 'Отчёты',
    icon: 'chart-no-axes-column',
    roles: ['owner', 'viewer', 'targetologist'],
    isOnPhone: true,
  },
  {
    path: '/partners',
    word: 'Партнёры',
    icon: 'handshake',
    roles: ['owner', 'sales'],
    isOnPhone: false,
  },
  {
    path: '/settings',
    word: 'Настройки',
    icon: 'settings-2',
    roles: ['owner'],
    isOnPhone: false,
  },
];

export const roleWords: Readonly<Record<StaffRole, string>> = {
  owner: 'Владелец',
  sales: 'Менеджер',
  targetologist: 'Таргетолог',
  viewer: 'Наблюдатель',
};

export type Theme = 'light' | 'dark' | undefined;

const BRAND = html`<svg class="brand-mark" viewBox="0 0 22 22" aria-hidden="true">
  <path d="M12.5 11H21"></path>
  <circle cx="6.5" cy="11" r="5.5"></circle>
</svg>`;

/** A whole document. `theme` is what the person chose; without it the system's holds. */
export function documentOf(title: string, theme: Theme, body: Html): Html {
  const themed = theme ? html` data-theme="${theme}"` : undefined;
  return html`<!doctype html>
    <html lang="ru" ${themed}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · Leadwire</title>
        <link
          rel="preload"
          href="${asset('fonts/onest-cyrillic-wght-normal.woff2')}"
          as="font"
          type="font/woff2"
          crossorigin
        />
        <link rel="stylesheet" href="${asset('tokens.css')}" />
        <link rel="stylesheet" href="${asset('kit.css')}" />
        <link rel="stylesheet" href="${asset('console.css')}" />
        <link rel="icon" href="${asset('mark.svg')}" type="image/svg+xml" />
        <script src="${asset('console.js')}" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">К содержанию</a>
        ${body}
      </body>
    </html> `;
}

/** A page of somebody who is signed in. `current` is the section's path. */
export function page(options: {
  person: Person;
  current: string;
  title: string;
  theme: Theme;
  body: Content;
}): Html {
  const { person, current, title, theme, body } = options;
  return documentOf(
    title,
    theme,
    html`<div class="shell">
      <header class="side">
        <a class="brand" href="/" aria-label="Leadwire, на главную"
          >${BRAND}<span class="brand-name">Leadwire</span></a
        >
        ${navigation(person, current)}
        <div class="me">
          ${meLink(person)}
          <form method="post" action="/theme">
            <button
              class="btn btn-quiet btn-icon"
              name="theme"
              value="${theme === 'dark' ? 'light' : 'dark'}"
              data-theme-switch
              aria-label="Светлая или тёмная тема"
            >
              ${icon('sun-moon')}
            </button>
          </form>
        </div>
      </header>
      <main class="main" id="main">${body}</main>
    </div>`,
  );
}

function navigation({ role }: Person, current: string): Html {
  const own = sections.filter(({ roles }) => roles.includes(role));
  const inSheet = own.filter(({ isOnPhone }) => !isOnPhone);
  const link = ({ path, word, icon: name }: Section) =>
    html`<a class="nav-link" href="${path}" ${path === current && html` aria-current="page"`}
      >${icon(name)} <span>${word}</span></a
    >`;
  const more = html`<li class="nav-phone">
    <details class="nav-more${inSheet.some(({ path }) => path === current) ? ' is-current' : ''}">
      <summary class="nav-link">${icon('ellipsis')} <span>Ещё</span></summary>
      <ul class="sheet">
        ${inSheet.map(
          ({ path, word, icon: name }) =>
            html`<li><a href="${path}">${icon(name)} ${word}</a></li>`,
        )}
      </ul>
    </details>
  </li>`;
  return html`<nav class="nav" aria-label="Разделы">
    <ul>
      ${own.map(
        (section) =>
          html`<li${!section.isOnPhone && html` class="nav-wide"`}>${link(section)}</li>`,
      )}${inSheet.length > 0 && more}
    </ul>
  </nav>`;
}

function meLink({ name, email, role }: Person): Html {
  const shown = name || email;
  const initials = shown
    .split(/[\s@.]+/)
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '');
  return html`<a class="me-link" href="/account"
    ><span class="avatar" aria-hidden="true">${initials.join('')}</span>
    <span class="me-name">${typed(shown, 40)}<small>${roleWords[role]}</small></span>
    <span class="unseen">Моя учётная запись</span></a
  >`;
}

/** A page without sections: signing in, and whatever goes wrong before somebody is known. */
export function door(title: string, theme: Theme, body: Html): Html {
  return documentOf(
    title,
    theme,
    html`<main class="door" id="main">
      <div class="door-in">
        <p class="brand">${BRAND}<span>Leadwire</span></p>
        <h1>${title}</h1>
        ${body}
      </div>
    </main>`,
  );
}

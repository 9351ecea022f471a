/** The people's page: `/`, `/inbox/<tab>`, `/inbox/<tab>/<id>`, and the fragments that keep it fresh. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { readFileSync } from 'node:fs';
import type { Faults } from '../world/faults.ts';
import type { Provider, ProviderPage } from '../world/provider.ts';
import { faultPanel } from './fault-panel.ts';
import { html, type Html } from './html.ts';
import { layout, live, type Shown } from './layout.ts';

/** Mails bring their own inline styles and pictures; scripts come from this server only, never from a mail. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: http: https:; " +
  "font-src data: http: https:; connect-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'";

const ASSETS: Record<string, string> = {
  'inbox.css': 'text/css; charset=utf-8',
  'inbox.js': 'text/javascript; charset=utf-8',
  'board.css': 'text/css; charset=utf-8',
  'board.js': 'text/javascript; charset=utf-8',
  'chats.css': 'text/css; charset=utf-8',
  'chats.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

type Parts = { providers: Provider[]; faults: Faults };

/** Adds the page's routes. */
export function pageRoutes(app: FastifyInstance, { providers, faults }: Parts): void {
  const shown = (tab: string): Shown => ({ tab, providers, faults: faults.list() });
  const first = providers[0]?.name ?? 'faults';

  app.get('/', (_request, reply) => send(reply, layout(shown(first), content(first) ?? notFound)));
  app.get<{ Params: { tab: string; id?: string }; Querystring: { fragment?: string; q?: string } }>(
    '/inbox/:tab/:id?',
    (request, reply) => {
      const { tab, id } = request.params;
      const { fragment, q } = request.query;
      const words = typeof q === 'string' ? q.trim().slice(0, MOST_WORDS) : '';
      const body = content(tab, id, words);
      if (body === null) return send(reply.code(404), layout(shown(first), notFound));
      if (fragment === 'live') return send(reply, live(shown(tab)).markup);
      if (fragment === 'list') return send(reply, list(tab, id, words).markup);
      return send(reply, layout(shown(tab), body));
    },
  );
  assetRoutes(app);

  function list(tab: string, id?: string, words = ''): Html {
    if (tab === 'faults') return faultPanel(providers, faults.list());
    return providers.find((each) => each.name === tab)?.page.list(id, words) ?? html``;
  }

  function content(tab: string, id?: string, words = ''): Html | null {
    const { page } = providers.find((each) => each.name === tab) ?? {};
    if (page === undefined)
      return tab === 'faults' ? html`<div id="list">${list(tab)}</div>` : null;
    const item = id === undefined ? undefined : page.item(id);
    if (id !== undefined && item === undefined) return null;
    return html`${searchField(tab, page, words)}
      <div class="panes ${item && 'with-item'}">
        <div id="list">${list(tab, id, words)}</div>
        ${item && html`<div id="item"><a class="back" href="/inbox/${tab}">← К списку</a>${item}</div>`}
      </div>`;
  }
}

const MOST_WORDS = 200;

/** Outside of the list, which is drawn anew while somebody types. */
function searchField(tab: string, { searchFor }: ProviderPage, words: string): Html | undefined {
  return searchFor === undefined
    ? undefined
    : html`<form class="search" role="search" action="/inbox/${tab}">
        <input
          type="search"
          name="q"
          value="${words}"
          placeholder="${searchFor}"
          aria-label="${searchFor}"
        />
      </form>`;
}

function assetRoutes(app: FastifyInstance): void {
  app.get<{ Params: { file: string } }>('/inbox/assets/:file', (request, reply) => {
    const type = ASSETS[request.params.file];
    if (type === undefined) return reply.code(404).send();
    const path = new URL(`../../pages/inbox/${request.params.file}`, import.meta.url);
    return reply.type(type).header('cache-control', 'no-cache').send(readFileSync(path));
  });
}

const notFound = html`<div class="empty">
  <p><b>Здесь ничего нет</b></p>
  <p>Возможно, песочницу очистили. <a href="/">К началу</a></p>
</div>`;

function send(reply: FastifyReply, markup: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .header('cache-control', 'no-store')
    .send(markup);
}

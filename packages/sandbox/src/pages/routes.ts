/** The people's page: `/`, `/inbox/<tab>`, `/inbox/<tab>/<id>`, and the fragments that keep it fresh. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { readFileSync } from 'node:fs';
import type { Faults } from '../world/faults.ts';
import type { Provider } from '../world/provider.ts';
import { faultPanel } from './fault-panel.ts';
import { html, type Html } from './html.ts';
import { layout, live, type Shown } from './layout.ts';

/** Mails bring their own inline styles and pictures; scripts come from this server only, never from a mail. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: http: https:; " +
  "font-src data: http: https:; connect-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'self'";

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
  app.get<{ Params: { tab: string; id?: string }; Querystring: { fragment?: string } }>(
    '/inbox/:tab/:id?',
    (request, reply) => {
      const { tab, id } = request.params;
      const body = content(tab, id);
      if (body === null) return send(reply.code(404), layout(shown(first), notFound));
      const { fragment } = request.query;
      if (fragment === 'live') return send(reply, live(shown(tab)).markup);
      if (fragment === 'list') return send(reply, list(tab, id).markup);
      return send(reply, layout(shown(tab), body));
    },
  );
  assetRoutes(app);

  function list(tab: string, id?: string): Html {
    if (tab === 'faults') return faultPanel(providers, faults.list());
    return providers.find((each) => each.name === tab)?.page.list(id) ?? html``;
  }

  function content(tab: string, id?: string): Html | null {
    const { page } = providers.find((each) => each.name === tab) ?? {};
    if (page === undefined)
      return tab === 'faults' ? html`<div id="list">${list(tab)}</div>` : null;
    const item = id === undefined ? undefined : page.item(id);
    if (id !== undefined && item === undefined) return null;
    return html`<div class="panes ${item && 'with-item'}">
      <div id="list">${list(tab, id)}</div>
      ${item && html`<div id="item"><a class="back" href="/inbox/${tab}">← К списку</a>${item}</div>`}
    </div>`;
  }
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

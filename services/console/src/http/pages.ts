/** Puts routes on the server: who comes in, in which role, and a page for whatever goes wrong. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TransientError, toError } from '@leadwire/shared/errors';
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Accounts, Session } from '../auth/accounts.ts';
import { addAuthRoutes, filesOf, formOf, nextOf } from '../auth/routes.ts';
import { findPerson, type Person } from '../data/person.ts';
import { door, page, sections } from '../pages/layout.ts';
import {
  FOREIGN,
  FORBIDDEN,
  NOT_FOUND,
  troubleAtDoor,
  troubleOf,
  troublePage,
  type Trouble,
} from '../pages/trouble.ts';
import type { Live } from './live.ts';
import type { Answer, Route } from './route.ts';
import { refuseForeignPosts, sendFrame, sendPage, themeOf } from './server.ts';
import type { Sessions } from './sessions.ts';

export interface PageParts {
  url: string;
  accounts: Accounts;
  sessions: Sessions;
  live: Live;
  connectAs: (session: Session) => SupabaseClient;
}

type Known = { session: Session; person: Person; client: SupabaseClient };

export function addPages(app: FastifyInstance, routes: readonly Route[], parts: PageParts): void {
  const { sessions, accounts, live, connectAs } = parts;
  const people = new WeakMap<FastifyRequest, Person>();

  const identify = async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Known | undefined> => {
    const session = await sessions.read(request, reply);
    if (!session) return undefined;
    const client = connectAs(session);
    const person = await findPerson(client, session);
    if (!person) {
      sessions.end(reply);
      return undefined;
    }
    people.set(request, person);
    return { session, person, client };
  };
  const trouble = (request: FastifyRequest, reply: FastifyReply, what: Trouble) => {
    const person = people.get(request);
    const theme = themeOf(request);
    const here = pathOf(request);
    const whole = person
      ? page({ person, current: '', title: what.title, theme, body: troublePage(what, here) })
      : door(what.title, theme, troubleAtDoor(what, here));
    return sendPage(reply, whole, what.status);
  };

  refuseForeignPosts(app, parts.url, (request, reply) => trouble(request, reply, FOREIGN));
  app.setErrorHandler<Error & { statusCode?: number }>((thrown, request, reply) => {
    const what = troubleOf(thrown);
    const route = request.routeOptions.url;
    if (what.status >= 500) {
      const level = thrown instanceof TransientError ? 'warn' : 'error';
      request.log[level]({ err: toError(thrown), route }, 'not served');
    }
    return trouble(request, reply, what);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const parent = parentOf(request, routes);
    if (parent !== undefined) return reply.redirect(parent, 303);
    // Whoever is signed in keeps the way to everything else.
    await identify(request, reply).catch(() => undefined);
    return trouble(request, reply, NOT_FOUND);
  });

  addAuthRoutes(app, { accounts, sessions, themeOf, send: sendPage });
  addSmallRoutes(app, { identify, sessions, accounts, live });
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      ...(route.largestForm !== undefined && { bodyLimit: route.largestForm }),
      async handler(request, reply) {
        const known = await identify(request, reply);
        if (!known) return toLogin(request, reply);
        if (!route.roles.includes(known.person.role)) return trouble(request, reply, FORBIDDEN);
        const answer = await route.handle({
          ...known,
          params: request.params as Record<string, string>,
          query: request.query as Record<string, string>,
          form: formOf(request),
          files: filesOf(request),
        });
        return send(request, reply, route, known.person, answer);
      },
    });
  }
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0] ?? '/';

/** An answer to a form may stand at the form's own address: who asks for that again gets the page that the form was on. */
function parentOf(request: FastifyRequest, routes: readonly Route[]): string | undefined {
  const isOne = (path: string, method: Route['method']) =>
    routes.some(
      (route) =>
        route.method === method &&
        new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
    );
  const [, ...parts] = pathOf(request).split('/');
  if (request.method !== 'GET' || !isOne(pathOf(request), 'POST')) return undefined;
  const parents = parts.map((_, index) => `/${parts.slice(0, -1 - index).join('/')}`);
  return parents.find((path) => isOne(path, 'GET'));
}

function toLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = pathOf(request);
  const next = request.method === 'GET' && path !== '/' ? `?next=${encodeURIComponent(path)}` : '';
  return reply.redirect(`/login${next}`, 303);
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { path }: Route,
  person: Person,
  answer: Answer,
): FastifyReply {
  if ('goTo' in answer) return reply.redirect(answer.goTo, 303);
  if ('file' in answer) {
    void reply.header('content-disposition', `attachment; filename="${answer.name}"`);
    return reply.type('text/csv; charset=utf-8').send(answer.file);
  }
  if ('frame' in answer) return sendFrame(reply, answer.frame);
  const current = sections.find((each) => each.path === `/${path.split('/')[1] ?? ''}`)?.path ?? '';
  return sendPage(reply, page({ person, current, theme: themeOf(request), ...answer }));
}

/** What is no page: the theme, the way out, what is live. */
function addSmallRoutes(
  app: FastifyInstance,
  parts: Pick<PageParts, 'sessions' | 'accounts' | 'live'> & {
    identify: (request: FastifyRequest, reply: FastifyReply) => Promise<Known | undefined>;
  },
): void {
  const { sessions, accounts, live, identify } = parts;
  app.post('/theme', (request, reply) => {
    const theme = formOf(request).get('theme') === 'dark' ? 'dark' : 'light';
    void reply.setCookie('theme', theme, { path: '/', maxAge: 31_536_000, sameSite: 'lax' });
    const { referer = '' } = request.headers;
    return reply.redirect(nextOf(URL.canParse(referer) ? new URL(referer).pathname : '/'), 303);
  });
  app.post('/logout', async (request, reply) => {
    const session = await sessions.read(request, reply);
    const scope = formOf(request).has('everywhere') ? 'global' : 'local';
    if (session) await accounts.signOut(session, scope);
    sessions.end(reply);
    return reply.redirect('/login?out=1', 303);
  });
  app.get('/live', async (request, reply) => {
    if (!(await identify(request, reply))) return reply.code(401).send();
    reply.hijack();
    live.add(reply.raw);
    return reply;
  });
}

/** The addresses that need nobody to be signed in. Answers to wrong passwords and unknown addresses are one and as slow. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Html } from '../html.ts';
import type { Sessions } from '../http/sessions.ts';
import type { Theme } from '../pages/layout.ts';
import type { Accounts, LinkType } from './accounts.ts';
import { createLoginLimit, type LoginLimit } from './login-limit.ts';
import {
  SHORTEST_PASSWORD,
  confirmPage,
  expiredPage,
  forgotPage,
  loginPage,
  wrongPassword,
} from './pages.ts';

/** Comparing a password takes Auth a moment, an unknown address none: refusals come at the next multiple of this. */
const STEP_MS = 700;

export interface AuthParts {
  accounts: Accounts;
  sessions: Sessions;
  limit?: LoginLimit;
  themeOf: (request: FastifyRequest) => Theme;
  send: (reply: FastifyReply, page: Html, status?: number) => FastifyReply;
}

export function formOf({ body }: FastifyRequest): URLSearchParams {
  if (body instanceof URLSearchParams) return body;
  const fields = body instanceof FormData ? [...body] : [];
  return new URLSearchParams(
    fields.flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}

/** Files that came with the form, by the names of their fields; a field that nobody filled in has none. */
export function filesOf({ body }: FastifyRequest): ReadonlyMap<string, File> {
  const fields = body instanceof FormData ? [...body] : [];
  return new Map(
    fields.flatMap(([name, value]) =>
      typeof value === 'string' || value.size === 0 ? [] : [[name, value] as const],
    ),
  );
}

/** A page of ours to go on to; another site's address is none. */
export function nextOf(text: string | null | undefined): string {
  return text && /^\/(?![/\\])[\w\-./]*$/.test(text) ? text : '/';
}

/** Why two fields are no new password, or undefined. */
export function passwordProblem(form: URLSearchParams): string | undefined {
  const password = form.get('password') ?? '';
  if ([...password].length < SHORTEST_PASSWORD) {
    return `Пароль короче ${SHORTEST_PASSWORD} знаков.`;
  }
  if (Buffer.byteLength(password) > 72) return 'Пароль слишком длинный.';
  return password === form.get('again') ? undefined : 'Пароли не совпадают.';
}

async function levelled(startedAt: number): Promise<void> {
  const spent = performance.now() - startedAt;
  await delay(Math.ceil(spent / STEP_MS) * STEP_MS - spent);
}

export function addAuthRoutes(app: FastifyInstance, parts: AuthParts): void {
  addLogin(app, parts);
  addConfirm(app, parts);
  addForgot(app, parts);
}

function addLogin(app: FastifyInstance, parts: AuthParts): void {
  const { accounts, sessions, limit = createLoginLimit(), themeOf, send } = parts;

  app.get('/login', (request, reply) => {
    const { next, out } = request.query as Record<string, string | undefined>;
    const note = out === undefined ? {} : { note: 'Вы вышли.' };
    return send(reply, loginPage(themeOf(request), { next: nextOf(next), ...note }));
  });

  app.post('/login', async (request, reply) => {
    const startedAt = performance.now();
    const form = formOf(request);
    const email = (form.get('email') ?? '').trim().toLowerCase().slice(0, 254);
    const next = nextOf(form.get('next'));
    const refuse = async (problem: string, status: number) => {
      await levelled(startedAt);
      return send(reply, loginPage(themeOf(request), { email, next, problem }), status);
    };
    if (limit.left(email) === 0) return refuse(wrongPassword(0), 429);
    const session = await accounts.signIn(email, form.get('password') ?? '');
    if (session === 'closed') {
      return refuse('Доступ закрыт. Если это ошибка, напишите владельцу.', 403);
    }
    if (session === undefined) {
      limit.failed(email);
      return refuse(wrongPassword(limit.left(email)), 401);
    }
    limit.succeeded(email);
    sessions.start(reply, session);
    return reply.redirect(next, 303);
  });
}

function addConfirm(app: FastifyInstance, parts: AuthParts): void {
  const { accounts, sessions, themeOf, send } = parts;
  const linkOf = (tokenHash: unknown, type: unknown) => {
    const isLink = typeof tokenHash === 'string' && /^[\w-]{16,200}$/.test(tokenHash);
    if (!isLink || (type !== 'invite' && type !== 'recovery')) return undefined;
    const linkType: LinkType = type;
    return { tokenHash, type: linkType };
  };

  // Opening it spends nothing: scanners of mail open every link.
  app.get('/auth/confirm', (request, reply) => {
    const { token_hash, type } = request.query as Record<string, unknown>;
    const link = linkOf(token_hash, type);
    const theme = themeOf(request);
    return link ? send(reply, confirmPage(theme, link)) : send(reply, expiredPage(theme), 400);
  });

  app.post('/auth/confirm', async (request, reply) => {
    const form = formOf(request);
    const theme = themeOf(request);
    const link = linkOf(form.get('token_hash'), form.get('type'));
    if (!link) return send(reply, expiredPage(theme), 400);
    const problem = passwordProblem(form);
    if (problem !== undefined) return send(reply, confirmPage(theme, link, problem), 422);
    const session = await accounts.openLink(link.tokenHash, link.type);
    if (session === 'expired') return send(reply, expiredPage(theme), 403);
    sessions.start(reply, session);
    const refused = await accounts.setPassword(session, form.get('password') ?? '');
    return reply.redirect(refused === 'weak' ? '/account?weak=1' : '/', 303);
  });
}

function addForgot(app: FastifyInstance, { accounts, themeOf, send }: AuthParts): void {
  app.get('/forgot', (request, reply) => send(reply, forgotPage(themeOf(request), false)));
  app.post('/forgot', async (request, reply) => {
    const startedAt = performance.now();
    const email = (formOf(request).get('email') ?? '').trim().toLowerCase().slice(0, 254);
    await accounts.sendLink(email);
    await levelled(startedAt);
    return send(reply, forgotPage(themeOf(request), true));
  });
}

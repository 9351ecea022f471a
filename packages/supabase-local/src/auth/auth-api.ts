/**
 * Auth of a project as hosted Supabase has it, where `@supabase/lite` differs: admin routes, Russian mails, banned
 * users, sessions that end with a new password, the claims of an access token. What it does alike is passed on to it,
 * and what nobody here needs (sign-up, magic links, other providers) is not reachable.
 */
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Handle } from '../gate.ts';
import { answerAdmin, type AdminParts } from './admin-routes.ts';
import { AuthApiError } from './auth-error.ts';
import { allowRecovery, makeLink } from './links.ts';
import { addClaims, claimsOf } from './tokens.ts';
import type { AuthUser } from './users.ts';

export interface AuthApiOptions extends AdminParts {
  /** Whether a request carries the service key. */
  isService: (request: Request) => boolean;
  jwtSecret: string;
  /** The library. */
  next: Handle;
  log: Logger | undefined;
}

/** Passed on to the library, some of them changed on the way. */
const PASSED_ON = new Set([
  'POST /token',
  'POST /verify',
  'POST /logout',
  'GET /user',
  'PUT /user',
  'GET /health',
  'GET /settings',
  'GET /.well-known/jwks.json',
]);

/** The library knows these two by another name. */
const VERIFY_TYPES: Readonly<Record<string, string>> = { invite: 'signup', email: 'magiclink' };

const credentials = z.object({ email: z.string().toLowerCase() });
const verification = z.looseObject({ type: z.string(), token_hash: z.string().optional() });
const recovery = z.object({ email: z.email().toLowerCase() });
const answerSchema = z.looseObject({
  access_token: z.string(),
  user: z.looseObject({ app_metadata: z.unknown(), user_metadata: z.unknown() }),
});

/** Answers `/auth/v1/*`. The key has been checked before. */
export function createAuthApi(options: AuthApiOptions): Handle {
  const { isService, log } = options;
  return async (request, peerAddress) => {
    const { pathname } = new URL(request.url);
    try {
      if (pathname.startsWith('/auth/v1/admin/') || pathname === '/auth/v1/invite') {
        if (!isService(request)) throw new AuthApiError(403, 'not_admin', 'User not allowed');
        return (await answerAdmin(request, options)) ?? notHere();
      }
      const call = `${request.method} ${pathname.replace('/auth/v1', '')}`;
      if (call === 'POST /recover') return await recover(request, options);
      if (!PASSED_ON.has(call)) return notHere();
      return await passOn(call, request, peerAddress, options);
    } catch (error) {
      if (error instanceof AuthApiError) return error.toResponse();
      if (error instanceof z.ZodError) {
        return new AuthApiError(400, 'validation_failed', z.prettifyError(error)).toResponse();
      }
      log?.error({ err: error, path: pathname }, 'a request to Auth failed');
      return new AuthApiError(500, 'unexpected_failure', 'Unexpected failure').toResponse();
    }
  };
}

function notHere(): Response {
  return new AuthApiError(404, 'not_found', 'The bundled Auth does not have this').toResponse();
}

/** A mail with a link for somebody who forgot their password. An unknown address gets the same answer, and no mail. */
async function recover(
  request: Request,
  { users, mailer, log }: AuthApiOptions,
): Promise<Response> {
  const { email } = recovery.parse(parse(await request.text()));
  const user = await users.byEmail(email);
  if (user) {
    await allowRecovery(users, user);
    const { hashed_token } = await makeLink(users, { type: 'recovery', email });
    try {
      await mailer.send('recovery', user.email, hashed_token);
    } catch (error) {
      log?.error({ err: error }, 'a recovery mail could not be sent');
      throw new AuthApiError(500, 'unexpected_failure', 'Error sending recovery email');
    }
  }
  return Response.json({});
}

function refuseBanned(user: AuthUser | undefined, status: 400 | 403): void {
  if (user?.banned_until && Date.parse(user.banned_until) > Date.now()) {
    throw new AuthApiError(status, 'user_banned', 'User is banned');
  }
}

async function passOn(
  call: string,
  request: Request,
  peerAddress: string | null,
  { users, jwtSecret, next }: AuthApiOptions,
): Promise<Response> {
  const text = await request.text();
  const body = parse(text);
  const pass = (content: unknown) =>
    next(
      new Request(request.url, {
        method: request.method,
        headers: withoutLength(request.headers),
        ...(text !== '' && { body: JSON.stringify(content) }),
      }),
      peerAddress,
    );

  if (call === 'POST /verify') {
    const wanted = verification.parse(body);
    if (wanted.token_hash !== undefined) {
      refuseBanned(await users.byTokenHash(wanted.token_hash), 403);
    }
    const type = VERIFY_TYPES[wanted.type] ?? wanted.type;
    return withHostedClaims(await pass({ ...wanted, type }), jwtSecret);
  }
  if (call === 'POST /token') {
    const { data: person } = credentials.safeParse(body);
    if (person) refuseBanned(await users.byEmail(person.email), 400);
    return withHostedClaims(await pass(body), jwtSecret);
  }
  if (call === 'PUT /user' && addressChange.safeParse(body).success) {
    throw new AuthApiError(422, 'email_change_disabled', 'An owner changes addresses');
  }
  const answer = await pass(body);
  if (call === 'PUT /user' && answer.ok && passwordChange.safeParse(body).success) {
    const token = (request.headers.get('authorization') ?? '').replace(/^Bearer /, '');
    const { sub, session_id: session } = claimsOf(token);
    await users.endSessions(String(sub), String(session));
  }
  return answer;
}

/** @throws AuthApiError, ZodError unless it is a JSON object; nothing at all counts as an empty one */
function parse(text: string): Record<string, unknown> {
  try {
    return text === '' ? {} : z.looseObject({}).parse(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AuthApiError(400, 'bad_json', 'Could not parse request body as JSON');
  }
}

const passwordChange = z.object({ password: z.string() });
const addressChange = z.object({ email: z.string() });

/** The new body has a length of its own. */
function withoutLength(headers: Headers): Headers {
  const copy = new Headers(headers);
  copy.delete('content-length');
  return copy;
}

/** Hosted access tokens carry these; the library's lack them. */
async function withHostedClaims(answer: Response, jwtSecret: string): Promise<Response> {
  if (!answer.ok) return answer;
  const session = answerSchema.parse(await answer.json());
  const { app_metadata, user_metadata } = session.user;
  const more = { app_metadata, user_metadata, aal: 'aal1', is_anonymous: false };
  return Response.json(
    { ...session, access_token: addClaims(session.access_token, more, jwtSecret) },
    { status: answer.status },
  );
}

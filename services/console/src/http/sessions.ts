/** Who is signed in: an encrypted cookie that only this service can read, kept fresh while somebody works. */
import { createHash } from 'node:crypto';
import { createSeal } from '@leadwire/shared/runtime/seal';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Accounts, Session } from '../auth/accounts.ts';

/** Seconds before its end at which a token is replaced. */
const REFRESH_BEFORE_S = 60;
/** Requests of one page come together with the same old cookie: all get the pair that the first one fetched. */
const SHARED_MS = 30_000;
/** A month without a visit ends it; Auth may end it earlier. */
const COOKIE_S = 30 * 24 * 60 * 60;

const sessionSchema = z.object({
  staffId: z.string(),
  email: z.string(),
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresAt: z.number(),
});

export interface Sessions {
  /** Whoever sends the request; undefined for a stranger. @throws TransientError when Auth does not answer */
  read(request: FastifyRequest, reply: FastifyReply): Promise<Session | undefined>;
  start(reply: FastifyReply, session: Session): void;
  end(reply: FastifyReply): void;
}

export interface SessionOptions {
  accounts: Pick<Accounts, 'refresh'>;
  secret: string;
  /** Whether people come over https. */
  isSecure: boolean;
  now?: () => number;
}

export function createSessions(options: SessionOptions): Sessions {
  const { accounts, secret, isSecure, now = Date.now } = options;
  const seal = createSeal(secret, 'session');
  const name = isSecure ? '__Host-leadwire' : 'leadwire';
  const cookie = { path: '/', httpOnly: true, secure: isSecure, sameSite: 'lax' as const };
  const refreshing = new Map<string, Promise<Session | undefined>>();

  const refreshOnce = (session: Session): Promise<Session | undefined> => {
    const key = createHash('sha256').update(session.refreshToken).digest('base64url');
    const known = refreshing.get(key);
    if (known) return known;
    const fresh = accounts.refresh(session);
    refreshing.set(key, fresh);
    const forget = () => refreshing.delete(key);
    fresh.then(() => setTimeout(forget, SHARED_MS).unref(), forget);
    return fresh;
  };
  const start = (reply: FastifyReply, session: Session) =>
    void reply.setCookie(name, seal.close(session), { ...cookie, maxAge: COOKIE_S });
  const end = (reply: FastifyReply) => void reply.clearCookie(name, cookie);

  return {
    start,
    end,
    async read(request, reply) {
      const text = request.cookies[name];
      if (text === undefined) return undefined;
      const session = sessionSchema.safeParse(seal.open(text)).data;
      if (session && session.expiresAt - REFRESH_BEFORE_S > now() / 1000) return session;
      const fresh = session && (await refreshOnce(session));
      if (fresh) start(reply, fresh);
      else end(reply);
      return fresh;
    },
  };
}

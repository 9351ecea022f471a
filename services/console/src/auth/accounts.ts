/** Supabase Auth of the landing project, as somebody without any key but the publishable one uses it. */
import { TransientError } from '@leadwire/shared/errors';
import { createClient, type AuthError, type Session as AuthSession } from '@supabase/supabase-js';

const TIMEOUT_MS = 10_000;

/** A signed-in person, as the cookie keeps them. */
export interface Session {
  staffId: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

export type LinkType = 'invite' | 'recovery';

/** All methods throw TransientError when Auth does not answer. */
export interface Accounts {
  /** Undefined when address and password do not fit; `closed` for somebody who was taken out. */
  signIn(email: string, password: string): Promise<Session | 'closed' | undefined>;
  /** Undefined when the session is over. */
  refresh(session: Session): Promise<Session | undefined>;
  /** Spends the link. `expired` when it was used, replaced or is too old. */
  openLink(tokenHash: string, type: LinkType): Promise<Session | 'expired'>;
  /** Why Auth does not take the password, or undefined when it has. */
  setPassword(session: Session, password: string): Promise<'weak' | 'same' | undefined>;
  /** Has a link sent; nobody can tell whether there is such an address. `wait` within a minute of the last one. */
  sendLink(email: string): Promise<'wait' | undefined>;
  /** `global` ends every session of the person. */
  signOut(session: Session, scope: 'local' | 'global'): Promise<void>;
}

export function createAccounts(url: string, publishableKey: string): Accounts {
  const connect = () =>
    createClient(url, publishableKey, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      global: {
        fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
      },
    }).auth;

  return {
    async signIn(email, password) {
      const { data, error } = await connect().signInWithPassword({ email, password });
      if (error?.code === 'user_banned') return 'closed';
      if (error) return refusalOr(error, undefined);
      return toSession(data.session);
    },
    async refresh({ refreshToken }) {
      const { data, error } = await connect().refreshSession({ refresh_token: refreshToken });
      if (error) return refusalOr(error, undefined);
      return data.session ? toSession(data.session) : undefined;
    },
    async openLink(tokenHash, type) {
      const { data, error } = await connect().verifyOtp({ token_hash: tokenHash, type });
      if (error) return refusalOr(error, 'expired');
      return data.session ? toSession(data.session) : 'expired';
    },
    async setPassword({ accessToken }, password) {
      const response = await fetch(`${url}/auth/v1/user`, {
        method: 'PUT',
        headers: {
          apikey: publishableKey,
          authorization: `Bearer ${accessToken}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ password }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((cause: unknown) => {
        throw new TransientError('Supabase Auth does not answer', { cause });
      });
      if (response.ok) return undefined;
      const { error_code: code } = (await response.json().catch(() => ({}))) as Record<
        string,
        unknown
      >;
      if (code === 'same_password') return 'same';
      if (response.status === 422 || response.status === 400) return 'weak';
      throw new TransientError(`Supabase Auth: ${response.status} when a password was set`);
    },
    async sendLink(email) {
      const { error } = await connect().resetPasswordForEmail(email);
      if (!error) return undefined;
      return error.status === 429 ? 'wait' : refusalOr(error, undefined);
    },
    async signOut({ accessToken }, scope) {
      const { error } = await connect().admin.signOut(accessToken, scope);
      // A session that is over already is as good.
      if (error && isAway(error)) throw away(error);
    },
  };
}

const toSession = ({ user, access_token, refresh_token, expires_at }: AuthSession): Session => ({
  staffId: user.id,
  email: user.email ?? '',
  accessToken: access_token,
  refreshToken: refresh_token,
  expiresAt: expires_at ?? 0,
});

/** @throws TransientError when it was no refusal */
function refusalOr<Refusal>(error: AuthError, refusal: Refusal): Refusal {
  if (isAway(error)) throw away(error);
  return refusal;
}

const isAway = ({ status }: AuthError) => status === undefined || status === 0 || status >= 500;

function away({ status, code }: AuthError): TransientError {
  return new TransientError(`Supabase Auth: ${status ?? 'no answer'} ${code ?? ''}`.trim());
}

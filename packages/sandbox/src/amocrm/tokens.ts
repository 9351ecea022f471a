/** Codes and tokens. A code is good once, a refresh token too: the next one comes with the answer, or never. */
import type { World } from '../world/provider.ts';
import { AmoError, oauthProblem, problem } from './answers.ts';
import type { AmocrmSettings } from './settings.ts';

type Code = { code: string; expiresAt: number; isUsed: boolean };
type Token = {
  token: string;
  kind: 'access' | 'refresh';
  /** The grant it belongs to: a pair, and the pairs before it. */
  grant: string;
  expiresAt: number;
  isRevoked: boolean;
};

/** What the token endpoint answers with 200. */
export type TokenPair = {
  token_type: 'Bearer';
  expires_in: number;
  server_time: number;
  access_token: string;
  refresh_token: string;
};

export type Tokens = {
  issueCode(): { code: string; expiresAt: number };
  /** A new grant without the code: for tests. */
  issuePair(): TokenPair;
  exchange(body: Record<string, unknown>): TokenPair;
  /** Whose rate limit this token uses. Throws 401 for one that is not good. */
  check(token: string | undefined): void;
  integrationOf(token: string | undefined): string;
  /** Kills every pair; with `longLived` those tokens as well. */
  revoke(longLived: boolean): void;
};

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Tokens live in the store: a restart keeps the grant. */
export function createTokens(world: World, settings: () => AmocrmSettings): Tokens {
  const codes = world.store.table<Code>('amocrm-codes');
  const tokens = world.store.table<Token>('amocrm-tokens');
  const revoked = world.store.table<true>('amocrm-revoked');
  const { now } = world.clock;

  const keep = (kind: Token['kind'], token: string, grant: string, seconds: number): void =>
    tokens.put(token, { token, kind, grant, expiresAt: now() + seconds * 1000, isRevoked: false });

  const pair = (grant: string): TokenPair => {
    const { accessTokenSeconds, refreshTokenSeconds } = settings();
    const access_token = jwt(world, settings(), accessTokenSeconds);
    const refresh_token = `def50200${world.random.text(120, '0123456789abcdef')}`;
    keep('access', access_token, grant, accessTokenSeconds);
    keep('refresh', refresh_token, grant, refreshTokenSeconds);
    return {
      token_type: 'Bearer',
      expires_in: accessTokenSeconds,
      server_time: Math.floor(now() / 1000),
      access_token,
      refresh_token,
    };
  };
  const kill = (wanted: (token: Token) => boolean): void => {
    for (const token of tokens.all()) {
      if (wanted(token) && !token.isRevoked) tokens.put(token.token, { ...token, isRevoked: true });
    }
  };

  function useCode(given: unknown): TokenPair {
    const code = typeof given === 'string' ? codes.get(given) : undefined;
    if (code === undefined) throw oauthProblem(400, 'Cannot decrypt the authorization code');
    if (code.isUsed) throw oauthProblem(400, 'Authorization code has been revoked');
    if (code.expiresAt <= now()) throw oauthProblem(400, 'Authorization code has expired');
    codes.put(code.code, { ...code, isUsed: true });
    return pair(world.random.uuid());
  }

  function useRefreshToken(given: unknown): TokenPair {
    const token = typeof given === 'string' ? tokens.get(given) : undefined;
    if (token?.kind !== 'refresh') throw oauthProblem(401, 'Invalid refresh token');
    if (token.isRevoked) throw oauthProblem(401, 'Token has been revoked');
    if (token.expiresAt <= now()) throw oauthProblem(401, 'Token has expired');
    const withAccess = settings().refreshKillsAccess;
    kill(({ grant, kind }) => grant === token.grant && (withAccess || kind === 'refresh'));
    return pair(token.grant);
  }

  return {
    issueCode: () => {
      const expiresAt = now() + settings().codeSeconds * 1000;
      const code = `def50200${world.random.text(160, '0123456789abcdef')}`;
      codes.put(code, { code, expiresAt, isUsed: false });
      return { code, expiresAt };
    },
    issuePair: () => world.store.transaction(() => pair(world.random.uuid())),
    exchange: (body) => {
      checkClient(body, settings());
      return world.store.transaction(() =>
        body['grant_type'] === 'refresh_token'
          ? useRefreshToken(body['refresh_token'])
          : useCode(body['code']),
      );
    },
    check: (given) => {
      const longLived = settings().longLivedTokens.find(({ token }) => token === given);
      if (longLived !== undefined) {
        const end = longLived.expiresAt === null ? Infinity : Date.parse(longLived.expiresAt);
        if (now() < end && revoked.get(longLived.token) === undefined) return;
        throw unauthorized();
      }
      const token = given === undefined ? undefined : tokens.get(given);
      if (token?.kind !== 'access' || token.isRevoked || token.expiresAt <= now()) {
        throw unauthorized();
      }
    },
    integrationOf: (given) => {
      const { longLivedTokens, clientId } = settings();
      return longLivedTokens.find(({ token }) => token === given)?.integration ?? clientId;
    },
    revoke: (longLived) => {
      kill(() => true);
      if (longLived) for (const { token } of settings().longLivedTokens) revoked.put(token, true);
    },
  };
}

const unauthorized = (): AmoError => new AmoError(problem(401, 'Invalid user name or password'));

function checkClient(body: Record<string, unknown>, settings: AmocrmSettings): void {
  const { client_id: id, client_secret: secret, grant_type: grant, redirect_uri: uri } = body;
  const hint = (name: string): string => `Check the \`${name}\` parameter`;
  if (id !== settings.clientId) throw oauthProblem(400, hint('client_id'));
  if (secret === undefined) throw oauthProblem(400, hint('client_secret'));
  if (secret !== settings.clientSecret) throw oauthProblem(401, hint('client_secret'));
  if (grant !== 'authorization_code' && grant !== 'refresh_token') {
    throw oauthProblem(400, hint('grant_type'));
  }
  if (uri !== settings.redirectUri) throw oauthProblem(400, hint('redirect_uri'));
  const needed = grant === 'refresh_token' ? 'refresh_token' : 'code';
  if (typeof body[needed] !== 'string' || body[needed] === '') {
    throw oauthProblem(400, hint(needed));
  }
}

/** Shaped like the real ones, which are JWTs of about a thousand characters: columns and headers must take it. */
function jwt(world: World, settings: AmocrmSettings, seconds: number): string {
  const now = Math.floor(world.clock.now() / 1000);
  const claims = {
    aud: settings.clientId,
    jti: world.random.text(80, '0123456789abcdef'),
    iat: now,
    nbf: now,
    exp: now + seconds,
    sub: String(settings.integrationUserId),
    account_id: settings.accountId,
    base_domain: 'amocrm.ru',
    scopes: ['crm', 'notifications'],
  };
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return [
    encode({ typ: 'JWT', alg: 'RS256' }),
    encode(claims),
    world.random.text(342, LETTERS),
  ].join('.');
}

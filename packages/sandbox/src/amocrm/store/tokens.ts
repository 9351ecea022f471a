/** Codes and tokens. A code is good once, a refresh token too: the next one comes with the answer, or never. */
import type { World } from '../../world/provider.ts';
import type { Table } from '../../world/store.ts';
import { AmoError, oauthProblem, problem } from '../api/answers.ts';
import type { AmocrmSettings } from '../lifecycle/settings.ts';

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

const HEX = '0123456789abcdef';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Tokens live in the store: a restart keeps the grant. */
export function createTokens(world: World, settings: () => AmocrmSettings): Tokens {
  return new StoredTokens(world, settings);
}

class StoredTokens implements Tokens {
  readonly #world: World;
  readonly #settings: () => AmocrmSettings;
  readonly #codes: Table<Code>;
  readonly #tokens: Table<Token>;
  /** Long-lived ones that were taken back. */
  readonly #revoked: Table<true>;

  constructor(world: World, settings: () => AmocrmSettings) {
    this.#world = world;
    this.#settings = settings;
    this.#codes = world.store.table('amocrm-codes');
    this.#tokens = world.store.table('amocrm-tokens');
    this.#revoked = world.store.table('amocrm-revoked');
  }

  issueCode(): { code: string; expiresAt: number } {
    const expiresAt = this.#now() + this.#settings().codeSeconds * 1000;
    const code = `def50200${this.#world.random.text(160, HEX)}`;
    this.#codes.put(code, { code, expiresAt, isUsed: false });
    return { code, expiresAt };
  }

  issuePair(): TokenPair {
    return this.#world.store.transaction(() => this.#pair(this.#world.random.uuid()));
  }

  exchange(body: Record<string, unknown>): TokenPair {
    checkClient(body, this.#settings());
    return this.#world.store.transaction(() =>
      body['grant_type'] === 'refresh_token'
        ? this.#useRefreshToken(body['refresh_token'])
        : this.#useCode(body['code']),
    );
  }

  check(given: string | undefined): void {
    const now = this.#now();
    const longLived = this.#settings().longLivedTokens.find(({ token }) => token === given);
    if (longLived !== undefined) {
      const end = longLived.expiresAt === null ? Infinity : Date.parse(longLived.expiresAt);
      if (now < end && this.#revoked.get(longLived.token) === undefined) return;
      throw unauthorized();
    }
    const token = given === undefined ? undefined : this.#tokens.get(given);
    if (token?.kind !== 'access' || token.isRevoked || token.expiresAt <= now) {
      throw unauthorized();
    }
  }

  integrationOf(given: string | undefined): string {
    const { longLivedTokens, clientId } = this.#settings();
    return longLivedTokens.find(({ token }) => token === given)?.integration ?? clientId;
  }

  revoke(longLived: boolean): void {
    this.#kill(() => true);
    if (!longLived) return;
    for (const { token } of this.#settings().longLivedTokens) this.#revoked.put(token, true);
  }

  #useCode(given: unknown): TokenPair {
    const code = typeof given === 'string' ? this.#codes.get(given) : undefined;
    if (code === undefined) throw oauthProblem(400, 'Cannot decrypt the authorization code');
    if (code.isUsed) throw oauthProblem(400, 'Authorization code has been revoked');
    if (code.expiresAt <= this.#now()) throw oauthProblem(400, 'Authorization code has expired');
    this.#codes.put(code.code, { ...code, isUsed: true });
    return this.#pair(this.#world.random.uuid());
  }

  #useRefreshToken(given: unknown): TokenPair {
    const token = typeof given === 'string' ? this.#tokens.get(given) : undefined;
    if (token?.kind !== 'refresh') throw oauthProblem(401, 'Invalid refresh token');
    if (token.isRevoked) throw oauthProblem(401, 'Token has been revoked');
    if (token.expiresAt <= this.#now()) throw oauthProblem(401, 'Token has expired');
    const withAccess = this.#settings().refreshKillsAccess;
    this.#kill(({ grant, kind }) => grant === token.grant && (withAccess || kind === 'refresh'));
    return this.#pair(token.grant);
  }

  #pair(grant: string): TokenPair {
    const { accessTokenSeconds, refreshTokenSeconds } = this.#settings();
    const access_token = jwt(this.#world, this.#settings(), accessTokenSeconds);
    const refresh_token = `def50200${this.#world.random.text(120, HEX)}`;
    this.#keep('access', access_token, grant, accessTokenSeconds);
    this.#keep('refresh', refresh_token, grant, refreshTokenSeconds);
    return {
      token_type: 'Bearer',
      expires_in: accessTokenSeconds,
      server_time: Math.floor(this.#now() / 1000),
      access_token,
      refresh_token,
    };
  }

  #keep(kind: Token['kind'], token: string, grant: string, seconds: number): void {
    const expiresAt = this.#now() + seconds * 1000;
    this.#tokens.put(token, { token, kind, grant, expiresAt, isRevoked: false });
  }

  #kill(wanted: (token: Token) => boolean): void {
    for (const token of this.#tokens.all()) {
      if (!wanted(token) || token.isRevoked) continue;
      this.#tokens.put(token.token, { ...token, isRevoked: true });
    }
  }

  #now(): number {
    return this.#world.clock.now();
  }
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
    jti: world.random.text(80, HEX),
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

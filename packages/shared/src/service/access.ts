/**
 * Who may ask a service for what. A token is either one that the stack is configured with (ADMIN_TOKEN, TOKEN_HASHES;
 * good also while the broker is away), or one of the list in the broker, which `leadwire tokens` changes.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Bus } from '../broker/bus.ts';
import {
  TOKENS,
  TOKEN_PREFIX,
  hashToken,
  tokenHashes,
  type AccessToken,
  type ConfiguredToken,
  type Scope,
} from '../contract/access-tokens.ts';
import { readKey } from '../coordination/kv.ts';
import { toError } from '../errors.ts';
import { ownSecret } from '../runtime/env.ts';
import type { Log } from '../runtime/log.ts';
import { RequestError } from './http-problems.ts';

/** A token that was revoked opens nothing after this time, at any replica; how many ask makes no more reading. */
const FRESH_MS = 500;
/** Nobody waits longer for the list: what was read before it decides. */
const PATIENCE_MS = 400;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** For the schema of a service's variables. */
export const accessEnv = {
  /** Opens everything that a service answers. Others are made by `leadwire tokens add`. */
  ADMIN_TOKEN: ownSecret(16).optional(),
  /** Tokens that the stack is configured with, which the service itself does not hold. */
  TOKEN_HASHES: tokenHashes.optional(),
};

export interface AccessEnv {
  HOST?: string | undefined;
  ADMIN_TOKEN?: string | undefined;
  PLATFORM_TOKEN?: string | undefined;
  TOKEN_HASHES?: readonly ConfiguredToken[] | undefined;
}

export interface Access {
  /** The holder's name when the header's token has the scope. @throws RequestError 401, or 403 that names the scope */
  demand(header: string | undefined, scope: Scope): Promise<string>;
  /** Whether the header's token has the scope. Never throws. */
  has(header: string | undefined, scope: Scope): Promise<boolean>;
}

/** What a token opens, and whose it is. */
interface Holder {
  name: string;
  scopes: readonly Scope[];
}

interface AccessPorts {
  bus: Pick<Bus, 'bucket'>;
  log: Log;
  /** Milliseconds that never go back. */
  now?: () => number;
}

/** A service without any configured token, on loopback, shows its metrics to this machine, as `npm start` parts did. */
export function createAccess(env: AccessEnv, ports: AccessPorts): Access {
  const configured = configuredTokens(env);
  const list = createTokenList(ports);
  const isOpenHere = configured.length === 0 && LOOPBACK.includes(env.HOST ?? '');

  const holderOf = async (header: string | undefined): Promise<Holder | undefined> => {
    const token = /^Bearer (.+)$/s.exec(header ?? '')?.[1];
    if (token === undefined) return undefined;
    const hash = Buffer.from(hashToken(token));
    const isIt = (each: { hash: string }) => timingSafeEqual(Buffer.from(each.hash), hash);
    const own = configured.filter(isIt).map(({ scope }) => scope);
    if (own.length > 0) return { name: nameOf(own), scopes: own };
    // Anybody can make up a token; the broker is asked for none that cannot be of the list.
    if (!token.startsWith(TOKEN_PREFIX)) return undefined;
    return (await list()).find((each) => each.revokedAt === undefined && isIt(each));
  };

  const demand = async (header: string | undefined, scope: Scope): Promise<string> => {
    if (scope === 'metrics' && isOpenHere) return 'this machine';
    const holder = await holderOf(header);
    if (holder === undefined) throw new RequestError(401, 'unauthorized');
    if (isOpenTo(holder, scope)) return holder.name;
    throw new RequestError(403, `this token may not do that: it lacks the scope ${scope}`);
  };

  return {
    demand,
    async has(header, scope) {
      // Every post of a form asks: for a sender without a token no error is made.
      const holder = await holderOf(header).catch(() => undefined);
      return (
        (scope === 'metrics' && isOpenHere) || (holder !== undefined && isOpenTo(holder, scope))
      );
    },
  };
}

function isOpenTo({ scopes }: Holder, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}

function configuredTokens(env: AccessEnv): ConfiguredToken[] {
  const { ADMIN_TOKEN: admin, PLATFORM_TOKEN: platform, TOKEN_HASHES: hashes = [] } = env;
  return [
    ...hashes,
    ...(admin === undefined ? [] : [{ scope: 'admin' as const, hash: hashToken(admin) }]),
    ...(platform === undefined ? [] : [{ scope: 'platform' as const, hash: hashToken(platform) }]),
  ];
}

function nameOf(own: readonly Scope[]): string {
  return own.includes('admin') ? 'admin token' : `${own.join(' and ')} token`;
}

/** The list as it was a moment ago at most; without the broker, as it was last. */
function createTokenList({ bus, log, now = () => performance.now() }: AccessPorts) {
  let tokens: readonly AccessToken[] | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    const startedAt = now();
    tokens = (await readKey(bus, TOKENS)) ?? [];
    readAt = startedAt;
  };

  return async (): Promise<readonly AccessToken[]> => {
    if (now() - readAt > FRESH_MS) {
      reading ??= read()
        .catch((thrown: unknown) => {
          log.warn({ err: toError(thrown) }, 'the tokens could not be read: those of before hold');
        })
        .finally(() => (reading = undefined));
      await Promise.race([reading, patience()]);
    }
    if (tokens !== undefined) return tokens;
    throw new RequestError(503, 'temporarily unavailable: try again in a few seconds');
  };
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
}

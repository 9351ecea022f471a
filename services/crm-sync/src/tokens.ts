/**
 * OAuth tokens, kept in `integration_tokens`. A refresh token works once: whoever uses it kills the pair
 * that others hold, and a new pair that is lost means that a person has to connect again. So one process
 * refreshes at a time, the others wait for it, and a new pair is saved before it is used.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  AMOCRM_STOPPED,
  type AccessTokens,
  type AmoTransport,
} from '@leadwire/shared/providers/amocrm/http';
import {
  requestTokens,
  type OAuthClient,
  type TokenPair,
} from '@leadwire/shared/providers/amocrm/oauth';
import { ChannelStoppedError } from '@leadwire/shared/errors';
import type { Lease, Leases } from '@leadwire/shared/coordination/leases';
import type { TokenStore } from '@leadwire/shared/providers/amocrm/token-store';
import { ownCommand } from '@leadwire/shared/runtime/own-command';

/** Refreshed this long before its end, so that no request meets the end on its way. */
const MARGIN_MS = 5 * 60_000;
/** A refresh takes one request; others wait for it rather than give their messages back. */
const PATIENCE_MS = 25_000;
const LOCK = 'amocrm.tokens';
/** A pair that AmoCRM has given and the database does not take yet: about a minute of tries. */
const SAVE_DELAYS_MS = [100, 500, 2_000, 5_000, 10_000, 20_000, 20_000];

export interface OAuthTokensOptions {
  transport: AmoTransport;
  client: OAuthClient;
  store: TokenStore;
  leases: Leases;
  /** Milliseconds between two looks whether somebody has connected again. */
  reconnectProbeMs: number;
  now?: () => number;
  /** Milliseconds before each further try to save a pair. */
  saveDelaysMs?: readonly number[];
}

/** A token that an administrator made for this integration; it cannot be renewed. */
export function createLongLivedTokens(token: string): AccessTokens {
  return {
    current: () => Promise.resolve(token),
    renew: () =>
      Promise.reject(
        new ChannelStoppedError(
          'AmoCRM does not take the long-lived token (revoked or expired): make a new one in the integration and put it into AMOCRM_LONG_LIVED_TOKEN',
          { what: AMOCRM_STOPPED },
        ),
      ),
  };
}

export function createOAuthTokens(options: OAuthTokensOptions): AccessTokens {
  const { transport, client, store, leases, now = Date.now } = options;
  const { reconnectProbeMs, saveDelaysMs = SAVE_DELAYS_MS } = options;
  let cached: TokenPair | undefined;
  let refusedRefreshToken: string | undefined;
  let underWay: Promise<TokenPair> | undefined;
  /**
   * Given by AmoCRM, not yet in the database: the only copy there is. The lock is kept with it, because
   * whoever else refreshed now would use the refresh token that is dead.
   */
  let unsaved: TokenPair | undefined;
  let kept: Lease | undefined;

  const reconnect = (cause?: Error) =>
    disconnected('does not take the refresh token any more', reconnectProbeMs, cause);

  const isFresh = (pair: TokenPair): boolean => Date.parse(pair.expiresAt) - now() > MARGIN_MS;

  const save = async (pair: TokenPair, lease: Lease): Promise<TokenPair> => {
    unsaved = pair;
    for (let attempt = 0; ; attempt += 1) {
      try {
        // Lost or not, the pair has to be saved; the table keeps the newest one.
        await lease.renew().catch(() => undefined);
        await store.save(pair);
        unsaved = undefined;
        return pair;
      } catch (thrown) {
        const waitMs = saveDelaysMs[attempt];
        if (waitMs === undefined) throw thrown;
        await delay(waitMs);
      }
    }
  };

  /** Under the lock. Somebody else may have refreshed while we waited for it. */
  const refresh = async (refused: string | undefined, lease: Lease) => {
    if (unsaved) return save(unsaved, lease);
    const stored = await store.load();
    if (!stored) throw disconnected('is not connected', reconnectProbeMs);
    if (stored.accessToken !== refused && isFresh(stored)) return stored;
    if (stored.refreshToken === refusedRefreshToken) throw reconnect();
    try {
      const pair = await requestTokens(
        transport,
        client,
        { grant_type: 'refresh_token', refresh_token: stored.refreshToken },
        { version: stored.version + 1, now, atTurn: () => lease.renew() },
      );
      return await save(pair, lease);
    } catch (thrown) {
      if (!(thrown instanceof ChannelStoppedError)) throw thrown;
      refusedRefreshToken = stored.refreshToken;
      throw reconnect(thrown);
    }
  };

  /** One at a time in this process, and by the lock on all replicas. */
  const obtain = (refused: string | undefined): Promise<TokenPair> => {
    underWay ??= (async () => {
      const lease = kept ?? (await leases.acquire(LOCK, PATIENCE_MS));
      try {
        cached = await refresh(refused, lease);
        return cached;
      } finally {
        kept = unsaved ? lease : undefined;
        if (!kept) await lease.release();
      }
    })().finally(() => (underWay = undefined));
    return underWay;
  };

  return {
    async current() {
      if (cached && isFresh(cached)) return cached.accessToken;
      return (await obtain(undefined)).accessToken;
    },
    async renew(refused) {
      if (cached && cached.accessToken !== refused && isFresh(cached)) return cached.accessToken;
      return (await obtain(refused)).accessToken;
    },
  };
}

const HOW = `run "${ownCommand('amocrm connect')}" and follow what it says`;

function disconnected(why: string, retryAfterMs: number, cause?: Error): ChannelStoppedError {
  return new ChannelStoppedError(`AmoCRM ${why}: ${HOW}`, {
    what: AMOCRM_STOPPED,
    retryAfterMs,
    ...(cause && { cause }),
  });
}

/** AmoCRM for one command: its account as the services are configured for it, one request at a time. */
import {
  createAmoHttp,
  createAmoTransport,
  type AmoHttp,
  type AmoTransport,
} from '@leadwire/shared/providers/amocrm/http';
import type { OAuthClient } from '@leadwire/shared/providers/amocrm/oauth';
import { ChannelStoppedError } from '@leadwire/shared/errors';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { createTokenStore, type TokenStore } from '@leadwire/shared/providers/amocrm/token-store';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { ownCommand } from '@leadwire/shared/runtime/own-command';

/** A person waits, and there is nobody to share a limit with: a command asks a handful of things. */
const SPACING_MS = 200;
const CONNECT = `run "${ownCommand('amocrm connect')}"`;

/** @throws FailedError when AMOCRM_BASE_URL is not given. */
export function openTransport(env: CliEnv): AmoTransport {
  if (env.AMOCRM_BASE_URL === undefined) throw new FailedError('AMOCRM_BASE_URL is not given.');
  let nextAt = 0;
  const pace = async () => {
    const waitMs = nextAt - Date.now();
    nextAt = Math.max(nextAt, Date.now()) + SPACING_MS;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  };
  const blocked = () =>
    new ChannelStoppedError(
      'AmoCRM has blocked the integration (403 on every request): write to its support',
    );
  return createAmoTransport({
    baseUrl: env.AMOCRM_BASE_URL,
    limiter: { acquire: pace, pauseFor: () => Promise.resolve() },
    track: (_action, _context, call) => call(),
    blockade: {
      check: () => Promise.resolve(false),
      raise: () => Promise.resolve(blocked()),
      clear: () => Promise.resolve(),
    },
  });
}

/** @throws FailedError naming what is not given. */
export function clientOf(env: CliEnv): OAuthClient {
  const { AMOCRM_CLIENT_ID: id, AMOCRM_CLIENT_SECRET: secret, AMOCRM_REDIRECT_URI: uri } = env;
  if (id === undefined || secret === undefined || uri === undefined) {
    throw new FailedError(
      'AMOCRM_CLIENT_ID, AMOCRM_CLIENT_SECRET and AMOCRM_REDIRECT_URI are needed: the integration shows them under "Keys and scopes".',
    );
  }
  return { clientId: id, clientSecret: secret, redirectUri: uri };
}

/** @throws FailedError naming what is not given. */
export function tokenStoreOf(env: CliEnv): TokenStore {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) {
    throw new FailedError(
      'LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY are needed: the tokens are kept there.',
    );
  }
  const database = createDatabase({ project: 'landing', url, serviceKey });
  return createTokenStore(database, 'amocrm', clientOf(env).clientSecret);
}

/** With the token that the services use. It is never refreshed here: crm-sync does that, alone. */
export function openAccount(env: CliEnv): AmoHttp {
  return createAmoHttp(openTransport(env), {
    async current() {
      if (env.AMOCRM_LONG_LIVED_TOKEN !== undefined) return env.AMOCRM_LONG_LIVED_TOKEN;
      const pair = await tokenStoreOf(env).load();
      if (!pair) throw new FailedError(`not connected: ${CONNECT}`);
      return pair.accessToken;
    },
    renew: () =>
      Promise.reject(
        new FailedError(
          env.AMOCRM_LONG_LIVED_TOKEN === undefined
            ? `the token is not taken (crm-sync refreshes an expired one by itself when there is work); if it stays so, ${CONNECT}`
            : 'AMOCRM_LONG_LIVED_TOKEN is not taken (revoked or expired): make a new one in the integration',
        ),
      ),
  });
}

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AmoTransport } from '@leadwire/shared/providers/amocrm/http';
import type { TokenPair } from '@leadwire/shared/providers/amocrm/oauth';
import type { Bus } from '@leadwire/shared/broker/bus';
import { TransientError } from '@leadwire/shared/errors';
import { createLeases } from '@leadwire/shared/coordination/leases';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { createOAuthTokens } from '../src/tokens.ts';

let broker: TestBroker;
let bus: Bus;
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

/** Shorter than it takes to save the pair. */
const LEASE_MS = 2_000;
const SAVE_DELAYS_MS = Array.from({ length: 15 }, () => 200);
const CLIENT = { clientId: 'c', clientSecret: 's', redirectUri: 'https://leadwire.kz' };

/** AmoCRM's token endpoint: a refresh token works once. */
function createTokenEndpoint(first: string) {
  let good = first;
  const used: string[] = [];
  const transport: AmoTransport = {
    async send({ body, atTurn }) {
      await atTurn?.();
      const { refresh_token: given } = body as { refresh_token: string };
      used.push(given);
      if (given !== good) return { status: 401, json: { hint: 'Token has been revoked' } };
      good = `${given}+`;
      return {
        status: 200,
        json: { access_token: `access-${good}`, refresh_token: good, expires_in: 86_400 },
      };
    },
  };
  return { transport, used };
}

test('a pair that the database does not take yet keeps the lock: no replica uses the dead refresh token', async () => {
  const expired = { accessToken: 'access', refreshToken: 'refresh', version: 1 };
  let stored: TokenPair = { ...expired, expiresAt: new Date(0).toISOString() };
  let failures = SAVE_DELAYS_MS.length;
  const store = {
    load: () => Promise.resolve(stored),
    save(pair: TokenPair) {
      failures -= 1;
      if (failures >= 0) return Promise.reject(new TransientError('the database is down'));
      stored = pair;
      return Promise.resolve();
    },
  };
  const { transport, used } = createTokenEndpoint('refresh');
  const replica = (owner: string) =>
    createOAuthTokens({
      transport,
      store,
      client: CLIENT,
      saveDelaysMs: SAVE_DELAYS_MS,
      reconnectProbeMs: 1_000,
      leases: createLeases({ bus, owner, leaseMs: LEASE_MS }),
    });

  const tokens = await Promise.all([replica('one').current(), replica('other').current()]);
  expect(tokens).toEqual(['access-refresh+', 'access-refresh+']);
  expect(used).toEqual(['refresh']);
});

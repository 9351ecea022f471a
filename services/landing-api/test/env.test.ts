import { expect, test } from 'vitest';
import { readEnv } from '@leadwire/shared/runtime/env';
import { envSchema } from '../src/env.ts';

const ADMIN_TOKEN = 'sixteen letters and more';

test('the defaults need nothing but a token', () => {
  expect(readEnv(envSchema, { ADMIN_TOKEN })).toMatchObject({
    PORT: 3000,
    CORS_ORIGINS: [],
    RATE_LIMIT_PER_MINUTE: 600,
    FLOOD_LEADS_PER_MINUTE: 60,
    TRUST_PROXY: false,
    JOURNAL_DIR: '.data/journal',
    INTAKE_TIMEOUT_MS: 2_000,
    NATS_MAX_STORE: 20 * 1_024 ** 3,
  });
});

test('origins and proxies are lists', () => {
  const env = readEnv(envSchema, {
    ADMIN_TOKEN,
    CORS_ORIGINS: 'https://a.kz, http://localhost:4000',
    TRUST_PROXY: 'loopback, 10.0.0.0/8,2001:db8::/32',
  });
  expect(env.CORS_ORIGINS).toEqual(['https://a.kz', 'http://localhost:4000']);
  expect(env.TRUST_PROXY).toEqual(['loopback', '10.0.0.0/8', '2001:db8::/32']);
});

test('a number of proxies trusts so many hops and no more', () => {
  const { TRUST_PROXY: trusts } = readEnv(envSchema, { ADMIN_TOKEN, TRUST_PROXY: '1' });
  expect(typeof trusts === 'function' && [trusts('10.0.0.1', 0), trusts('10.0.0.1', 1)]).toEqual([
    true,
    false,
  ]);
});

test.each([
  ['ADMIN_TOKEN', 'short'],
  ['ADMIN_TOKEN', 'change-me-change-me'],
  ['ADMIN_TOKEN', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
  ['NATS_MAX_STORE', 'much'],
  ['CORS_ORIGINS', '*'],
  ['CORS_ORIGINS', 'https://a.kz/'],
  ['CORS_ORIGINS', 'a.kz'],
  ['PUBLIC_BASE_URL', 'leadwire.kz'],
  ['RATE_LIMIT_PER_MINUTE', '0'],
  ['RATE_LIMIT_PER_MINUTE', 'many'],
  ['INTAKE_TIMEOUT_MS', 'soon'],
  ['TRUST_PROXY', 'true'],
  ['TRUST_PROXY', '10.0.0.0/99'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => readEnv(envSchema, { ADMIN_TOKEN, [name]: value })).toThrow(
    new RegExp(`${name}: expected`),
  );
});

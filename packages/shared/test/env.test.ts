import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  EnvError,
  addressSecret,
  baseUrl,
  commonEnv,
  milliseconds,
  readEnv,
  secret,
} from '@leadwire/shared/runtime/env';

const schema = z.object({
  ...commonEnv({ port: 3000 }),
  RESEND_API_KEY: z.string().min(5, 'expected an API key (re_…)'),
  RESEND_BASE_URL: baseUrl('the address of Resend'),
  NOTIFY_DELAY_MS: milliseconds(600_000),
});
const good = { RESEND_API_KEY: 're_secret', RESEND_BASE_URL: 'https://api.resend.com' };

function complaint(source: NodeJS.ProcessEnv): string {
  try {
    readEnv(schema, source);
  } catch (thrown) {
    if (thrown instanceof EnvError) return thrown.message;
    throw thrown;
  }
  throw new Error('it was accepted');
}

describe('the environment', () => {
  test('defaults fill what is not given', () => {
    expect(readEnv(schema, good)).toEqual({
      ...good,
      NATS_URL: 'nats://127.0.0.1:4222',
      NATS_REPLICAS: 1,
      LOG_LEVEL: 'info',
      HOST: '127.0.0.1',
      PORT: 3000,
      NOTIFY_DELAY_MS: 600_000,
    });
  });

  test('an empty or blank value counts as not given', () => {
    const read = readEnv(schema, { ...good, PORT: '', LOG_LEVEL: '', NOTIFY_DELAY_MS: '  ' });
    expect(read).toMatchObject({ PORT: 3000, LOG_LEVEL: 'info', NOTIFY_DELAY_MS: 600_000 });
    expect(complaint({ ...good, RESEND_API_KEY: '' })).toMatch(/RESEND_API_KEY: missing/);
    expect(complaint({ ...good, RESEND_API_KEY: ' ' })).toMatch(/RESEND_API_KEY: missing/);
  });

  test('every bad variable is named with what was expected', () => {
    const message = complaint({
      PORT: '99999',
      NATS_REPLICAS: '2',
      LOG_LEVEL: 'loud',
      RESEND_BASE_URL: 'ftp://x',
      NOTIFY_DELAY_MS: 'ten',
    });
    expect(message.split('\n').slice(1).sort()).toEqual([
      '  LOG_LEVEL: expected trace, debug, info, warn, error or silent',
      '  NATS_REPLICAS: expected 1, 3 or 5',
      '  NOTIFY_DELAY_MS: expected a whole number of milliseconds',
      '  PORT: expected a port number from 0 to 65535',
      expect.stringMatching(/^ {2}RESEND_API_KEY: missing/),
      '  RESEND_BASE_URL: expected the address of Resend as a web address (https://…)',
    ]);
  });

  test.each([
    ['PORT', '3x', 'expected a port number'],
    ['PORT', '3.5', 'expected a port number'],
    ['PORT', '-1', 'expected a port number'],
    ['NOTIFY_DELAY_MS', '-1', 'expected a whole number of milliseconds, 0 or more'],
    ['NOTIFY_DELAY_MS', '1.5', 'expected a whole number of milliseconds'],
    ['NATS_REPLICAS', 'three', 'expected 1, 3 or 5'],
    ['RESEND_BASE_URL', 'api.resend.com', 'expected the address of Resend'],
  ])('%s=%s is refused, not called missing', (name, value, expected) => {
    const message = complaint({ ...good, [name]: value });
    expect(message).toContain(`${name}: ${expected}`);
    expect(message).not.toContain('missing');
  });

  test('no value is ever shown', () => {
    const value = 'hunter2-secret';
    const names = ['PORT', 'NATS_REPLICAS', 'LOG_LEVEL', 'RESEND_BASE_URL', 'NOTIFY_DELAY_MS'];
    const message = complaint(Object.fromEntries(names.map((name) => [name, value])));
    expect(message).not.toContain(value);
    for (const name of names) expect(message).toContain(name);
  });

  test.each([
    'http://api.resend.com',
    'http://8.8.8.8:4000',
    'http://127.0.0.1.leadwire-sample.kz',
    'http://[2a00:1450::1]',
  ])('%s is refused: over http others read what is sent', (url) => {
    expect(complaint({ ...good, RESEND_BASE_URL: url })).toContain(
      'RESEND_BASE_URL: expected the address of Resend with https://',
    );
  });

  test.each([
    'https://api.resend.com',
    'http://127.0.0.1:4000',
    'http://[::1]:4000',
    'http://192.168.1.20',
    'http://172.20.0.3:4002',
    'http://sandbox:4000/resend',
    'http://bot-api.internal',
    'http://localhost:3000',
  ])('%s is taken: it stays on this machine or in a network of one’s own', (url) => {
    expect(readEnv(schema, { ...good, RESEND_BASE_URL: url }).RESEND_BASE_URL).toBe(url);
  });

  test.each([
    'change-me-change-me-change-me-change-me',
    'your-secret-here-0123456789-0123456789',
    'an-example-of-a-secret-0123456789abcdef',
    'a'.repeat(64),
    'short',
  ])('%s is no secret', (text) => {
    expect(secret.safeParse(text).success).toBe(false);
    expect(addressSecret.safeParse(text.slice(0, 30)).success).toBe(false);
  });

  test('addresses lose their trailing slashes, because paths are appended', () => {
    const read = readEnv(schema, { ...good, RESEND_BASE_URL: 'http://127.0.0.1:4000/resend//' });
    expect(read.RESEND_BASE_URL).toBe('http://127.0.0.1:4000/resend');
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createResend, type Mail, type ResendClient } from '@leadwire/shared/providers/resend';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';

const mail: Mail = {
  from: 'Leadwire <hello@leadwire.kz>',
  to: 'aigerim@mail.leadwire-sample.kz',
  subject: 'Ваш результат готов',
  html: '<p>Здравствуйте!</p>',
  text: 'Здравствуйте!',
  tags: [{ name: 'template', value: 'proftest-result' }],
};

let broker: TestBroker;
let sandbox: Sandbox;
let bus: Bus;

beforeAll(async () => {
  [broker, sandbox] = await Promise.all([startNats(), startSandbox()]);
  bus = await openTestBus(broker, 'test');
});

afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), sandbox.close()]);
});

beforeEach(async () => {
  await sandbox.control.reset();
  await sandbox.control.resend.set({
    apiKeys: ['re_test'],
    verifiedDomains: ['leadwire.kz'],
    ratePerSecond: 100,
  });
});

function client(overrides: { apiKey?: string; baseUrl?: string } = {}): ResendClient {
  return createResend({
    apiKey: 're_test',
    baseUrl: sandbox.resendUrl,
    limiter: createLimiter({
      bus,
      account: 'resend-test',
      ratePerSecond: 200,
      metrics: createMetrics('test'),
    }),
    track: (_action, _context, call) => call(),
    timeoutMs: 500,
    ...overrides,
  });
}

const answerWith = (status: number, name: string, headers: Record<string, string> = {}) =>
  sandbox.control.addFault({
    provider: 'resend',
    path: '/emails',
    action: {
      do: 'fixed',
      status,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ statusCode: status, message: 'said the provider', name }),
    },
  });

describe('a mail', () => {
  test('sent twice under one key is one mail with one id', async () => {
    const first = await client().send(mail, 'delivery-1', {});
    const second = await client().send(mail, 'delivery-1', {});

    expect(second).toBe(first);
    expect(await sandbox.control.mails()).toHaveLength(1);
  });

  test('with another body under a used key is never sent by itself', async () => {
    await client().send(mail, 'delivery-1', {});

    await expect(
      client().send({ ...mail, subject: 'Другое письмо' }, 'delivery-1', {}),
    ).rejects.toMatchObject({ name: 'PermanentError', code: 'invalid_idempotent_request' });
    expect(await sandbox.control.mails()).toHaveLength(1);
  });
});

test('a lower limit than configured is learnt from the answers and kept', async () => {
  await sandbox.control.resend.set({ ratePerSecond: 5 });
  const resend = client();
  await resend.turn();
  await resend.send(mail, 'delivery-0', {});
  const turns: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    await resend.turn();
    turns.push(Date.now());
  }

  const gaps = turns.slice(1).map((at, i) => at - turns[i]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(190);
});

describe('an answer', () => {
  /** providers.md 1.6: what each name means for the sender. */
  test.each([
    [400, 'invalid_idempotency_key', 'PermanentError'],
    [400, 'validation_error', 'PermanentError'],
    [401, 'missing_api_key', 'ChannelStoppedError'],
    [401, 'restricted_api_key', 'ChannelStoppedError'],
    [403, 'invalid_api_key', 'ChannelStoppedError'],
    [403, 'suspended_api_key', 'ChannelStoppedError'],
    [403, 'invalid_permission', 'ChannelStoppedError'],
    [403, 'email_above_quota', 'ChannelStoppedError'],
    [403, 'validation_error', 'ChannelStoppedError'],
    [422, 'invalid_from_address', 'ChannelStoppedError'],
    [404, 'not_found', 'PermanentError'],
    [405, 'method_not_allowed', 'PermanentError'],
    [409, 'invalid_idempotent_request', 'PermanentError'],
    [409, 'concurrent_idempotent_requests', 'AmbiguousError'],
    [409, 'resource_locked', 'TransientError'],
    [422, 'validation_error', 'PermanentError'],
    [422, 'missing_required_field', 'PermanentError'],
    [422, 'invalid_attachment', 'PermanentError'],
    [429, 'daily_quota_exceeded', 'ChannelStoppedError'],
    [429, 'monthly_quota_exceeded', 'ChannelStoppedError'],
    [451, 'security_error', 'PermanentError'],
    [500, 'application_error', 'AmbiguousError'],
    [500, 'internal_server_error', 'AmbiguousError'],
    [503, 'service_unavailable', 'AmbiguousError'],
    [504, 'gateway_timeout', 'AmbiguousError'],
    [418, 'never_heard_of', 'PermanentError'],
  ])('%i %s is a %s', async (status, answer, name) => {
    await answerWith(status, answer);

    await expect(client().send(mail, 'delivery-1', {})).rejects.toMatchObject({ name });
  });

  test('429 tells how long to wait, and everybody who shares the account does', async () => {
    await answerWith(429, 'rate_limit_exceeded', { 'retry-after': '1' });
    const startedAt = Date.now();
    await expect(client().send(mail, 'delivery-1', {})).rejects.toMatchObject({
      name: 'TransientError',
      retryAfterMs: 1_000,
    });
    await client().turn();

    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(950);
  });

  test.each([
    ['effect-then-drop', { do: 'effect-then-drop' }, 1],
    ['effect-then-garbage', { do: 'effect-then-garbage' }, 1],
    ['effect-then-late', { do: 'effect-then-late', delayMs: 2_000 }, 1],
    ['hang', { do: 'hang' }, 0],
    ['refuse', { do: 'refuse' }, 0],
  ] as const)('that never comes (%s) is ambiguous', async (_name, action, sent) => {
    await sandbox.control.addFault({ provider: 'resend', path: '/emails', action });

    await expect(client().send(mail, 'delivery-1', {})).rejects.toMatchObject({
      name: 'AmbiguousError',
    });
    expect(await sandbox.control.mails()).toHaveLength(sent);
  });

  test('that a gateway wrote in JSON of its own is ambiguous', async () => {
    await sandbox.control.addFault({
      provider: 'resend',
      path: '/emails',
      action: {
        do: 'fixed',
        status: 502,
        headers: { 'content-type': 'application/json' },
        body: '{"error":"bad gateway"}',
      },
    });

    await expect(client().send(mail, 'delivery-1', {})).rejects.toMatchObject({
      name: 'AmbiguousError',
    });
  });
});

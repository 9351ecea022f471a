import { describe, expect, test } from 'vitest';
import { failureOf, mail, openSandbox, resend, type ResendErrorBody } from './sandbox-calls.ts';

const key = (value: string) => ({ 'idempotency-key': value });
const HOUR = 3_600_000;

describe('a repeated idempotency key', () => {
  test('with the same payload gets the stored answer, and nothing is sent', async () => {
    const sandbox = await openSandbox();
    const first = await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    const second = await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    expect(second.body).toEqual(first.body);
    expect(await sandbox.control.mails()).toHaveLength(1);
  });

  test('with another payload is 409 invalid_idempotent_request', async () => {
    const sandbox = await openSandbox();
    await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    const other = await resend<ResendErrorBody>(
      sandbox,
      'POST',
      '/emails',
      mail({ subject: 'Другое' }),
      key('lead-1'),
    );
    expect([other.status, other.body.name]).toEqual([409, 'invalid_idempotent_request']);
  });

  test('on another path is another payload', async () => {
    const sandbox = await openSandbox();
    await resend(sandbox, 'POST', '/emails/batch', [mail()], key('lead-1'));
    expect((await resend(sandbox, 'POST', '/emails', [mail()], key('lead-1'))).status).toBe(409);
  });

  test('a batch cut anew under the same key is another payload', async () => {
    const sandbox = await openSandbox();
    const [a, b] = [mail(), mail({ to: 'b@pochta.kz' })];
    await resend(sandbox, 'POST', '/emails/batch', [a, b], key('batch-1'));
    expect((await resend(sandbox, 'POST', '/emails/batch', [b, a], key('batch-1'))).status).toBe(
      409,
    );
    expect(await sandbox.control.mails()).toHaveLength(2);
  });

  test('while the first request still runs is 409 concurrent_idempotent_requests', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.addFault({
      provider: 'resend',
      count: 1,
      action: { do: 'slow', delayMs: 5_000 },
    });
    const first = resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    const isWaiting = async () => (await sandbox.control.faults())[0]?.struck === 1;
    while (!(await isWaiting()));
    const second = await resend<ResendErrorBody>(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    expect([second.status, second.body.name]).toEqual([409, 'concurrent_idempotent_requests']);
    await sandbox.control.advance(5_000);
    const third = await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    expect(third.body).toEqual((await first).body);
    expect(await sandbox.control.mails()).toHaveLength(1);
  });

  test('is forgotten after 24 hours: hour 25 sends again', async () => {
    const sandbox = await openSandbox();
    await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    await sandbox.control.advance(23 * HOUR);
    await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    expect(await sandbox.control.mails()).toHaveLength(1);
    await sandbox.control.advance(2 * HOUR);
    await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    expect(await sandbox.control.mails()).toHaveLength(2);
  });
});

test.each([
  ['empty', ''],
  ['longer than 256', 'k'.repeat(257)],
])('a key that is %s is 400 invalid_idempotency_key', async (_what, value) => {
  const sandbox = await openSandbox();
  const answer = await resend<ResendErrorBody>(sandbox, 'POST', '/emails', mail(), key(value));
  expect([answer.status, answer.body.name]).toEqual([400, 'invalid_idempotency_key']);
});

test('a refused request does not use its key up', async () => {
  const sandbox = await openSandbox();
  await resend(sandbox, 'POST', '/emails', mail({ to: 'nobody' }), key('lead-1'));
  expect((await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'))).status).toBe(200);
});

describe('a crash between effect and stored answer', () => {
  const crash = {
    provider: 'resend',
    count: 1,
    at: 'after-effect',
    action: { do: 'effect-then-drop' },
  } as const;

  test('answers 409 for a while, then the result, and never sends twice', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.addFault(crash);
    expect(await failureOf(resend(sandbox, 'POST', '/emails', mail(), key('lead-1')))).not.toBe(
      'no failure',
    );
    expect((await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'))).status).toBe(409);
    await sandbox.control.advance(5_000);
    const answer = await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    expect((await sandbox.control.mails()).map(({ id }) => id)).toEqual([answer.body.id]);
  });

  test('may send twice when the sandbox is told so', async () => {
    const sandbox = await openSandbox({ resend: { crashAllowsSecondEffect: true } });
    await sandbox.control.addFault(crash);
    await failureOf(resend(sandbox, 'POST', '/emails', mail(), key('lead-1')));
    await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'));
    expect(await sandbox.control.mails()).toHaveLength(2);
  });
});

test.each([
  [true, 500],
  [false, 200],
])(
  'a 5xx before the effect, remembered under the key: %s',
  async (storeServerErrorsUnderKey, status) => {
    const sandbox = await openSandbox({ resend: { storeServerErrorsUnderKey } });
    await sandbox.control.addFault({
      provider: 'resend',
      count: 1,
      at: 'before-effect',
      action: { do: 'refuse', status: 500 },
    });
    expect((await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'))).status).toBe(500);
    expect((await resend(sandbox, 'POST', '/emails', mail(), key('lead-1'))).status).toBe(status);
  },
);

import { describe, expect, test } from 'vitest';
import type { NewFaultRule } from '../src/world/faults.ts';
import type { Sandbox } from '../src/sandbox.ts';
import { failureOf, mail, mobizon, openSandbox, resend, sms } from './sandbox-calls.ts';

const send = (sandbox: Sandbox, key = 'lead-1') =>
  resend(sandbox, 'POST', '/emails', mail(), { 'idempotency-key': key });

async function openWith(
  action: NewFaultRule['action'],
  more: Partial<NewFaultRule> = {},
): Promise<Sandbox> {
  const sandbox = await openSandbox();
  await sandbox.control.addFault({ provider: 'resend', action, ...more });
  return sandbox;
}
const effects = async (sandbox: Sandbox) => (await sandbox.control.effects()).length;

/** Sends with a client that gives up as soon as the fault has struck. */
async function sendAndGiveUp(sandbox: Sandbox): Promise<string> {
  const patience = new AbortController();
  const failure = failureOf(
    fetch(`${sandbox.resendUrl}/emails`, {
      method: 'POST',
      headers: { authorization: 'Bearer re_sandbox_key', 'content-type': 'application/json' },
      body: JSON.stringify(mail()),
      signal: patience.signal,
    }).then((response) => response.text()),
  );
  while ((await sandbox.control.faults())[0]?.struck !== 1);
  patience.abort();
  return failure;
}

describe('before any effect', () => {
  test('refuse resets the connection', async () => {
    const sandbox = await openWith({ do: 'refuse' });
    expect(await failureOf(send(sandbox))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(await effects(sandbox)).toBe(0);
  });

  test('refuse with a status answers it in the words of the provider, rate headers included', async () => {
    const sandbox = await openWith({ do: 'refuse', status: 503 });
    const answer = await send(sandbox);
    expect([answer.status, answer.body]).toEqual([
      503,
      expect.objectContaining({ name: 'service_unavailable' }),
    ]);
    expect(answer.headers.get('ratelimit-limit')).toBe('5');
    expect(await effects(sandbox)).toBe(0);
  });

  test('fixed answers what it was told', async () => {
    const sandbox = await openWith({
      do: 'fixed',
      status: 418,
      body: '{"a":1}',
      headers: { 'x-b': 'c' },
    });
    const answer = await send(sandbox);
    expect([answer.status, answer.body, answer.headers.get('x-b')]).toEqual([418, { a: 1 }, 'c']);
    expect(await effects(sandbox)).toBe(0);
  });

  test('hang answers nothing until the client leaves, and its key is free again', async () => {
    const sandbox = await openWith({ do: 'hang' });
    expect(await sendAndGiveUp(sandbox)).toBe('AbortError');
    expect(await effects(sandbox)).toBe(0);
    await sandbox.control.clearFaults();
    expect((await send(sandbox)).status).toBe(200);
  });
});

describe('after the effect', () => {
  test('effect-then-drop: the mail is sent, the connection breaks, the same key gets the result', async () => {
    const sandbox = await openWith({ do: 'effect-then-drop' }, { count: 1 });
    expect(await failureOf(send(sandbox))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(await effects(sandbox)).toBe(1);
    const again = await send(sandbox);
    expect((await sandbox.control.mails()).map(({ id }) => id)).toEqual([again.body.id]);
  });

  test('effect-then-5xx', async () => {
    const sandbox = await openWith({ do: 'effect-then-5xx', status: 502 });
    const answer = await send(sandbox);
    expect([answer.status, answer.headers.get('ratelimit-limit')]).toEqual([502, '5']);
    expect(await effects(sandbox)).toBe(1);
  });

  test.each(['html', 'cut-json'] as const)('effect-then-garbage: 200 with %s', async (as) => {
    const sandbox = await openWith({ do: 'effect-then-garbage', as });
    expect(await failureOf(send(sandbox))).toBe('SyntaxError');
    expect(await effects(sandbox)).toBe(1);
  });

  test('effect-then-late answers when the client has left', async () => {
    const sandbox = await openWith({ do: 'effect-then-late', delayMs: 60_000 });
    expect(await sendAndGiveUp(sandbox)).toBe('AbortError');
    expect(await effects(sandbox)).toBe(1);
  });

  test('stall sends half of the body and no more', async () => {
    const sandbox = await openWith({ do: 'stall' });
    expect(await sendAndGiveUp(sandbox)).toBe('AbortError');
    expect(await effects(sandbox)).toBe(1);
  });

  test('code 999 inside 200, as Mobizon fails', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.addPreset('mobizon-accept-then-999');
    expect((await mobizon(sandbox, 'message/sendSmsMessage', sms())).code).toBe(999);
    expect(await sandbox.control.sms()).toHaveLength(1);
  });

  test('a call that was refused anyway is left alone and does not use the rule up', async () => {
    const sandbox = await openWith({ do: 'effect-then-drop' }, { count: 1 });
    expect((await resend(sandbox, 'POST', '/emails', mail({ to: 'nobody' }))).status).toBe(422);
    expect(await failureOf(send(sandbox))).not.toBe('no failure');
  });
});

test('slow answers after its delay on the virtual clock', async () => {
  const sandbox = await openWith({ do: 'slow', delayMs: 3_000 });
  const call = send(sandbox);
  while ((await sandbox.control.faults())[0]?.struck !== 1);
  expect(await effects(sandbox)).toBe(0);
  await sandbox.control.advance(3_000);
  expect((await call).status).toBe(200);
});

describe('a rule', () => {
  const refuse = { do: 'refuse', status: 500 } as const;
  const statuses = async (sandbox: Sandbox, calls: number) => {
    const seen: number[] = [];
    for (let n = 0; n < calls; n++) seen.push((await send(sandbox, `lead-${n}`)).status);
    return seen;
  };

  test('strikes only the n-th call', async () => {
    expect(await statuses(await openWith(refuse, { nth: 2 }), 4)).toEqual([200, 500, 200, 200]);
  });

  test('is spent after its count', async () => {
    expect(await statuses(await openWith(refuse, { count: 2 }), 4)).toEqual([500, 500, 200, 200]);
  });

  test('looks at provider, method, path and body', async () => {
    const sandbox = await openSandbox({ resend: { ratePerSecond: 100 } });
    const rules: Partial<NewFaultRule>[] = [
      { provider: 'mobizon' },
      { method: 'GET' },
      { path: '/emails/batch' },
      { bodyIncludes: 'nobody-has-this' },
    ];
    for (const rule of rules) await sandbox.control.addFault({ ...rule, action: refuse });
    expect((await send(sandbox)).status).toBe(200);
    await sandbox.control.addFault({ path: '/EM*', bodyIncludes: 'Ваш результат', action: refuse });
    expect((await send(sandbox, 'lead-2')).status).toBe(500);
  });

  test('strikes by chance in the same way for the same seed', async () => {
    const run = async () => {
      const sandbox = await openSandbox({ seed: 7, resend: { ratePerSecond: 100 } });
      await sandbox.control.addFault({ probability: 0.5, action: refuse });
      return statuses(sandbox, 12);
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run()).toEqual(first);
  });

  test('that makes no sense is refused with the reason', async () => {
    const sandbox = await openSandbox();
    const rule = { action: { do: 'explode' } } as unknown as NewFaultRule;
    await expect(sandbox.control.addFault(rule)).rejects.toThrow(/action/);
  });

  test('is marked in the request log, which keeps no key', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.addFault({ id: 'mine', provider: 'mobizon', action: refuse });
    await failureOf(mobizon(sandbox, 'message/sendSmsMessage', sms()));
    expect(await sandbox.control.requests('mobizon')).toEqual([
      expect.objectContaining({ faultId: 'mine', status: 500, method: 'POST' }),
    ]);
    expect(JSON.stringify(await sandbox.control.requests())).not.toContain('sandbox&');
  });
});

import { describe, expect, test } from 'vitest';
import { mail, openSandbox, resend, type ResendErrorBody } from './sandbox-calls.ts';

const RATE_HEADERS = [
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'ratelimit-policy',
];
const rateHeaders = (headers: Headers) => RATE_HEADERS.map((name) => headers.get(name));

describe('the rate limit', () => {
  test('is told on every answer, whatever its status', async () => {
    const sandbox = await openSandbox();
    const answers = [
      await resend(sandbox, 'POST', '/emails', mail()),
      await resend(sandbox, 'POST', '/emails', '{'),
      await resend(sandbox, 'GET', '/nowhere'),
      await resend(sandbox, 'PUT', '/emails', mail()),
      await resend(sandbox, 'GET', '/emails', undefined, { authorization: '' }),
      await resend(sandbox, 'GET', '/emails'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 404, 405, 401, 429]);
    const told = answers.map(({ headers }) => rateHeaders(headers));
    expect(told.map(([limit]) => limit)).toEqual(Array.from({ length: 6 }, () => '5'));
    expect(told.map(([, remaining]) => remaining)).toEqual(['4', '3', '2', '1', '0', '0']);
    expect(told.every(([, , reset, policy]) => reset === '1' && policy === '5;w=1')).toBe(true);
  });

  test('is told even where the transport refuses', async () => {
    const sandbox = await openSandbox();
    await resend(sandbox, 'GET', '/emails');
    const refused = await resend(sandbox, 'POST', '/emails', '{}', { 'content-type': 'nonsense' });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.headers.get('ratelimit-limit')).toBe('5');
  });

  test('exceeded is 429 with retry-after, has no effect, and ends with the second', async () => {
    const sandbox = await openSandbox({ resend: { ratePerSecond: 2 } });
    await resend(sandbox, 'POST', '/emails', mail());
    await resend(sandbox, 'POST', '/emails', mail());
    const third = await resend<ResendErrorBody>(sandbox, 'POST', '/emails', mail());
    expect([third.status, third.body.name, third.headers.get('retry-after')]).toEqual([
      429,
      'rate_limit_exceeded',
      '1',
    ]);
    expect(await sandbox.control.mails()).toHaveLength(2);
    await sandbox.control.advance(1_000);
    expect((await resend(sandbox, 'POST', '/emails', mail())).status).toBe(200);
  });

  test('as a sliding window it allows no second with more, wherever it begins', async () => {
    const sandbox = await openSandbox({ resend: { ratePerSecond: 2, rateWindow: 'sliding' } });
    const send = async () => (await resend(sandbox, 'POST', '/emails', mail())).status;
    expect(await send()).toBe(200);
    await sandbox.control.advance(900);
    expect(await send()).toBe(200);
    await sandbox.control.advance(150);
    expect(await send()).toBe(200);
    expect(await send()).toBe(429);
  });
});

describe('the quotas', () => {
  test('count recipients and are told as what was used', async () => {
    const sandbox = await openSandbox({ resend: { dailyQuota: 100, monthlyQuota: 3000 } });
    const answer = await resend(
      sandbox,
      'POST',
      '/emails',
      mail({ cc: 'b@pochta.kz', bcc: ['c@pochta.kz'] }),
    );
    expect(answer.headers.get('x-resend-daily-quota')).toBe('3');
    expect(answer.headers.get('x-resend-monthly-quota')).toBe('3');
  });

  test('the daily header is missing on a plan without a daily cap', async () => {
    const sandbox = await openSandbox();
    expect((await resend(sandbox, 'GET', '/emails')).headers.has('x-resend-daily-quota')).toBe(
      false,
    );
  });

  test.each([
    [{ dailyQuota: 2 }, 'daily_quota_exceeded'],
    [{ monthlyQuota: 2 }, 'monthly_quota_exceeded'],
  ])('crossed, %p refuses before any effect', async (quotas, name) => {
    const sandbox = await openSandbox({ resend: quotas });
    const batch = [mail(), mail(), mail()];
    const answer = await resend<ResendErrorBody>(sandbox, 'POST', '/emails/batch', batch);
    expect([answer.status, answer.body.name]).toEqual([429, name]);
    expect(await sandbox.control.effects()).toEqual([]);
    expect((await resend(sandbox, 'POST', '/emails', mail())).status).toBe(200);
  });

  test('the daily one begins anew the next day', async () => {
    const sandbox = await openSandbox({ resend: { dailyQuota: 1 } });
    await resend(sandbox, 'POST', '/emails', mail());
    expect((await resend(sandbox, 'POST', '/emails', mail())).status).toBe(429);
    await sandbox.control.advance(24 * 3_600_000);
    expect((await resend(sandbox, 'POST', '/emails', mail())).status).toBe(200);
  });
});

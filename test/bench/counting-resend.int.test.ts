import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCountingResend, type CountingResend } from '../../bench/counting-resend.ts';

let resend: CountingResend;
beforeAll(async () => {
  resend = await startCountingResend();
});
afterAll(() => resend.close());

async function post(path: string, key: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer: unknown = await (await fetch(resend.url + path, init)).json();
  return answer;
}

const mailTo = (name: string) => ({ to: `${name}@mail.leadwire-sample.kz`, subject: 'Результат' });

test('one mail and a batch are counted by address, and a repeat under its key sends nothing', async () => {
  resend.restart(1_000);
  const before = Date.now();
  const first = await post('/emails', 'a', mailTo('aigerim'));
  expect(first).toEqual({ id: expect.any(String) });
  expect(await post('/emails', 'a', mailTo('aigerim'))).toEqual(first);
  expect(await post('/emails/batch', 'b', [mailTo('dana'), mailTo('aigerim')])).toEqual({
    data: [{ id: expect.any(String) }, { id: expect.any(String) }],
  });
  expect(await resend.seen()).toMatchObject({ calls: 3, addresses: 2, doubled: 1, refused: 0 });
  const at = (await resend.arrivals()).get('aigerim@mail.leadwire-sample.kz') ?? 0;
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(Date.now());
});

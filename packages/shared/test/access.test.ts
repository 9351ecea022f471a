/** How old the list of tokens may be that a service decides by; packages/cli/test/tokens.int.test.ts has the rest. */
import type { KvEntry } from 'nats';
import { expect, test } from 'vitest';
import { hashToken, type AccessToken } from '../src/contract/access-tokens.ts';
import { createLog } from '../src/runtime/log.ts';
import { createAccess } from '../src/service/access.ts';

const TOKEN = 'lw_abcdefgh_0123456789';
const HEADER = `Bearer ${TOKEN}`;
const valid: AccessToken = {
  id: 'abcdefgh',
  name: 'site',
  scopes: ['status'],
  hash: hashToken(TOKEN),
  createdAt: '2026-11-30T00:00:00.000Z',
  createdBy: 'cli:test',
};

/** A service beside a list that is changed at once, and a clock that stands still until it is moved. */
function startAccess() {
  let [list, reads, at] = [[valid], 0, 0];
  let answered = Promise.resolve();
  const get = async () => {
    reads += 1;
    const seen = list;
    await answered;
    return { operation: 'PUT', revision: 1, json: () => seen } as KvEntry;
  };
  const bus = { bucket: () => Promise.resolve({ get } as never) };
  const access = createAccess({}, { bus, log: createLog('test', 'silent'), now: () => at });
  return {
    revoke: () => void (list = [{ ...valid, revokedAt: '2026-11-30T01:00:00.000Z' }]),
    pass: (ms: number) => void (at += ms),
    /** Answers of the list wait for this from now on. */
    waitFor: (until: Promise<void>) => void (answered = until),
    reads: () => reads,
    status: () =>
      access.demand(HEADER, 'status').then(
        () => 200,
        (thrown: { statusCode?: number }) => thrown.statusCode,
      ),
  };
}

test('what is asked half a second after a token was revoked is refused: the list is never older', async () => {
  const { revoke, pass, status } = startAccess();
  expect(await status()).toBe(200);
  revoke();
  pass(501);
  expect(await status()).toBe(401);
});

test('asking without end makes it no younger and no older: one reading in half a second', async () => {
  const { revoke, pass, status, reads } = startAccess();
  const many = () => Promise.all(Array.from({ length: 1_000 }, status));
  expect(new Set(await many())).toEqual(new Set([200]));
  revoke();
  // Each of the askers on the way would put the reading off, if asking did.
  for (let each = 0; each < 5; each += 1) {
    pass(100);
    await many();
  }
  expect(reads()).toBe(1);
  pass(1);
  expect(new Set(await many())).toEqual(new Set([401]));
  expect(reads()).toBe(2);
});

test('a reading counts from when it began: what it missed on the way is found with the next', async () => {
  const { revoke, pass, status, waitFor, reads } = startAccess();
  let answer = () => {};
  waitFor(new Promise((resolve) => (answer = resolve)));
  const first = status();
  while (reads() === 0) await Promise.resolve();
  revoke();
  pass(300);
  answer();
  expect(await first).toBe(200);
  pass(201);
  expect(await status()).toBe(401);
});

import { expect, test } from 'vitest';
import { createLog } from '@leadwire/shared/runtime/log';
import { waitFor } from '@leadwire/testing/wait-for';
import { createStrangers } from '../src/webhooks/hook-guards.ts';

function watched(resolve: () => Promise<void> = () => Promise.resolve()) {
  const told: string[] = [];
  const note = (word: string) => (told.push(word), Promise.resolve());
  const strangers = createStrangers({
    alerts: {
      raise: ({ what }) => note(`raised ${what}`),
      resolve: (what) => note(`resolved ${what}`).then(resolve),
    },
    log: createLog('landing-api', 'silent'),
    quietMs: 20,
  });
  return { told, strangers };
}

test('wrong secrets are told of, and that they have ended, when nobody came with one for a while', async () => {
  const { told, strangers } = watched();
  const isTooMany = Array.from({ length: 31 }, () => strangers.count());
  expect([isTooMany.indexOf(true), told]).toEqual([30, ['raised webhooks_refused']]);
  await waitFor(() => told.includes('resolved webhooks_refused'));
  strangers.stop();
});

test('what a process before this one told of ends, too, also when the broker is away at first', async () => {
  let failures = 2;
  const { told, strangers } = watched(() =>
    failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve(),
  );
  await waitFor(() => told.length === 3);
  strangers.stop();
  expect(new Set(told)).toEqual(new Set(['resolved webhooks_refused']));
});

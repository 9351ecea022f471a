import { expect, test } from 'vitest';
import { checkEdge } from '../src/doctor/doctor-edge.ts';
import type { CliEnv } from '@leadwire/cli/env';
import { freePort } from '@leadwire/testing/nats';

const look = (url?: string) => checkEdge({ PUBLIC_BASE_URL: url } as CliEnv);

test('an address without https is this machine’s own, and not looked at from outside', async () => {
  expect(await look()).toMatchObject([{ state: 'off' }]);
  expect(await look('http://localhost:3000')).toMatchObject([{ state: 'off' }]);
});

test('a public address at which nobody answers is broken, with what has to be so', async () => {
  expect(await look(`https://127.0.0.1:${await freePort()}`)).toMatchObject([
    {
      state: 'broken',
      detail: expect.stringContaining('ECONNREFUSED'),
      remedy: expect.stringContaining('443'),
    },
  ]);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processEnv } from '@leadwire/testing/process-env';
import { preloadUrl, type Preload } from '@leadwire/testing/preload';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadwire-preload-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a module with one of the preloads; resolves with how it ended and what it printed. */
async function run(preload: Preload, env: Record<string, string>, source: string) {
  const child = spawn(
    process.execPath,
    [`--import=${preloadUrl(preload)}`, '--input-type=module', '--eval', source],
    {
      env: { ...processEnv, ...env },
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [printed, ending] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const [code, signal] = ending as [number | null, string | null];
  return { printed, end: signal ?? code };
}

describe('crash-at', () => {
  const writeLines = `
    import { createServer, connect } from 'node:net';
    const server = createServer((socket) => socket.on('data', (line) => process.stdout.write(line)));
    server.listen(0, () => {
      const client = connect(server.address().port);
      let count = 0;
      const next = () => (count += 1) > 5 ? process.exit(0) : client.write(count + ' ', next);
      next();
    });`;

  test('without a number changes nothing', async () => {
    expect((await run('crash-at.ts', {}, writeLines)).end).toBe(0);
  });

  test.each(['before', 'after'])('ends the process %s the write it is told', async (side) => {
    const env = { CHAOS_CRASH_AT_WRITE: '3', CHAOS_CRASH_SIDE: side };

    expect((await run('crash-at.ts', env, writeLines)).end).toBe('SIGKILL');
  });

  test.each([
    ['before', []],
    ['after', ['a']],
  ])('ends the process %s a step on a file', async (side, left) => {
    const writeFiles = `
      import { open } from 'node:fs/promises';
      for (const name of ['a', 'b']) await (await open(name, 'w')).close();`;
    const env = { CHAOS_CRASH_AT_FILE_STEP: '1', CHAOS_CRASH_SIDE: side };

    expect((await run('crash-at.ts', env, writeFiles)).end).toBe('SIGKILL');
    expect(await readdir(folder)).toEqual(left);
  });
});

test('clock-ahead shifts what is read from the clock and nothing else', async () => {
  const ahead = 90_000_000;
  const read =
    'console.log(JSON.stringify([Date.now(), +new Date(), +new Date(5), new Date() instanceof Date]))';
  const { printed } = await run('clock-ahead.ts', { CHAOS_CLOCK_AHEAD_MS: String(ahead) }, read);
  const [now, current, given, isDate] = JSON.parse(printed) as [number, number, number, boolean];

  expect(Math.abs(now - ahead - Date.now())).toBeLessThan(60_000);
  expect(Math.abs(current - now)).toBeLessThan(1_000);
  expect({ given, isDate }).toEqual({ given: 5, isDate: true });
});

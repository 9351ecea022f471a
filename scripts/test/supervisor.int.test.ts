import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '@leadwire/testing/wait-for';
import { pickPort } from '../stack/ports.ts';
import { bornAt } from '../stack/run-file.ts';
import { supervise, type Program, type Supervised } from '../stack/supervisor.ts';

let dir = '';
const lines: string[] = [];
const pids: number[] = [];
const started: Supervised[] = [];

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'leadwire-supervisor-'));
  lines.length = 0;
  pids.length = 0;
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop(0)));
  await rm(dir, { recursive: true, force: true });
});

const SERVER = `
  require('node:http').createServer((_, reply) => reply.end('ok')).listen(process.env.PORT);
`;

/** Starts a small Node program under the supervisor. */
async function start(source: string): Promise<Supervised> {
  const port = await pickPort(20_000 + (process.pid % 20_000), new Set());
  const file = path.join(dir, 'program.cjs');
  await writeFile(file, source);
  const program: Program = {
    name: 'dummy',
    command: process.execPath,
    args: [file],
    env: { ...process.env, PORT: String(port) },
    healthUrl: `http://127.0.0.1:${port}/healthz`,
    logFile: path.join(dir, 'dummy.log'),
  };
  const supervised = supervise(program, {
    say: (line) => lines.push(line),
    onSpawn: (pid) => pids.push(pid),
  });
  started.push(supervised);
  return supervised;
}

describe('supervise', () => {
  test('a program that is killed is started again', async () => {
    const supervised = await start(SERVER);
    await supervised.ready;
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await waitFor(() => pids.length === 2, { what: 'a second process' });
    expect(lines).toEqual(['dummy ended (SIGKILL); started again in 0.5 s']);
  });

  test('a program that cannot start is given up with its last words', async () => {
    const supervised = await start(
      `console.error('PORT: expected a port number'); process.exit(1)`,
    );
    await expect(supervised.ready).rejects.toThrow(
      /dummy does not start \(ended: code 1\).*PORT: expected a port number/s,
    );
    expect(pids).toHaveLength(3);
  });

  test('stopping lets the program finish, and does not start it again', async () => {
    const supervised = await start(
      `${SERVER} process.on('SIGTERM', () => { console.log('finished'); process.exit(0); });`,
    );
    await supervised.ready;
    await supervised.stop(5_000);
    expect(await readFile(path.join(dir, 'dummy.log'), 'utf8')).toBe('finished\n');
    expect(pids).toHaveLength(1);
  });

  test('a program that does not stop is killed after the grace, and its children with it', async () => {
    const supervised = await start(`
      process.on('SIGTERM', () => {});
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      console.log(child.pid);
      ${SERVER}
    `);
    await supervised.ready;
    const grandchild = Number(await readFile(path.join(dir, 'dummy.log'), 'utf8'));
    await supervised.stop(100);
    await waitFor(() => bornAt(grandchild) === undefined, { what: 'the grandchild to end' });
    expect(bornAt(pids[0] ?? 0)).toBeUndefined();
  });

  test('warnings reach the terminal, everything reaches the log file', async () => {
    const supervised = await start(`${SERVER}
      const warn = () => console.log(JSON.stringify({ level: 'warn', msg: 'the broker is gone' }));
      // Also before it is ready, when nobody is told: that must not hide the later ones.
      warn();
      setInterval(warn, 50);
      console.log(JSON.stringify({ level: 'info', msg: 'listening' }));
    `);
    await supervised.ready;
    await waitFor(() => lines.length > 0, { what: 'the warning' });
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d dummy: warn: the broker is gone$/);
    expect(await readFile(path.join(dir, 'dummy.log'), 'utf8')).toMatch('listening');
  });
});

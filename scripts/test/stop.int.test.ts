/** `npm stop`: what it ends, what it leaves alone, and what it says. Of a whole stack: test/e2e/start.e2e.test.ts. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  isRunning,
  know,
  signalGroup,
  writeRunFile,
  type KnownProcess,
} from '../stack/run-file.ts';

const root = path.resolve(import.meta.dirname, '../..');
const NOTHING = 'Leadwire is not running here.\n';

let dir = '';
let started: KnownProcess[] = [];
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'leadwire-stop-'));
});
afterEach(async () => {
  for (const { pid } of started) signalGroup(pid, 'SIGKILL');
  started = [];
  await rm(dir, { recursive: true, force: true });
});

/** A process that has a group of its own, as the parts of a stack have, and runs until it is ended. */
async function startProcess(name: string, script = 'setInterval(() => {}, 1e6)') {
  const code = `${script}; console.log('started')`;
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  const child = spawn(process.execPath, ['-e', code], { detached: true, stdio });
  await once(child.stdout, 'data');
  const known = know(name, child.pid!);
  if (!known) throw new Error(`${name} has ended`);
  started.push(known);
  return known;
}

async function npmStop(dataDir = dir): Promise<string> {
  const env = { ...process.env, LEADWIRE_DATA_DIR: dataDir };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'scripts/commands/stop.ts'],
    { cwd: root, env },
  );
  return stdout;
}

const runFile = () => path.join(dir, 'run.json');
const noStack = { pid: 2 ** 30, born: 'in another time' };

test('where nothing runs it says so: no file, half a file, and a number that is somebody else’s by now', async () => {
  expect(await npmStop()).toBe(NOTHING);
  await writeFile(runFile(), '{"supervisor":');
  expect(await npmStop()).toBe(NOTHING);

  const other = await startProcess('other');
  const stale = { name: 'npm start', pid: other.pid, born: 'before the machine was started' };
  writeRunFile(runFile(), {
    supervisor: stale,
    addresses: [],
    children: [{ ...stale, name: 'nats' }],
  });
  expect(await npmStop()).toBe(NOTHING);
  expect(isRunning(other)).toBe(true);
});

test('a stack that runs is asked to end, and is waited for; the second time there is none', async () => {
  const goodbye = path.join(dir, 'goodbye');
  // As start.ts does: it takes its time, and the last thing it does is to be gone.
  const supervisor = await startProcess(
    'npm start',
    `setInterval(() => {}, 1e6);
     process.on('SIGTERM', () => setTimeout(() => {
       require('node:fs').writeFileSync(${JSON.stringify(goodbye)}, 'in order');
       process.exit(0);
     }, 300))`,
  );
  writeRunFile(runFile(), { supervisor, addresses: [], children: [] });
  expect(await npmStop()).toContain('✓ Stopping');
  expect(isRunning(supervisor)).toBe(false);
  expect(await readFile(goodbye, 'utf8')).toBe('in order');
  expect(await npmStop()).toBe(NOTHING);
});

test('what a killed start left is ended, its data and the stack of another folder are not', async () => {
  const [left, alsoLeft, elsewhere] = [
    await startProcess('nats'),
    await startProcess('notifier'),
    await startProcess('nats'),
  ];
  const supervisor = { name: 'npm start', ...noStack };
  writeRunFile(runFile(), { supervisor, addresses: [], children: [left, alsoLeft] });
  await writeFile(path.join(dir, 'secrets.json'), '{}');
  const other = await mkdtemp(path.join(dir, 'other-'));
  writeRunFile(path.join(other, 'run.json'), {
    supervisor: elsewhere,
    addresses: [],
    children: [],
  });

  expect(await npmStop()).toContain('A killed start left processes behind');
  expect([left, alsoLeft, elsewhere].map(isRunning)).toEqual([false, false, true]);
  expect(await readFile(path.join(dir, 'secrets.json'), 'utf8')).toBe('{}');
  expect(await npmStop()).toBe(NOTHING);
});

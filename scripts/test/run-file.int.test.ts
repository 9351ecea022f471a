import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  bornAt,
  claimRunFile,
  isRunning,
  know,
  stopLeftovers,
  writeRunFile,
  type KnownProcess,
} from '../stack/run-file.ts';

let dir = '';
let file = '';
const children: ChildProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'leadwire-run-'));
  file = path.join(dir, 'run.json');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

/** A process that runs until it is told to stop, or, when stubborn, until it is killed. */
async function startDummy(name: string, isStubborn = false): Promise<KnownProcess> {
  const ignore = isStubborn ? 'process.on("SIGTERM", () => {});' : '';
  const script = `${ignore} setInterval(() => {}, 1000); console.log("up")`;
  const child = spawn(process.execPath, ['-e', script], { detached: true });
  children.push(child);
  await once(child.stdout, 'data');
  const known = know(name, child.pid ?? 0);
  if (!known) throw new Error('the dummy did not start');
  return known;
}

const gone: KnownProcess = { name: 'npm start', pid: 999_999_999, born: 'long ago' };

describe('the run file', () => {
  test('a running supervisor keeps its claim', async () => {
    const first = await startDummy('npm start');
    writeRunFile(file, { supervisor: first, addresses: ['http://here'], children: [] });
    const claim = claimRunFile(file, gone);
    expect(claim).toEqual({
      other: { supervisor: first, addresses: ['http://here'], children: [] },
    });
  });

  test('what a killed supervisor left is found', async () => {
    const orphan = await startDummy('nats');
    const ended = { name: 'notifier', pid: orphan.pid, born: 'another process, before it' };
    writeRunFile(file, { supervisor: gone, addresses: [], children: [orphan, ended] });
    expect(claimRunFile(file, gone)).toEqual({ leftovers: [orphan] });
  });

  test('a process that only has the number of ours is not taken for ours', async () => {
    const stranger = await startDummy('stranger');
    expect(isRunning({ ...stranger, born: 'earlier' })).toBe(false);
    expect(isRunning(stranger)).toBe(true);
  });

  test('half a file, as a crash can leave it, does not stop the next start', async () => {
    await writeFile(file, '{"supervisor": {"na');
    expect(claimRunFile(file, gone)).toEqual({ leftovers: [] });
  });

  test('leftovers are stopped, the stubborn one too', async () => {
    const polite = await startDummy('nats');
    const stubborn = await startDummy('notifier', true);
    await stopLeftovers([polite, stubborn], 200);
    expect([isRunning(polite), isRunning(stubborn)]).toEqual([false, false]);
  });

  test('no process, no birth', () => {
    expect(bornAt(gone.pid)).toBeUndefined();
    expect(know('me', process.pid)?.born).toBe(bornAt(process.pid));
  });
});

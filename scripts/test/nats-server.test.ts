import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findNatsServer, isNewEnough, parseVersion, type Route } from '../machine/nats-server.ts';

let dir = '';
const log: string[] = [];

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'leadwire-nats-'));
  log.length = 0;
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A program that says it is that version, for example on PATH. */
async function writeFake(name: string, version: string): Promise<string> {
  const file = path.join(dir, name);
  await writeFile(file, `#!/bin/sh\necho "nats-server: v${version}"\n`, { mode: 0o755 });
  return file;
}

const delivers = (version: string): Route => ({
  name: `a working route to ${version}`,
  fetch: (target) => writeFile(target, `#!/bin/sh\necho "nats-server: v${version}"\n`),
});
const dead: Route = { name: 'a dead route', fetch: () => Promise.reject(new Error('no answer')) };

const find = (env: NodeJS.ProcessEnv, routes: readonly Route[] = []) =>
  findNatsServer({
    log: (line) => log.push(line),
    toolsDir: path.join(dir, 'tools'),
    env,
    routes,
    show: (_title, work) => work(() => undefined),
  });

describe('the version of a nats-server', () => {
  test.each([
    ['nats-server: v2.15.1', [2, 15, 1], true],
    ['nats-server: v2.9.10', [2, 9, 10], false],
    ['nats-server: v2.15.0-RC.2', [2, 15, 0], true],
    ['nats-server: v3.0.0', [3, 0, 0], true],
  ])('%s', (text, version, enough) => {
    expect(parseVersion(text)).toEqual(version);
    expect(isNewEnough(version)).toBe(enough);
  });

  test('other output has none', () => {
    expect(parseVersion('command not found')).toBeUndefined();
  });
});

describe('findNatsServer', () => {
  test('one that is too old on PATH is named and passed over for a fetched one', async () => {
    const old = await writeFake('nats-server', '2.9.10');
    const found = await find({ PATH: dir }, [delivers('2.15.2')]);
    expect(found).toBe(path.join(dir, 'tools/nats-server-2.15.2/nats-server'));
    expect(log).toEqual([`${old} is 2.9.10, older than 2.15: not used.`]);
  });

  test('NATS_SERVER_BIN comes before PATH', async () => {
    await writeFake('nats-server', '2.15.0');
    const named = await writeFake('mine', '2.16.0');
    expect(await find({ PATH: dir, NATS_SERVER_BIN: named })).toBe(named);
  });

  test('a dead route, a wrong file and an old version lead to the next route', async () => {
    const wrong: Route = { name: 'a wrong file', fetch: (target) => writeFile(target, 'not it') };
    const found = await find({ PATH: '' }, [dead, wrong, delivers('2.14.9'), delivers('2.15.1')]);
    expect(found).toBe(path.join(dir, 'tools/nats-server-2.15.1/nats-server'));
    expect(log).toHaveLength(3);
  });

  test('what was fetched once is found again without any route', async () => {
    const first = await find({ PATH: '' }, [delivers('2.15.1')]);
    expect(await find({ PATH: '' })).toBe(first);
  });

  test('two searches at the same time both end with a working one', async () => {
    const both = await Promise.all([
      find({ PATH: '' }, [delivers('2.15.1')]),
      find({ PATH: '' }, [delivers('2.15.1')]),
    ]);
    expect(new Set(both).size).toBe(1);
  });

  test('when all routes fail, the message says what to install', async () => {
    await expect(find({ PATH: '' }, [dead])).rejects.toThrow(/Install it .* or set NATS_URL/s);
  });
});

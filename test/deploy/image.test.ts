/** What is in the image (Dockerfile): the packages that its programs import, and the look at a container's health. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '@leadwire/testing/nats';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** What a file imports for more than its types. */
function importsOf(file: string): string[] {
  const statements = read(file).matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from\s'([^']+)';/gms);
  return [...statements].map(([, to = '']) => to);
}

/** The file and every file that it reaches by relative imports. */
function reachedFrom(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const to of importsOf(file)) {
    if (to.startsWith('.')) reachedFrom(path.posix.join(path.posix.dirname(file), to), seen);
  }
  return seen;
}

/** The package.json that decides what a file may import. */
function manifestOf(file: string): string {
  const [, folder] = /^((?:packages|services)\/[^/]+|deploy\/compose)\//.exec(file) ?? [];
  return folder === undefined ? 'package.json' : `${folder}/package.json`;
}

test('the image, which has no packages for tests, has all that its programs import', () => {
  const programs = globSync('{packages,services}/*/src/main.ts', { cwd: root });
  const files = new Set(
    [...programs, 'deploy/compose/settings.ts'].flatMap((file) => [...reachedFrom(file)]),
  );
  const missing = [...files].flatMap((file) => {
    const manifest = JSON.parse(read(manifestOf(file))) as { dependencies?: object };
    const there = Object.keys(manifest.dependencies ?? {});
    const names = importsOf(file).flatMap(
      (to) => /^(?!node:|\.)(@[^/]+\/[^/]+|[^/]+)/.exec(to)?.[1] ?? [],
    );
    return names.filter((name) => !there.includes(name)).map((name) => `${file}: ${name}`);
  });
  expect([...files]).toContain('scripts/stack/secrets.ts');
  expect(missing).toEqual([]);
});

describe('the health of a container', () => {
  let part: Server | undefined;
  afterEach(async () => {
    part?.close();
    if (part?.listening) await once(part, 'close');
  });

  async function answers(status: number): Promise<number> {
    const port = await freePort();
    part = createServer((request, response) => {
      response.statusCode = request.url === '/startedz' ? status : 404;
      response.end('{"status":"of the part"}');
    }).listen(port, '127.0.0.1');
    await once(part, 'listening');
    return port;
  }

  async function look(port: number): Promise<{ code: number; said: string }> {
    const { PATH } = process.env;
    const child = spawn('deploy/compose/healthcheck.sh', {
      cwd: root,
      env: { PATH, PORT: `${port}` },
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  }

  test('is that its part says so itself; what it says is told', async () => {
    expect(await look(await answers(200))).toEqual({
      code: 0,
      said: '{"status":"of the part"}\n',
    });
  });

  test('is none when its part says that it has not started, or does not answer', async () => {
    expect(await look(await answers(503))).toEqual({
      code: 1,
      said: '{"status":"of the part"}\n',
    });
    expect((await look(await freePort())).code).toBe(1);
  });
});

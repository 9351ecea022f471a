/** docs/PLATFORM.md says what is so: each of its programs is run as it stands there. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { messageTypes } from '@leadwire/shared/contract/messages';
import { startApi, type TestApi } from './start-api.ts';

const PLATFORM_TOKEN = 'a-platform-token-for-tests';
const run = promisify(execFile);

const doc = readFileSync(new URL('../../../docs/PLATFORM.md', import.meta.url), 'utf8');
const examples = [...doc.matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, program = '', output = '']) => ({ program, output }),
);

let broker: TestBroker;
let api: TestApi;
beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker, { env: { PLATFORM_TOKEN } });
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

describe('docs/PLATFORM.md', () => {
  test('has examples, each with its output, and names every type of message', () => {
    expect(examples.length).toBeGreaterThan(3);
    expect(doc.match(/```js/g)).toHaveLength(examples.length);
    for (const type of messageTypes) expect(doc).toContain(`| \`${type}\``);
  });

  test.each(examples.map(({ program, output }, n) => [n + 1, program, output] as const))(
    'example %i prints what stands below it',
    async (_n, program, output) => {
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
        env: { PATH: process.env['PATH'], LEADWIRE_URL: api.url, PLATFORM_TOKEN },
      });
      expect(stdout).toBe(output);
    },
  );
});

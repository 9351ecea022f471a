import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planBrowserTests } from './chromium.ts';

let empty: string;
let full: string;
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'leadwire-no-browser-'));
  full = await mkdtemp(join(tmpdir(), 'leadwire-browser-'));
  await writeFile(join(full, 'chromium'), '#!/bin/sh\n');
  await chmod(join(full, 'chromium'), 0o755);
});
afterAll(async () => {
  for (const folder of [empty, full]) await rm(folder, { recursive: true });
});

describe('browser tests', () => {
  test('run in the Chromium that is on PATH', () => {
    const plan = planBrowserTests('the forms', { PATH: `${empty}:${full}` });
    expect(plan).toEqual({ do: 'run', path: join(full, 'chromium') });
  });

  test('are left out without one, and it is said which and what to do', () => {
    const plan = planBrowserTests('the forms', { PATH: empty });
    expect(plan).toMatchObject({ do: 'leave out' });
    expect(plan).toHaveProperty('message', expect.stringMatching(/Left out: the forms.*Install/));
  });

  test('fail without one where a browser is required', () => {
    const plan = planBrowserTests('the forms', { PATH: empty, LEADWIRE_REQUIRE_BROWSER: '1' });
    expect(plan).toMatchObject({ do: 'fail' });
    expect(plan).toHaveProperty('message', expect.stringContaining('the forms'));
  });
});

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDotEnv, stackEnv } from '../stack/dev-stack.ts';
import { PARTS } from '../stack/parts.ts';
import { readSecrets } from '../stack/secrets.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'leadwire-stack-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const leftOut = (env: NodeJS.ProcessEnv) =>
  PARTS.filter((part) => part.isReplaced?.(env)).map(({ name }) => name);

describe('the dev stack', () => {
  test('a broker that is given takes the place of our own', () => {
    expect(leftOut({ NATS_URL: 'nats://broker:4222' })).toEqual(['nats']);
  });

  test('the bundled Supabase is left out only when both projects are given', () => {
    expect(leftOut({ LANDING_SUPABASE_URL: 'https://a.supabase.co' })).toEqual([]);
    const both = { LANDING_SUPABASE_URL: 'https://a', TRIPWIRE_SUPABASE_URL: 'https://b' };
    expect(leftOut(both)).toEqual(['supabase-local']);
  });

  test('what is given wins over what the stack makes up', () => {
    const env = stackEnv(() => 1, dir, { ADMIN_TOKEN: 'made' }, { NOTIFY_DELAY_MS: '1000' });
    expect(env).toMatchObject({ NOTIFY_DELAY_MS: '1000', ADMIN_TOKEN: 'made' });
  });

  test('an AmoCRM account that is given does not meet the token and stages of the sandbox’s', () => {
    const own = stackEnv(() => 1, dir, {}, {});
    expect(own).toMatchObject({ AMOCRM_BASE_URL: 'http://127.0.0.1:1/amocrm' });
    expect(own['AMOCRM_LONG_LIVED_TOKEN']).toBeDefined();
    const given = stackEnv(() => 1, dir, {}, { AMOCRM_BASE_URL: 'https://kurs.amocrm.ru' });
    expect(given['AMOCRM_BASE_URL']).toBe('https://kurs.amocrm.ru');
    expect(given['AMOCRM_LONG_LIVED_TOKEN']).toBeUndefined();
    expect(given['AMOCRM_STAGE_KASPI']).toBeUndefined();
  });

  test('an .env file counts, except for PORT and what is left empty', async () => {
    const file = path.join(dir, '.env');
    await writeFile(file, 'PORT=9999\nRESEND_API_KEY=\n# LOG_LEVEL=info\nMOBIZON_FROM="Kurs"\n');
    expect(readDotEnv(file)).toEqual({ MOBIZON_FROM: 'Kurs' });
    expect(readDotEnv(path.join(dir, 'none'))).toEqual({});
  });
});

describe("the stack's secrets", () => {
  test('are made once and readable by their owner only', async () => {
    const file = path.join(dir, 'secrets.json');
    const first = await readSecrets(file);
    expect(await readSecrets(file)).toEqual(first);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(first['MOBIZON_API_KEY']).toMatch(/^[a-z0-9]{40}$/);
    expect(first['TRIPWIRE_SERVICE_ROLE_KEY']).toMatch(/^sb_secret_[\w-]{16,}$/);
  });

  test('one that is missing is added, the others are kept', async () => {
    const file = path.join(dir, 'secrets.json');
    await writeFile(file, '{"ADMIN_TOKEN":"mine"}');
    expect(await readSecrets(file)).toMatchObject({
      ADMIN_TOKEN: 'mine',
      RESEND_WEBHOOK_SECRET: expect.stringMatching(/^whsec_/),
    });
  });

  test('a broken file is named, not replaced', async () => {
    const file = path.join(dir, 'secrets.json');
    await writeFile(file, '{');
    await expect(readSecrets(file)).rejects.toThrow(`${file} is not JSON`);
  });
});

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '@supabase/supabase-js';
import { openMigrated } from '@leadwire/testing/database-snapshot';
import { waitFor } from '@leadwire/testing/wait-for';
import { readEnv } from '../src/env.ts';
import { LANDING_MIGRATIONS } from '../src/migrations.ts';
import { vacuumOnce } from '../src/autovacuum.ts';
import { startProject } from '../src/project.ts';
import type { Project } from '../src/project.ts';

const KEY = 'sb_secret_test_0123456789abcdef';
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

let migrated: Blob;

const options = { serviceKey: KEY, migrationsDir: LANDING_MIGRATIONS };

beforeAll(async () => {
  const { project, snapshot } = await openMigrated(options);
  migrated = snapshot;
  await project.close();
});

/** Starts from the first one's database. */
async function startInMemory(): Promise<Project> {
  const project = await startProject({ ...options, snapshot: migrated });
  cleanups.push(project.close);
  return project;
}

async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'supabase-local-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function startMain(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      SUPABASE_DATA_DIR: dataDir,
      LANDING_SUPABASE_PORT: '0',
      TRIPWIRE_SUPABASE_PORT: '0',
      LANDING_SUPABASE_SERVICE_KEY: KEY,
      TRIPWIRE_SERVICE_ROLE_KEY: KEY,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  const urls = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const { project, url } = JSON.parse(line) as { project?: string; url?: string };
    if (project !== undefined && url !== undefined) urls.set(project, url);
    if (urls.size === 2) break;
  }
  return { child, url: urls.get('landing') ?? 'it did not start' };
}

describe('a project', () => {
  test('opens to a key of its own alone', async () => {
    const project = await startInMemory();
    await project.sql("insert into landing_leads (name) values ('Айгерим')");
    const path = `${project.url}/rest/v1/landing_leads?select=name`;
    const read = async (headers: Record<string, string>) => {
      const response = await fetch(path, { headers });
      return { status: response.status, leaks: (await response.text()).includes('Айгерим') };
    };
    expect(await read({ apikey: KEY })).toEqual({ status: 200, leaks: true });
    const refused = { status: 401, leaks: false };
    expect(await read({})).toEqual(refused);
    expect(await read({ apikey: 'sb_publishable_0123456789abcdefghij' })).toEqual(refused);
    expect(await read({ apikey: `${KEY}x` })).toEqual(refused);
    expect(await read({ authorization: `Bearer ${KEY}` })).toEqual(refused);
    for (const other of [
      '/',
      '/_system/config',
      '/_system/info',
      '/storage/v1/bucket',
      '/rest/v1',
    ]) {
      expect((await fetch(project.url + other, { headers: { apikey: KEY } })).status).toBe(404);
    }
    expect((await fetch(`${project.url}/healthz`)).status).toBe(200);
  });

  test('shows the role behind a publishable key no rows, whatever it was granted', async () => {
    const project = await startInMemory();
    await project.sql("insert into landing_leads (name) values ('Айгерим')");
    await createClient(project.url, KEY).from('landing_leads').select('id').throwOnError();
    await project.sql('grant select on landing_leads to anon');
    await project.sql('set role anon');
    expect(await project.sql('select * from landing_leads')).toEqual([]);
    await expect(project.sql("select leadwire_store_leads('[]')")).rejects.toThrow(
      'permission denied',
    );
    await project.sql('reset role');
  });

  test('answers upserts, JSON filters, counts and lists as supabase-js expects', async () => {
    const project = await startInMemory();
    const client = createClient(project.url, KEY);
    const id = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001';
    for (const name of ['Первый', 'Второй']) {
      await client
        .from('landing_leads')
        .upsert({ id, name, metadata: { form: { page: 2 } } })
        .throwOnError();
    }
    const { data, count } = await client
      .from('landing_leads')
      .select('name, metadata', { count: 'exact' })
      .eq('metadata->form->>page', '2')
      .throwOnError();
    expect({ data, count }).toEqual({
      data: [{ name: 'Второй', metadata: { form: { page: 2 } } }],
      count: 1,
    });
    const [lists] = await project.sql(
      `select array['а', 'б'] as words, array[1, 2]::bigint[] as numbers, array[true] as truths, array['{"n":1}'::jsonb] as things`,
    );
    const expected = { words: ['а', 'б'], numbers: [1, 2], truths: [true], things: [{ n: 1 }] };
    expect(lists).toEqual(expected);
  });

  test('counts the rows of tables that have changed much, and tidies what was deleted', async () => {
    const { sql } = await startInMemory();
    const tidy = () => vacuumOnce({ query: async (query) => ({ rows: await sql(query) }) });
    const known = async () => {
      const [row] = await sql<{ reltuples: number; dead: number }>(
        `select c.reltuples, s.n_dead_tup::int as dead from pg_class c join pg_stat_user_tables s on s.relid = c.oid
         where c.oid = 'public.landing_leads'::regclass`,
      );
      return row;
    };
    // Postgres counts changes a little later than it makes them.
    const tidied = () =>
      waitFor(async () => (await tidy()).includes('public.landing_leads'), { what: 'its turn' });
    await tidy();
    await sql(`insert into landing_leads (name) select 'lead' from generate_series(1, 300)`);
    await tidied();
    expect(await known()).toMatchObject({ reltuples: 300 });
    await sql(`delete from landing_leads where id in (select id from landing_leads limit 200)`);
    await tidied();
    expect(await known()).toEqual({ reltuples: 100, dead: 0 });
  });

  test('says which migration failed and leaves its folder free', async () => {
    const dataDir = await tempDir();
    const bad = await tempDir();
    await writeFile(join(bad, '20260101000000_broken.sql'), 'create tabel nothing ();');
    await expect(startProject({ serviceKey: KEY, dataDir, migrationsDir: bad })).rejects.toThrow(
      'migration 20260101000000_broken: syntax error',
    );
    const mended = await tempDir();
    await writeFile(join(mended, '20260101000000_mended.sql'), 'create table nothing ();');
    const project = await startProject({ serviceKey: KEY, dataDir, migrationsDir: mended });
    expect(project.applied).toEqual(['20260101000000']);
    await project.close();
  });
});

describe('the process', () => {
  test('has its rows after kill -9, and stops cleanly on SIGTERM', async () => {
    const dataDir = await tempDir();
    const before = await startMain(dataDir);
    const rows = Array.from({ length: 200 }, (_, n) => ({ name: `lead ${n}` }));
    await createClient(before.url, KEY).from('landing_leads').insert(rows).throwOnError();
    before.child.kill('SIGKILL');
    await once(before.child, 'exit');

    const after = await startMain(dataDir);
    const { count } = await createClient(after.url, KEY)
      .from('landing_leads')
      .select('id', { count: 'exact', head: true })
      .throwOnError();
    expect(count).toBe(200);
    after.child.kill('SIGTERM');
    expect(await once(after.child, 'exit')).toEqual([0, null]);
  });

  test('names every bad variable', () => {
    expect(() =>
      readEnv({ LANDING_SUPABASE_PORT: 'web', TRIPWIRE_SERVICE_ROLE_KEY: KEY, LOG_LEVEL: 'loud' }),
    ).toThrow(/LANDING_SUPABASE_PORT[\s\S]*LANDING_SUPABASE_SERVICE_KEY[\s\S]*LOG_LEVEL/);
  });
});

/** `leadwire database apply` over Postgres' own protocol, as it reaches a hosted project. */
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { extensions } from '@leadwire/supabase-local/extensions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '@leadwire/testing/nats';
import { runCli } from './run-cli.ts';

let database: PGlite;
let server: PGLiteSocketServer;
let url: string;
beforeAll(async () => {
  database = await PGlite.create({ extensions });
  const port = await freePort();
  server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port });
  await server.start();
  url = `postgresql://postgres@127.0.0.1:${port}/postgres?sslmode=disable`;
}, 120_000);
afterAll(async () => {
  await server.stop();
  await database.close();
});

describe('database apply', () => {
  test('brings an empty project up to date, and the next time finds nothing to do', async () => {
    const first = await runCli({ LANDING_DATABASE_URL: url }, 'database', 'apply');
    expect(first).toMatchObject({
      code: 0,
      out: expect.stringContaining('applied 20260401100000'),
    });
    const { rows } = await database.query(
      'select version from supabase_migrations.schema_migrations',
    );
    expect(rows.length).toBeGreaterThan(5);
    expect((await database.query('select * from landing_leads')).rows).toEqual([]);
    const second = await runCli({ LANDING_DATABASE_URL: url }, 'database', 'apply');
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining('nothing to apply') });
  }, 120_000);

  test('names the project whose database does not answer', async () => {
    const nowhere = `postgresql://postgres:secret@127.0.0.1:${await freePort()}/postgres`;
    const run = await runCli({ TRIPWIRE_DATABASE_URL: nowhere }, 'database', 'apply');
    expect(run).toMatchObject({ code: 1, err: expect.stringMatching(/^tripwire: .*ECONNREFUSED/) });
    expect(run.err).not.toContain('secret');
  }, 60_000);
});

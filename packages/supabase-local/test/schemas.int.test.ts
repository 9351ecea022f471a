/** The schemas say what the databases are; the migrations lead to exactly that, from wherever they begin. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extensions } from '../src/extensions.ts';
import { applyMigrations, readMigrations } from '../src/migrate.ts';
import {
  LANDING_MIGRATIONS,
  LANDING_SCHEMAS,
  MAIN_MIGRATIONS,
  MAIN_SCHEMAS,
  TRAFFIC_MIGRATIONS,
  TRAFFIC_SCHEMAS,
  TRIPWIRE_MIGRATIONS,
  TRIPWIRE_SCHEMAS,
} from '../src/migrations.ts';
import { differences, readCatalogue, type Catalogue } from './catalogue.ts';
import { OLD_LANDING, OLD_TRIPWIRE } from './older-tables.ts';

const open: PGlite[] = [];
let empty: Blob;

beforeAll(async () => {
  const db = await PGlite.create({ extensions });
  // The roles that a hosted project has before anything else.
  await applyMigrations(db, []);
  await db.query('checkpoint');
  empty = await db.dumpDataDir('none');
  await db.close();
}, 180_000);
afterAll(() => Promise.all(open.map((db) => db.close())));

async function database(): Promise<PGlite> {
  const db = await PGlite.create({ loadDataDir: empty, extensions });
  open.push(db);
  return db;
}

const read = new Map<string, Promise<Catalogue>>();

/** Of the schema files in an empty database: a table or function that is in them twice is refused. */
function fromSchemas(folder: string): Promise<Catalogue> {
  const known = read.get(folder) ?? readSchemas(folder);
  read.set(folder, known);
  return known;
}

async function readSchemas(folder: string): Promise<Catalogue> {
  const db = await database();
  for (const file of (await readdir(folder)).sort()) {
    await db.exec(await readFile(join(folder, file), 'utf8'));
  }
  return readCatalogue(db);
}

async function fromMigrations(folder: string, before = ''): Promise<Catalogue> {
  const db = await database();
  await db.exec(before);
  await applyMigrations(db, await readMigrations(folder));
  return readCatalogue(db);
}

const functionNames = (catalogue: Catalogue) =>
  Object.keys(catalogue)
    .map((key) => /^function (\w+)\(/.exec(key)?.[1])
    .filter((name) => name !== undefined);

describe.each([
  ['landing', LANDING_MIGRATIONS, LANDING_SCHEMAS],
  ['tripwire', TRIPWIRE_MIGRATIONS, TRIPWIRE_SCHEMAS],
  ['traffic', TRAFFIC_MIGRATIONS, TRAFFIC_SCHEMAS],
  ['main', MAIN_MIGRATIONS, MAIN_SCHEMAS],
])('the migrations of %s', (_name, migrations, schemas) => {
  test('lead to what the schemas say, and to nothing else', async () => {
    const expected = await fromSchemas(schemas);
    expect(differences(await fromMigrations(migrations), expected)).toEqual({});
    const names = functionNames(expected);
    expect(names).toEqual([...new Set(names)]);
    expect(names.length).toBeGreaterThan(2);
  });
});

describe('a database that had tables before', () => {
  test('becomes what the schemas say, and keeps what was its own', async () => {
    const actual = await fromMigrations(LANDING_MIGRATIONS, OLD_LANDING);
    const different = differences(actual, await fromSchemas(LANDING_SCHEMAS));
    // Its own columns, types, defaults and conditions; a key in place of the primary key that it lacks.
    expect(Object.keys(different)).toEqual([
      'column integration_logs.id',
      'column integration_logs.payload',
      'column landing_leads.created_at',
      'column landing_leads.metadata',
      'column landing_leads.name',
      // Views show the type of their table: this one, and staff_leads below.
      'column lead_tracking.name',
      'column scheduled_notifications.status',
      'column short_links.clicks',
      'column short_links.code',
      'column staff_leads.name',
      'column unified_lead_tracking.id',
      'column unified_lead_tracking.note',
      'constraint scheduled_notifications.scheduled_notifications_lead_id_fkey',
      'constraint scheduled_notifications.scheduled_notifications_status_check',
      'constraint short_links.short_links_pkey',
      // Its expression names the type of a column.
      // Over its own types.
      'index landing_leads_search_idx',
      'index short_links_code_key',
      'index short_links_pkey',
      'table integration_logs_id_seq',
      'table unified_lead_tracking_id_seq',
    ]);
    // None of them is stricter than what we write.
    expect(different).toMatchObject({
      'column integration_logs.payload': 'not in the schemas: jsonb',
      'column unified_lead_tracking.note': 'not in the schemas: text',
      'constraint scheduled_notifications.scheduled_notifications_status_check':
        expect.stringMatching(/cancelled.* OR .*pending.*sent.*failed.*skipped.*unknown/),
      'index short_links_code_key': expect.stringContaining('UNIQUE'),
    });
  });

  test('of the second project as well', async () => {
    const actual = await fromMigrations(TRIPWIRE_MIGRATIONS, OLD_TRIPWIRE);
    const different = differences(actual, await fromSchemas(TRIPWIRE_SCHEMAS));
    expect(Object.keys(different)).toEqual([
      'column lead_tracking.id',
      'column lead_tracking.stage',
      'table lead_tracking_id_seq',
    ]);
    expect(different['column lead_tracking.stage']).toBe('not in the schemas: text');
  });
});

test('functions that several projects have are the same in each', async () => {
  const known = await fromSchemas(LANDING_SCHEMAS);
  for (const folder of [TRIPWIRE_SCHEMAS, TRAFFIC_SCHEMAS, MAIN_SCHEMAS]) {
    const all = Object.entries(await fromSchemas(folder));
    const functions = all.filter(([key]) => key.startsWith('function '));
    expect(functions.some(([key]) => key in known)).toBe(true);
    for (const [key, text] of functions) expect([key, (known[key] ??= text)]).toEqual([key, text]);
  }
});

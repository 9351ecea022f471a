/** Databases as a new project has them, and what our files make of them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { extensions } from '../src/extensions.ts';
import { applyMigrations, readMigrations } from '../src/migrate.ts';
import { readCatalogue, type Catalogue } from './catalogue.ts';

let empty: Promise<Blob> | undefined;

/** Setting Postgres up takes seconds: all of them start from the first one, which has the roles of a hosted project. */
async function setUp(): Promise<Blob> {
  const db = await PGlite.create({ extensions });
  await applyMigrations(db, []);
  await db.query('checkpoint');
  const dump = await db.dumpDataDir('none');
  await db.close();
  return dump;
}

/** In memory, with nothing in it but what a hosted project has before its first migration. Close it. */
export async function emptyDatabase(): Promise<PGlite> {
  empty ??= setUp();
  return PGlite.create({ loadDataDir: await empty, extensions });
}

/** Through the history, and again past it: by hand, as after a restored backup. */
export async function applyTwice(db: PGlite, folder: string): Promise<void> {
  const migrations = await readMigrations(folder);
  await applyMigrations(db, migrations);
  for (const migration of migrations) await db.exec(migration.sql);
}

const read = new Map<string, Promise<Catalogue>>();

/** Of the schema files in an empty database: a table or function that is in them twice is refused. */
export function fromSchemas(folder: string): Promise<Catalogue> {
  const known = read.get(folder) ?? readSchemas(folder);
  read.set(folder, known);
  return known;
}

async function readSchemas(folder: string): Promise<Catalogue> {
  const db = await emptyDatabase();
  for (const file of (await readdir(folder)).sort()) {
    await db.exec(await readFile(join(folder, file), 'utf8'));
  }
  const catalogue = await readCatalogue(db);
  await db.close();
  return catalogue;
}

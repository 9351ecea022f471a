/** Applies a folder of migrations in the layout and with the history table of the Supabase CLI. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** One file of the folder. `version` is its 14-digit timestamp. */
export interface Migration {
  version: string;
  name: string;
  sql: string;
}

/** Runs statements: several without parameters, or one with. */
export interface Statements {
  exec(sql: string): Promise<unknown>;
  query(sql: string, params: unknown[]): Promise<{ rows: unknown[] }>;
}

/** A database that migrations can be applied to: PGlite, or a connection to a Postgres. */
export interface MigrationTarget extends Pick<Statements, 'exec'> {
  /** Commits when `work` resolves; otherwise it is as if nothing had happened. */
  transaction<T>(work: (tx: Statements) => Promise<T>): Promise<T>;
}

/** `<14 digits>_<name>.sql`: the Supabase CLI ignores any other name, which would lose a migration silently. */
const FILE_NAME = /^(\d{14})_([a-z0-9_-]+)\.sql$/i;

/** Where the Supabase CLI keeps its history; `statements` is null here for files recorded by older CLIs. */
const HISTORY = `
  create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (version text primary key);
  alter table supabase_migrations.schema_migrations add column if not exists statements text[];
  alter table supabase_migrations.schema_migrations add column if not exists name text;
`;

/** Hosted Supabase has these roles before the first migration; so must we. */
export const ROLES = `
  do $$ begin
    if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
    if not exists (select from pg_roles where rolname = 'service_role') then create role service_role nologin bypassrls; end if;
  end $$;
  grant usage on schema public to anon, authenticated, service_role;
`;

/**
 * Reads the `.sql` files of `dir` in order of their version.
 * Throws an Error that names the file when a name is not `<14 digits>_<name>.sql` or a version occurs twice.
 */
export async function readMigrations(dir: string): Promise<Migration[]> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const file of files) {
    const [, version, name] = FILE_NAME.exec(file) ?? [];
    if (version === undefined || name === undefined) {
      throw new Error(`${join(dir, file)}: expected a name like 20260105100000_what_it_does.sql`);
    }
    if (migrations.at(-1)?.version === version) {
      throw new Error(`${join(dir, file)}: version ${version} is taken by another file`);
    }
    migrations.push({ version, name, sql: await readFile(join(dir, file), 'utf8') });
  }
  return migrations;
}

async function applyOne(tx: Statements, migration: Migration): Promise<void> {
  try {
    await tx.exec(migration.sql);
  } catch (cause) {
    const reason = String((cause as { message?: unknown }).message);
    throw new Error(`migration ${migration.version}_${migration.name}: ${reason}`, { cause });
  }
  await tx.query(
    'insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)',
    [migration.version, migration.name, [migration.sql]],
  );
}

/**
 * Creates the roles and the history table, then applies what the history does not have yet, each file and its
 * history row in one transaction: a process killed halfway leaves whole migrations only, and the next start goes
 * on from there. Resolves to the versions applied now. Throws an Error that names the migration which failed.
 */
export async function applyMigrations(
  db: MigrationTarget,
  migrations: Migration[],
): Promise<string[]> {
  await db.exec(ROLES);
  await db.exec(HISTORY);
  const known = await db.transaction(async (tx) => {
    const all = await tx.query('select version from supabase_migrations.schema_migrations', []);
    return new Set((all.rows as { version: string }[]).map(({ version }) => version));
  });
  const applied: string[] = [];
  for (const migration of migrations) {
    if (known.has(migration.version)) continue;
    if (await applyOnce(db, migration)) applied.push(migration.version);
  }
  return applied;
}

/** False when somebody else has applied it meanwhile. */
function applyOnce(db: MigrationTarget, migration: Migration): Promise<boolean> {
  return db.transaction(async (tx) => {
    const found = await tx.query(
      'select 1 from supabase_migrations.schema_migrations where version = $1',
      [migration.version],
    );
    if (found.rows.length > 0) return false;
    await applyOne(tx, migration);
    return true;
  });
}

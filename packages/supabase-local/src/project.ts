/**
 * One bundled Supabase project: PGlite (Postgres) with its migrations applied, behind the PostgREST-compatible
 * API of `@supabase/lite`, so that `@supabase/supabase-js` works with it as with a hosted project.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import { startAutovacuum } from './autovacuum.ts';
import { openDataDir } from './data-dir.ts';
import { keepDatabaseErrorsQuiet } from './database-errors.ts';
import { SERVICE_KEY_PREFIX, type Handle } from './gate.ts';
import { createHandle } from './handle.ts';
import { loadLite } from './lite.ts';
import type { MailAccount } from './auth/mails.ts';
import { newJwtSecret, readJwtSecret } from './auth/tokens.ts';
import { applyMigrations, readMigrations } from './migrate.ts';

/** How a project is started. */
export interface ProjectOptions {
  /** 0 (the default) takes a free port. */
  port?: number;
  host?: string;
  /** The folder that keeps the data, made when missing; without it the project lives in memory. */
  dataDir?: string;
  /** The key that opens everything; begins with `sb_secret_` as hosted keys do. */
  serviceKey: string;
  /** The key with which people sign in; begins with `sb_publishable_`. Without it nobody can. */
  publishableKey?: string | undefined;
  /** Where the links in mails of Auth lead: the console. */
  siteUrl?: string | undefined;
  /** Through whom mails of Auth go out; without it they are not sent. */
  mail?: MailAccount | undefined;
  /** A folder of `<14 digits>_<name>.sql`. */
  migrationsDir: string;
  /** What `dump()` of another project gave: starts from its data, and much faster than from nothing. In memory only. */
  snapshot?: Blob;
  log?: Logger;
}

/** A running project. */
export interface Project {
  url: string;
  /** Versions of the migrations applied by this start. */
  applied: string[];
  /** Runs one statement as the database's owner, past the API and its rules: for tests. */
  sql: <Row extends object = Record<string, unknown>>(
    query: string,
    params?: unknown[],
  ) => Promise<Row[]>;
  /** The whole database, for `snapshot`. */
  dump: () => Promise<Blob>;
  /** Answers what is under way, then closes the database and lets its folder go. Safe to call twice. */
  close: () => Promise<void>;
}

/** Requests still under way after this long are cut off: a stop must not wait for a client that hangs. */
const CLOSE_GRACE_MS = 3_000;

/**
 * The library passes times on as Postgres prints them (`2026-01-05 10:00:00+00`); hosted Supabase answers in
 * ISO 8601. 1184 is Postgres' number for timestamptz.
 */
const TIME_PARSERS = {
  1184: (value: string) => value.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00'),
};

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => {
      server.closeAllConnections();
    }, CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
    server.closeIdleConnections();
  });
}

async function openProjectDatabase(options: ProjectOptions) {
  const { openDatabase } = await loadLite();
  const folder = options.dataDir === undefined ? undefined : await openDataDir(options.dataDir);
  try {
    const connection = await openDatabase(folder?.pgdata, {
      parsers: TIME_PARSERS,
      ...(options.snapshot && { loadDataDir: options.snapshot }),
    });
    return { connection, release: () => folder?.release() };
  } catch (error) {
    folder?.release();
    throw error;
  }
}

/** A project whose database is open with all its migrations, and which nobody can reach yet. */
export interface OpenProject extends Pick<Project, 'applied' | 'sql' | 'dump' | 'close'> {
  /** Listens until its `stop`, which answers what is under way. @throws naming the port that is taken */
  listen: (at?: Pick<ProjectOptions, 'host' | 'port'>) => Promise<Listening>;
}

interface Listening {
  url: string;
  stop: () => Promise<void>;
}

async function listenWith(
  handle: Handle,
  { host = '127.0.0.1', port = 0 }: Pick<ProjectOptions, 'host' | 'port'>,
): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: (request: Request, env: unknown) =>
      handle(request, (env as HttpBindings).incoming.socket.remoteAddress ?? null),
  }) as Server;
  const address = await listen(server, port, host);
  return {
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${address.port}`,
    stop: () => stopListening(server),
  };
}

/** Opens a project's database and applies pending migrations. @throws naming the folder or the migration at fault. */
export async function openProject(
  options: Omit<ProjectOptions, 'host' | 'port'>,
): Promise<OpenProject> {
  if (!options.serviceKey.startsWith(SERVICE_KEY_PREFIX)) {
    throw new Error(`serviceKey: expected a key that begins with ${SERVICE_KEY_PREFIX}`);
  }
  keepDatabaseErrorsQuiet(options.log);
  const migrations = await readMigrations(options.migrationsDir);
  const { connection, release } = await openProjectDatabase(options);
  const closeDatabase = () => connection.close().finally(release);
  try {
    const jwtSecret =
      options.dataDir === undefined ? newJwtSecret() : await readJwtSecret(options.dataDir);
    // Before the migrations: these find Auth there, as in a hosted project.
    const handle = await createHandle(connection, { ...options, jwtSecret });
    const applied = await applyMigrations(connection.driver, migrations);
    const { driver } = connection;
    const vacuum = startAutovacuum(
      { query: (query, params) => driver.query(query, params) },
      (err) => options.log?.warn({ err }, 'the tables could not be tidied'),
    );
    return {
      applied,
      sql: async <Row extends object>(query: string, params: unknown[] = []) =>
        (await driver.query<Row>(query, params)).rows,
      // Whoever starts from it has no log to go through.
      dump: () => driver.query('checkpoint').then(() => driver.dumpDataDir('none')),
      listen: (at = {}) => listenWith(handle, at),
      close: () => vacuum.stop().then(closeDatabase),
    };
  } catch (error) {
    await closeDatabase();
    throw error;
  }
}

/**
 * Starts a project: opens its database, applies pending migrations, listens. Nothing listens before the migrations
 * are applied. Throws an Error that names the port, the folder or the migration at fault; nothing stays open then.
 */
export async function startProject(options: ProjectOptions): Promise<Project> {
  const { listen: open, ...project } = await openProject(options);
  try {
    const { url, stop } = await open(options);
    let closing: Promise<void> | undefined;
    return { ...project, url, close: () => (closing ??= stop().then(project.close)) };
  } catch (error) {
    await project.close();
    throw error;
  }
}

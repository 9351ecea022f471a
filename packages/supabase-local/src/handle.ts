/** The APIs of one project: `@supabase/lite` behind the gate, with Auth as hosted Supabase has it. */
import type { PgliteConnection } from '@supabase/lite/pglite';
import type { Logger } from 'pino';
import { createAuthApi } from './auth/auth-api.ts';
import { createAuthMailer, type MailAccount } from './auth/mails.ts';
import { createAuthUsers } from './auth/users.ts';
import { carries, guard, type Handle } from './gate.ts';
import { loadLite } from './lite.ts';
import { ROLES } from './migrate.ts';

export interface HandleOptions {
  serviceKey: string;
  publishableKey?: string | undefined;
  siteUrl?: string | undefined;
  mail?: MailAccount | undefined;
  jwtSecret: string;
  log?: Logger | undefined;
}

/** Only a project that somebody signs in to has a console; its links lead nowhere without one. */
const NO_SITE = 'http://localhost:3106';
/** How long a link of Auth can be used. An invitation is read the next morning. */
const LINK_SECONDS = 24 * 60 * 60;
const MIN_PASSWORD = 10;

/**
 * What a hosted project has before its first migration: pgcrypto, and default grants that open every new table to
 * everybody. A migration that forgets to take them back is found here, not there.
 */
const AS_HOSTED = `
  create schema if not exists extensions;
  create extension if not exists pgcrypto with schema extensions;
  alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
  alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
`;

/** Sets up what Auth needs in the database and answers the project's requests from then on. */
export async function createHandle(
  connection: PgliteConnection,
  options: HandleOptions,
): Promise<Handle> {
  const { serviceKey, publishableKey, jwtSecret, log } = options;
  const siteUrl = options.siteUrl?.replace(/\/+$/, '') ?? NO_SITE;
  const { App } = await loadLite();
  const app = new App({
    connection,
    auth: {
      enabled: true,
      secret_key: serviceKey,
      ...(publishableKey !== undefined && { publishable_key: publishableKey }),
      jwt_secret: jwtSecret,
      site_url: siteUrl,
      minimum_password_length: MIN_PASSWORD,
      email: { enable_signup: false, otp_expiry: LINK_SECONDS },
    },
    options: { server: { admin: false, disableStudio: true, disableFallback: true } },
  });
  keepGrants(connection);
  tellAtOnce(connection);
  forgetViewTexts(connection);
  await app.ensureSystemSchema();
  await connection.driver.exec(ROLES);
  await connection.driver.exec(AS_HOSTED);

  const isHealthy = () =>
    connection.driver.query('select 1').then(
      () => true,
      () => false,
    );
  const rest: Handle = (request, peerAddress) => app.fetch(request, { peerAddress });
  const auth = createAuthApi({
    users: createAuthUsers(connection.driver),
    mailer: createAuthMailer(options.mail, siteUrl, log),
    siteUrl,
    jwtSecret,
    log,
    next: rest,
    isService: (request) => carries(request, serviceKey),
  });
  return guard({ service: serviceKey, publishable: publishableKey }, isHealthy, { rest, auth });
}

/**
 * At its first request the library would grant everything on every table to everybody again, column grants and
 * revokes of the migrations undone, because it takes the state of this private field for "not looked yet". It does
 * nothing else there but create the three roles. The test `access.int.test.ts` fails when a later version differs.
 */
function keepGrants(connection: PgliteConnection): void {
  Object.assign(connection, { rlsState: 'active' });
}

/** What the library's transactions are told before they run the request. */
interface Settings {
  /** As `kysely.executeQuery` takes a statement. */
  executeQuery: (query: object) => Promise<unknown>;
}
interface Told {
  auth?: { role?: string; uid?: string; jwt?: unknown };
  storage?: { operation?: string };
}
interface RpcTold {
  method: string;
  path: string;
  requestHeaders?: object;
}

/**
 * The library tells the transaction of each request who asks with six statements, and a function what was asked with five
 * more: a third of the time of a page that is read by several requests. Here it is one statement each, with the same settings.
 * The test `access.int.test.ts` asks as every role, so it fails when a later version means something else.
 */
function tellAtOnce(connection: PgliteConnection): void {
  const tell = (transaction: Settings, settings: Record<string, string>) => {
    const names = Object.keys(settings);
    const parameters = names.flatMap((name) => [name, settings[name]]);
    const calls = names.map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, true)`);
    const sql = `select ${calls.join(', ')}`;
    return transaction.executeQuery({ sql, parameters, query: { kind: 'RawNode' }, queryId: {} });
  };
  Object.assign(connection, {
    async applyJwtSessionContext(transaction: Settings, { auth, storage }: Told) {
      // `anon` for whoever does not say who they are, as the library has it.
      const role = auth?.role ? auth.role : 'anon';
      const jwt = auth?.jwt !== null && typeof auth?.jwt === 'object' ? auth.jwt : undefined;
      await tell(transaction, {
        role,
        'request.jwt.claim.sub': auth?.uid ?? '',
        'request.jwt.claim.role': role,
        'storage.operation': storage?.operation ?? '',
        ...(jwt && { 'request.jwt.claims': JSON.stringify(jwt) }),
      });
    },
    async applyRpcRequestGucs(transaction: Settings, { method, path, requestHeaders }: RpcTold) {
      await tell(transaction, {
        'response.status': '',
        'response.headers': '',
        'request.method': method,
        'request.path': path,
        'request.headers': JSON.stringify(requestHeaders ?? {}),
      });
    },
  });
}

/**
 * At each request the library looks through the text of the view of every column of the project for one of its own types
 * (`color`, `monetary` and the like), which no migration of ours can make: it finds no text to look through.
 */
function forgetViewTexts(connection: PgliteConnection): void {
  const introspect = connection.introspect.bind(connection);
  connection.introspect = async (options) => {
    const found = await introspect(options);
    for (const view of found.views) view.sql = '';
    return found;
  };
}

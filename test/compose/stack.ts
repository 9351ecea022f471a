/** docker-compose.yml under a name and ports of its own, beside whatever else runs here. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'vitest';
import { freePort } from '@leadwire/testing/nats';
import { run } from '../../scripts/machine/run-command.mjs';

const root = path.resolve(import.meta.dirname, '../..');
/** Longer than a first build takes on a slow line. */
const LONGEST_MS = 20 * 60_000;

export interface ComposeStack {
  apiUrl: string;
  sandboxUrl: string;
  /** What this stack is called, and where `docker compose` finds its files: for scripts. */
  env: NodeJS.ProcessEnv;
  /** `docker compose <args>` for this stack; what it prints. @throws with its last lines when it fails. */
  compose(...args: string[]): Promise<string>;
  /** `docker <args>`, for single containers. @throws as `compose`. */
  docker(...args: string[]): Promise<string>;
  /** Ends it and forgets everything. */
  remove(): Promise<void>;
}

export interface StackOptions {
  /** Files laid over docker-compose.yml. */
  files?: readonly string[];
  /** What would stand in `.env`. */
  settings?: Readonly<Record<string, string>>;
  /** Laid over single services of docker-compose.yml, in its own words. */
  services?: Readonly<Record<string, object>>;
  /** Over what the stack itself sets for `docker compose`: profiles, ports. */
  env?: Readonly<Record<string, string>>;
  /** More for `docker compose up`. */
  args?: readonly string[];
}

/** Builds and starts it, and waits until every part is healthy. @throws with what the parts said. */
export async function startStack(options: StackOptions = {}): Promise<ComposeStack> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leadwire-compose-'));
  const [apiPort = 0, sandboxPort = 0, ...others] = await Promise.all(
    Array.from({ length: 5 }, () => freePort()),
  );
  const [natsPort, campaignsPort, consolePort] = others;
  // Compose reads `.env` only where its file is; a person's own must not be part of a test, nor be changed.
  const settings = path.join(folder, 'settings.json');
  const services = { settings: { environment: options.settings ?? {} } };
  Object.assign(services, options.services);
  await writeFile(settings, JSON.stringify({ services }));
  const env = {
    ...process.env,
    COMPOSE_PROJECT_NAME: `leadwire-test-${randomBytes(3).toString('hex')}`,
    COMPOSE_FILE: ['docker-compose.yml', ...(options.files ?? []), settings].join(':'),
    COMPOSE_PROFILES: 'local',
    LEADWIRE_VERSION: 'test',
    LANDING_API_PORT: String(apiPort),
    SANDBOX_PORT: String(sandboxPort),
    NATS_PORT: String(natsPort),
    MAILER_BATCH_PORT: String(campaignsPort),
    CONSOLE_PORT: String(consolePort),
    ...options.env,
  };
  const docker = async (...args: string[]): Promise<string> => {
    const done = await run('docker', args, { cwd: root, env, timeoutMs: LONGEST_MS });
    if (done.code === 0) return done.output;
    throw new Error(`docker ${args.join(' ')}: ${done.output.slice(-4_000)}`);
  };
  const compose = (...args: string[]) => docker('compose', ...args);
  const remove = async (): Promise<void> => {
    await compose('down', '--volumes', '--timeout', '5');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (!process.env['LEADWIRE_E2E_BUILT']) await compose('build', 'settings');
    await compose('up', '--detach', '--wait', ...(options.args ?? []));
  } catch (thrown) {
    const said = await compose('logs', '--no-color', '--tail', '20').catch(String);
    await remove().catch(() => undefined);
    throw new Error(`${(thrown as Error).message}\n${said.slice(-6_000)}`, { cause: thrown });
  }
  return {
    apiUrl: `http://127.0.0.1:${apiPort}`,
    sandboxUrl: `http://127.0.0.1:${sandboxPort}`,
    env,
    docker,
    compose,
    remove,
  };
}

/** `describe` for tests of docker compose: skipped, and counted as such, unless `npm run e2e:compose` runs them. */
export function describeWithCompose(what: string, body: () => void): void {
  if (process.env['LEADWIRE_E2E_COMPOSE']) {
    describe(what, body);
    return;
  }
  process.stderr.write(
    `\nLeft out: ${what}. "npm run e2e:compose" runs it where a Docker engine answers.\n`,
  );
  describe.skip(what, body);
}

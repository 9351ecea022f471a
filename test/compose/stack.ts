/** docker-compose.yml under a name and ports of its own, beside whatever else runs here. */
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { describe } from '@jest/globals';
import { freePort } from '@leadwire/testing/nats';
import { run } from '../../scripts/run-command.mjs';

const root = path.resolve(import.meta.dirname, '../..');
/** Longer than a first build takes on a slow line. */
const LONGEST_MS = 20 * 60_000;

export interface ComposeStack {
  apiUrl: string;
  sandboxUrl: string;
  /** `docker compose <args>` for this stack; what it prints. @throws with its last lines when it fails. */
  compose(...args: string[]): Promise<string>;
}

/** Builds and starts it, and waits until every part is healthy. @throws with what the parts said. */
export async function startStack(): Promise<ComposeStack> {
  const [apiPort, sandboxPort, natsPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const project = `leadwire-test-${randomBytes(3).toString('hex')}`;
  const env = {
    ...process.env,
    COMPOSE_PROFILES: 'local',
    LEADWIRE_VERSION: 'test',
    LANDING_API_PORT: String(apiPort),
    SANDBOX_PORT: String(sandboxPort),
    NATS_PORT: String(natsPort),
  };
  const compose = async (...args: string[]): Promise<string> => {
    const done = await run('docker', ['compose', '--project-name', project, ...args], {
      cwd: root,
      env,
      timeoutMs: LONGEST_MS,
    });
    if (done.code !== 0)
      throw new Error(`docker compose ${args.join(' ')}: ${done.output.slice(-4_000)}`);
    return done.output;
  };
  try {
    await compose('up', '--build', '--detach', '--wait');
  } catch (thrown) {
    const said = await compose('logs', '--no-color', '--tail', '20').catch(String);
    await compose('down', '--volumes', '--timeout', '5').catch(() => undefined);
    throw new Error(`${(thrown as Error).message}\n${said.slice(-6_000)}`, { cause: thrown });
  }
  return {
    apiUrl: `http://127.0.0.1:${apiPort}`,
    sandboxUrl: `http://127.0.0.1:${sandboxPort}`,
    compose,
  };
}

/** `describe` for tests of docker compose: skipped, and counted as such, unless `npm run e2e:compose` runs them. */
export function describeWithCompose(what: string, body: () => void): void {
  if (process.env['LEADWIRE_E2E_COMPOSE']) describe(what, body);
  else describe.skip(what, body);
}

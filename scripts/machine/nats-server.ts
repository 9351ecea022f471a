/**
 * Finds a nats-server that Leadwire can use, fetching one into the checkout when the machine has none.
 * In order: NATS_SERVER_BIN, PATH, one fetched earlier, then the routes below. A route that is dead says so
 * in seconds and the next one is tried.
 */
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { arch, platform } from 'node:os';
import path from 'node:path';
import { fetchFromDebian } from './nats-from-debian.ts';
import { fetchFromDocker } from './nats-from-docker.ts';
import { fetchFromRelease } from './nats-from-release.ts';
import { step } from './progress.mjs';
import { run } from './run-command.mjs';
import { ExplainedError } from './tools.mjs';

/**
 * The oldest nats-server that works: message schedules with all their fixes, and the 2026-08 fsync fixes of
 * block compaction (nats-server#8475), without which acknowledged messages can be lost.
 */
const MINIMUM = [2, 15] as const;

/** One way to get the program: puts it at `target` and returns, or throws with the reason in one line. */
export type Route = { name: string; fetch: (target: string) => Promise<void> };

const ROUTES: readonly Route[] = [
  { name: 'its release on GitHub', fetch: fetchFromRelease },
  { name: "Debian's package from sid", fetch: fetchFromDebian },
  { name: 'the image nats:2.15-alpine', fetch: fetchFromDocker },
];

/** Where to look; every part has a default except the log. */
export type NatsSearch = {
  log: (line: string) => void;
  toolsDir?: string;
  env?: NodeJS.ProcessEnv;
  routes?: readonly Route[];
  /** Shows a route being tried; by default on the terminal. */
  show?: typeof step;
};

/**
 * The path of a nats-server of at least version 2.15.
 * @throws {ExplainedError} when there is none and no route delivers one; the message says what to install.
 */
export async function findNatsServer(search: NatsSearch): Promise<string> {
  const { log, env = process.env, routes = ROUTES, show = step } = search;
  const toolsDir = search.toolsDir ?? path.resolve(import.meta.dirname, '../../.data/tools');
  const present = (await onThisMachine(env, log)) ?? (await fetchedEarlier(toolsDir));
  if (present) return present;
  for (const route of routes) {
    try {
      return await show(`nats-server: fetching ${route.name}`, () => fetchBy(route, toolsDir));
    } catch (error) {
      log(`  not from there (${(error as Error).message}); another way is tried`);
    }
  }
  throw new ExplainedError(
    `No nats-server ${MINIMUM.join('.')} or newer could be found or fetched.\n` +
      'Install it (https://github.com/nats-io/nats-server/releases) so that it is on PATH, or set ' +
      'NATS_SERVER_BIN to its path, or set NATS_URL to a broker that runs already.',
  );
}

/** "nats-server: v2.15.1" -> [2, 15, 1]; undefined when it is something else. */
export function parseVersion(text: string): number[] | undefined {
  const match = /\bv?(\d+)\.(\d+)\.(\d+)/.exec(text);
  return match?.slice(1).map(Number);
}

/** Whether Leadwire can use that version. */
export function isNewEnough([major = 0, minor = 0]: readonly number[]): boolean {
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

/** The version a program gives of itself; undefined when it is not there or does not run here. */
async function versionOf(binary: string): Promise<number[] | undefined> {
  const { code, output } = await run(binary, ['--version'], { timeoutMs: 5_000 });
  return code === 0 ? parseVersion(output) : undefined;
}

async function onThisMachine(
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<string | undefined> {
  const named = env['NATS_SERVER_BIN'];
  const onPath = (env['PATH'] ?? '')
    .split(path.delimiter)
    .filter(Boolean)
    .map((dir) => path.join(dir, 'nats-server'));
  for (const candidate of named ? [named, ...onPath] : onPath) {
    const version = await versionOf(candidate);
    if (version && isNewEnough(version)) return candidate;
    if (version) {
      log(`${candidate} is ${version.join('.')}, older than ${MINIMUM.join('.')}: not used.`);
    } else if (candidate === named) {
      log(`NATS_SERVER_BIN=${candidate} is no nats-server that runs here: not used.`);
    }
  }
  return undefined;
}

async function fetchedEarlier(toolsDir: string): Promise<string | undefined> {
  const names = await readdir(toolsDir).catch(() => []);
  for (const name of names.filter((each) => /^nats-server-[\d.]+$/.test(each))) {
    const binary = path.join(toolsDir, name, 'nats-server');
    const version = await versionOf(binary);
    if (version && isNewEnough(version)) return binary;
  }
  return undefined;
}

/** Runs one route in a folder of its own, and keeps the result only if it runs and is new enough. */
async function fetchBy(route: Route, toolsDir: string): Promise<string> {
  const building = path.join(toolsDir, `nats-server.${randomBytes(4).toString('hex')}`);
  await mkdir(building, { recursive: true });
  try {
    const fetched = path.join(building, 'nats-server');
    await route.fetch(fetched);
    await chmod(fetched, 0o755);
    const version = await versionOf(fetched);
    if (!version) throw new Error(`what it gave does not run on ${platform()} ${arch()}`);
    if (!isNewEnough(version)) throw new Error(`it has ${version.join('.')}, too old`);
    const dir = path.join(toolsDir, `nats-server-${version.join('.')}`);
    // A run at the same time may have been faster; its copy is as good.
    await rename(building, dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return path.join(dir, 'nats-server');
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

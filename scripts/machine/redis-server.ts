/**
 * Finds a redis-server, which only a benchmark needs: REDIS_SERVER_BIN, PATH, one fetched earlier, Debian's package.
 * As with nats-server, nothing is installed on the machine.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { openDebianArchive } from './debian-archive.ts';
import { step } from './progress.mjs';
import { run } from './run-command.mjs';

/** The oldest Redis that BullMQ recommends. */
const MINIMUM = [6, 2] as const;

export type RedisServer = {
  binary: string;
  version: string;
  /** To be added to its environment: where the libraries are that came with it. */
  env: Record<string, string>;
};

const TOOLS = path.resolve(import.meta.dirname, '../../.data/tools');

/** A redis-server of at least version 6.2, or undefined when there is none and Debian's cannot be fetched. */
export async function findRedisServer(
  log: (line: string) => void,
): Promise<RedisServer | undefined> {
  const present = (await onThisMachine()) ?? (await fetchedEarlier());
  if (present) return present;
  try {
    return await step("redis-server: fetching Debian's package", fetchFromDebian);
  } catch (error) {
    log(`  not from there (${(error as Error).message})`);
    return undefined;
  }
}

/** "Redis server v=7.0.15 sha=00000000:0 …" -> 7.0.15; undefined when it is something else, or too old. */
export function usableVersion(output: string): string | undefined {
  const [, version, major, minor] = /\bv=((\d+)\.(\d+)\.\d+)/.exec(output) ?? [];
  const isEnough =
    Number(major) > MINIMUM[0] || (Number(major) === MINIMUM[0] && Number(minor) >= MINIMUM[1]);
  return isEnough ? version : undefined;
}

/** The program if it runs here and is new enough; libraries are looked for in `libraries` first. */
async function tryOut(binary: string, libraries?: string): Promise<RedisServer | undefined> {
  const env = libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries };
  const { code, output } = await run(binary, ['--version'], {
    env: { ...process.env, ...env },
    timeoutMs: 5_000,
  });
  const version = code === 0 ? usableVersion(output) : undefined;
  return version === undefined ? undefined : { binary, version, env };
}

async function onThisMachine(): Promise<RedisServer | undefined> {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  const named = process.env['REDIS_SERVER_BIN'];
  const candidates = onPath.map((dir) => path.join(dir, 'redis-server'));
  for (const candidate of named ? [named, ...candidates] : candidates) {
    const found = await tryOut(candidate);
    if (found) return found;
  }
  return undefined;
}

async function fetchedEarlier(): Promise<RedisServer | undefined> {
  const names = await readdir(TOOLS).catch(() => []);
  for (const name of names.filter((each) => /^redis-[\d.]+$/.test(each))) {
    const dir = path.join(TOOLS, name);
    const found = await tryOut(path.join(dir, 'redis-server'), dir);
    if (found) return found;
  }
  return undefined;
}

/** Of the machine's own release, with those libraries that the machine lacks, all in one folder. */
async function fetchFromDebian(): Promise<RedisServer> {
  const building = path.join(TOOLS, `redis.${randomBytes(4).toString('hex')}`);
  const apt = path.join(building, 'apt');
  try {
    const archive = await openDebianArchive(apt, await codename());
    // The program itself is in redis-tools, under this name; redis-server adds a link and the unit files.
    await archive.unpack('redis-tools');
    const missing = await notInstalled(await archive.dependenciesOf('redis-tools'));
    if (missing.length > 0) await archive.unpack(...missing);
    const program = path.join(archive.unpacked, 'usr/bin/redis-check-rdb');
    await copyFile(program, path.join(building, 'redis-server'));
    await gatherLibraries(archive.unpacked, building);
    await rm(apt, { recursive: true });
    const found = await tryOut(path.join(building, 'redis-server'), building);
    if (!found) throw new Error('what it gave does not run here');
    const dir = path.join(TOOLS, `redis-${found.version}`);
    // A run at the same time may have been faster; its copy is as good.
    await rename(building, dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return { ...found, binary: path.join(dir, 'redis-server'), env: { LD_LIBRARY_PATH: dir } };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function codename(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const name = /^VERSION_CODENAME="?([a-z]+)/m.exec(release)?.[1];
  if (name === undefined) throw new Error('this is no Debian release');
  return name;
}

async function notInstalled(packages: readonly string[]): Promise<string[]> {
  const libraries = packages.filter((name) => /^(lib|lua)/.test(name));
  const states = await Promise.all(
    libraries.map((name) => run('dpkg-query', ['-W', '-f', '${db:Status-Status}\n', name])),
  );
  return libraries.filter((_, index) => !/^installed$/m.test(states[index]?.output ?? ''));
}

async function gatherLibraries(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const entries = await readdir(from, { recursive: true });
  // A link becomes a copy of what it leads to: the folder is then complete by itself.
  for (const entry of entries.filter((each) => /\.so(\.[\d.]+)?$/.test(each))) {
    await copyFile(path.join(from, entry), path.join(to, path.basename(entry)));
  }
}

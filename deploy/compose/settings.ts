/**
 * The first thing that `docker compose up` runs, as root, for a moment: makes the secrets that nobody gave,
 * writes one file of settings for each part, readable by that part's user alone, and hands each volume to
 * the user who writes in it. Ends with what is missing, in words, before anything starts on half of it.
 *
 *   settings                    the above
 *   settings show NAME…         prints secrets that were made here
 *   settings rotate NAME…       makes them anew, and says what to restart; docs/ROTATION.md has the whole way
 */
import { chmod, chown, mkdir, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EnvError, problemsIn } from '@leadwire/shared/runtime/env';
import { readSecrets } from '../../scripts/stack/secrets.ts';
import {
  CLI,
  PROGRAMS,
  faultLines,
  mergeFaults,
  schemaOf,
  type SettingFault,
} from '../../scripts/stack/settings-check.ts';
import { unknownSettings } from '../../scripts/stack/unknown-settings.ts';
import {
  brokerUrl,
  makersFor,
  namesGiven,
  problemsOfHosted,
  problemsOfKnobs,
  routesOf,
  stackSettings,
  toEnvFile,
  userOf,
  variablesOf,
  type StackKnobs,
} from './part-settings.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SETTINGS = '/settings';
/** Every volume with data is mounted here while this runs, under its owner's name. */
const VOLUMES = '/volumes';
const SECRETS = path.join(SETTINGS, 'secrets.json');
/** Who runs what is not ours: the broker's user in docker-compose.yml, and "nobody" of Prometheus' image. */
const BROKER_USER = 4222;
const PROMETHEUS_USER = 65534;

const [action = 'write', ...names] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

try {
  if (action === 'show') await show();
  else if (action === 'rotate') await rotate();
  else await write();
} catch (error) {
  say(error instanceof EnvError ? error.message : String((error as Error).stack));
  process.exitCode = 1;
}

/** Writes everything out. Returns the parts whose settings are others than before. */
async function write(): Promise<string[]> {
  const { env } = process;
  const profiles = (env['COMPOSE_PROFILES'] || 'local').split(',');
  const knobs: StackKnobs = {
    isLocal: profiles.includes('local'),
    brokers: (env['BROKERS'] ?? 'nats:4222').split(','),
    apiPort: Number(env['LANDING_API_PORT'] ?? 3000),
    sandboxPort: Number(env['SANDBOX_PORT'] ?? 4000),
    consolePort: Number(env['CONSOLE_PORT'] ?? 3106),
    domain: env['DOMAIN'],
    consoleDomain: env['CONSOLE_DOMAIN'],
  };
  // A warning: the name may be of a newer version, or of somebody's own script.
  for (const line of unknownSettings(namesGiven(env), await readExample())) say(line);
  await mkdir(SETTINGS, { recursive: true, mode: 0o711 });
  await chmod(SETTINGS, 0o711);
  const confs = ['deploy/nats.conf', 'deploy/cluster/nats.conf'].map((file) =>
    readFile(path.join(ROOT, file), 'utf8'),
  );
  const natsConf = (await Promise.all(confs)).join('\n');
  const made = await readSecrets(SECRETS, makersFor(natsConf, knobs.isLocal));
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const secrets = { ...made, ...(given as Record<string, string>) };
  const all = stackSettings(knobs, made, env);

  const isOther = await writeFor('nats', BROKER_USER, {
    ...pick(
      secrets,
      Object.keys(made).filter((name) => /^NATS_\w+_PASSWORD$/.test(name)),
    ),
    NATS_ROUTES: routesOf(knobs.brokers, secrets),
    NATS_STORE_DIR: '/data/nats',
    NATS_MAX_STORE: env['NATS_MAX_STORE'] || '20GB',
  });
  const changed = await writePrograms(knobs, all, secrets);
  await writeSecret('metrics-token', PROMETHEUS_USER, all['METRICS_TOKEN'] ?? '');
  for (const name of await readdir(VOLUMES).catch(() => [])) await handOver(name);
  describe(knobs, all);
  return isOther ? ['nats', ...changed] : changed;
}

/** Every part is looked at before the first of them is written: what is missing or wrong is told in one go. */
async function writePrograms(
  knobs: StackKnobs,
  all: NodeJS.ProcessEnv,
  secrets: Record<string, string>,
): Promise<string[]> {
  const here = PROGRAMS.filter(
    ({ name, entry }) => knobs.isLocal || entry.startsWith('services/') || name === CLI.name,
  );
  const parts = await Promise.all(
    here.map(async ({ name, entry }) => {
      const schema = await schemaOf(ROOT, entry);
      const url = brokerUrl(knobs.brokers, name === CLI.name ? 'admin' : name, secrets);
      const settings = variablesOf(name, schema, { ...all, NATS_URL: url });
      return { name, settings, problems: problemsIn(schema, settings) };
    }),
  );
  await refuseFaults(
    mergeFaults([
      { part: 'docker compose', problems: problemsOfKnobs(process.env) },
      { part: 'everybody who is written to', problems: knobs.isLocal ? [] : problemsOfHosted(all) },
      ...parts.map(({ name, problems }) => ({ part: name, problems })),
    ]),
  );
  const changed: string[] = [];
  for (const { name, settings } of parts) {
    if (await writeFor(name, userOf(name), settings)) changed.push(name);
  }
  return changed;
}

function readExample(): Promise<string> {
  return readFile(path.join(ROOT, '.env.example'), 'utf8');
}

/** @throws EnvError with all of them, and what helps */
async function refuseFaults(faults: readonly SettingFault[]): Promise<void> {
  if (faults.length === 0) return;
  const example = await readExample();
  throw new EnvError(
    [
      'Nothing was started: these settings need attention.',
      '',
      ...faultLines(faults, example),
      '',
      'Put them into .env (.env.example explains each), or set COMPOSE_PROFILES=local there to have the',
      'bundled Supabase and the sandbox instead.',
    ].join('\n'),
  );
}

/** Whether the part had other settings before. */
function writeFor(name: string, user: number, settings: Record<string, string>): Promise<boolean> {
  return writeSecret(`${name}.env`, user, toEnvFile(settings));
}

/** Whether something else stood there before. */
async function writeSecret(name: string, user: number, text: string): Promise<boolean> {
  const file = path.join(SETTINGS, name);
  const before = await readFile(file, 'utf8').catch(() => undefined);
  // Never half a file, and never one that others may read.
  await writeFile(`${file}.new`, text, { mode: 0o400 });
  await chown(`${file}.new`, user, user);
  await rename(`${file}.new`, file);
  return before !== undefined && before !== text;
}

/** A volume belongs to the part that it is named after; a broker of a cluster is `nats-<n>`. */
async function handOver(name: string): Promise<void> {
  const user = name.startsWith('nats') ? BROKER_USER : userOf(name);
  const folder = path.join(VOLUMES, name);
  if ((await stat(folder)).uid === user) return;
  for (const entry of await readdir(folder, { recursive: true })) {
    await chown(path.join(folder, entry), user, user);
  }
  // Last, so that a kill in between is noticed by the next run.
  await chown(folder, user, user);
}

async function show(): Promise<void> {
  const made = await readSecrets(SECRETS, {});
  const wanted = names.length > 0 ? names : Object.keys(made);
  for (const name of wanted) say(`${name}=${made[name] ?? '(not made here)'}`);
}

async function rotate(): Promise<void> {
  const made = await readSecrets(SECRETS, {});
  const unknown = names.filter((name) => !(name in made));
  if (names.length === 0 || unknown.length > 0) {
    throw new EnvError(`rotate what? Made here: ${Object.keys(made).join(', ')}`);
  }
  const kept = Object.fromEntries(Object.entries(made).filter(([name]) => !names.includes(name)));
  await writeFile(SECRETS, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  const changed = (await write()).filter((name) => name !== 'cli');
  if (changed.length === 0) return;
  say(`\nNow: docker compose up --detach --force-recreate ${changed.join(' ')}`);
}

function pick(from: Record<string, string>, wanted: string[]): Record<string, string> {
  return Object.fromEntries(wanted.map((name) => [name, from[name] ?? '']));
}

function describe({ isLocal, apiPort, sandboxPort }: StackKnobs, all: NodeJS.ProcessEnv): void {
  say(`landing-api  ${all['PUBLIC_BASE_URL'] ?? `http://localhost:${apiPort}`}`);
  if (isLocal) {
    say(`forms        http://localhost:${sandboxPort}/forms/`);
    say(
      `inbox        http://localhost:${sandboxPort}/   every mail and SMS: none leaves this machine`,
    );
  }
  say('admin token  docker compose run --rm settings show ADMIN_TOKEN');
}

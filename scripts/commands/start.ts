/**
 * `npm start`: the whole product on this machine, with real parts, until Ctrl-C. LEADWIRE_DATA_DIR names
 * another folder than `.data`, for a second stack beside the first. With `--demo` there are invented people to look at.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  choosePorts,
  DEMO_DELAY_MS,
  readDotEnv,
  stackEnv,
  toProgram,
  type Ports,
} from '../stack/dev-stack.ts';
import { PARTS, type Part } from '../stack/parts.ts';
import { accountsIn, seedDemo } from '../stack/demo.ts';
import { inviteFirstOwner } from '../stack/first-owner.ts';
import { findNatsServer } from '../machine/nats-server.ts';
import { canConnect } from '../stack/ports.ts';
import { say, step } from '../machine/progress.mjs';
import {
  claimRunFile,
  know,
  stopLeftovers,
  writeRunFile,
  type RunFile,
} from '../stack/run-file.ts';
import { readSecrets } from '../stack/secrets.ts';
import { refuseFaults } from '../stack/settings-check.ts';
import { unknownSettings } from '../stack/unknown-settings.ts';
import { supervise, type Program, type Supervised } from '../stack/supervisor.ts';
import { ExplainedError } from '../machine/tools.mjs';

/** A service that has not finished after this long is killed; what it was doing is redelivered. */
const GRACE_MS = 10_000;
/** Ctrl-C reaches npm, bootstrap.mjs and this process, and each passes it on: one press, several signals. */
const SAME_PRESS_MS = 1_000;

const isDemo = process.argv.includes('--demo');

const root = path.resolve(import.meta.dirname, '../..');
const dataDir = path.resolve(process.env['LEADWIRE_DATA_DIR'] ?? path.join(root, '.data'));
const runFile = path.join(dataDir, 'run.json');

const running: Supervised[] = [];
/** Stopped after the services that stand on them. */
const groundParts = new Set(PARTS.flatMap(({ needs }) => needs));
let stoppingSince = 0;
let isClaimed = false;

// Leads, logs and keys of this stack are its owner's alone, whichever part writes them.
process.umask(0o077);
mkdirSync(path.join(dataDir, 'logs'), { recursive: true });
stopOnSignals();
try {
  await start(await claim());
} catch (error) {
  const message = error instanceof ExplainedError ? error.message : String((error as Error).stack);
  if (!stoppingSince) process.stderr.write(`\n${message}\n\n`);
  await stopAll(1);
}

/** Becomes the one stack of this data folder; a stack that runs already ends this process, undisturbed. */
async function claim(): Promise<RunFile> {
  const supervisor = know('npm start', process.pid);
  if (!supervisor) throw new Error('this process cannot be found in the process table');
  const result = claimRunFile(runFile, supervisor);
  if ('other' in result) {
    const { supervisor: first, addresses } = result.other;
    say(`Leadwire is already running here (process ${first.pid}).`);
    say(addresses.join('\n') || 'It is still starting.');
    process.exit(1);
  }
  isClaimed = true;
  const { leftovers } = result;
  if (leftovers.length > 0) {
    const names = leftovers.map(({ name, pid }) => `${name} (${pid})`).join(', ');
    await step(`The last run was killed and left ${names}: stopping`, () =>
      stopLeftovers(leftovers),
    );
  }
  return { supervisor, addresses: [], children: [] };
}

async function start(run: RunFile): Promise<void> {
  const own = readDotEnv(path.join(root, '.env'));
  const example = readFileSync(path.join(root, '.env.example'), 'utf8');
  for (const line of unknownSettings(Object.keys(own), example)) say(line);
  const given = { ...own, ...process.env };
  const secrets = await readSecrets(path.join(dataDir, 'secrets.json'));
  await refuseFaults(root, example, given, secrets);
  const parts = PARTS.filter((part) => !part.isReplaced?.(given));
  const needsNats = parts.some(({ name }) => name === 'nats');
  if (!needsNats) await checkBroker(given['NATS_URL'] ?? '');
  const natsServer = needsNats ? await findNatsServer({ log: say, env: given }) : '';
  const ports = await choosePorts(parts, say);
  const env = stackEnv(ports, dataDir, secrets, given);
  const programOf = (part: Part) => toProgram(part, ports, env, { root, dataDir, natsServer });
  await step('Leadwire: starting', (note) => startTogether(run, parts, programOf, note));
  if (stoppingSince) return;
  const ownerLink = await inviteFirstOwner(env);
  if (isDemo) await step('Demo: invented people and their leads', () => addDemo(env, ports));
  run.addresses = describe(ports, env, ownerLink);
  run.env = placesOf(env);
  writeRunFile(runFile, run);
  say(['', 'Leadwire is running.', '', ...run.addresses, ''].join('\n'));
}

/** @throws ExplainedError beside accounts of one's own: nobody invented may end in them */
async function addDemo(env: NodeJS.ProcessEnv, ports: Ports): Promise<void> {
  const sandboxUrl = `http://127.0.0.1:${ports('sandbox')}`;
  const foreign = accountsIn(env);
  if (foreign.length === 0) return seedDemo(env, sandboxUrl);
  throw new ExplainedError(
    `--demo is for a stack without accounts: ${foreign.join(', ')} leads elsewhere.`,
  );
}

/** Side by side, each as soon as what it needs is healthy. @throws what the first failure says. */
async function startTogether(
  run: RunFile,
  parts: readonly Part[],
  programOf: (part: Part) => Program,
  note: (detail: string) => void,
): Promise<void> {
  const waiting = new Set(parts.map(({ name }) => name));
  const ready = new Map<string, Promise<void>>();
  const startOne = async (part: Part): Promise<void> => {
    // What is replaced by something outside is there already.
    for (const name of part.needs) await ready.get(name);
    if (stoppingSince) return;
    const onSpawn = (pid: number) => remember(run, part.name, pid);
    const supervised = supervise(programOf(part), { say, onSpawn });
    running.push(supervised);
    await supervised.ready;
    waiting.delete(part.name);
    note([...waiting].join(', '));
  };
  for (const part of parts) ready.set(part.name, startOne(part));
  await Promise.all(ready.values());
}

/** What `npm run leadwire` needs to find this stack. */
function placesOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = [
    ...['NATS_URL', 'JOURNAL_DIR', 'MAILER_BATCH_URL', 'ADMIN_TOKEN', 'CONTACT_HASH_SECRET'],
    ...['LANDING_SUPABASE_URL', 'LANDING_SUPABASE_SERVICE_KEY'],
    ...['LANDING_SUPABASE_PUBLISHABLE_KEY', 'CONSOLE_URL', 'LANDING_API_URL', 'PUBLIC_BASE_URL'],
    ...['TRIPWIRE_SUPABASE_URL', 'TRIPWIRE_SERVICE_ROLE_KEY'],
    ...Object.keys(env).filter((name) => /^(AMOCRM|MAILGUN|MOBIZON|RESEND|TELEGRAM)_/.test(name)),
  ];
  const known = names.map((name) => [name, env[name] ?? ''] as const);
  return Object.fromEntries(known.filter(([, value]) => value !== ''));
}

/** A broker that is given has to be there: waiting for every service to give up would take minutes. */
async function checkBroker(servers: string): Promise<void> {
  for (const server of servers.split(',')) {
    const url = new URL(server.includes('://') ? server : `nats://${server.trim()}`);
    if (await canConnect(url.hostname, Number(url.port || 4222))) return;
  }
  throw new ExplainedError(
    `No broker answers at NATS_URL=${servers.replace(/\/\/[^@/]*@/g, '//')}.\n` +
      'Start it, or leave NATS_URL away: then one is started here.',
  );
}

/** Notes a started process where the next start will find it. */
function remember(run: RunFile, name: string, pid: number): void {
  const known = know(name, pid);
  const others = run.children.filter((child) => child.name !== name);
  run.children = known ? [...others, known] : others;
  writeRunFile(runFile, run);
}

function describe(ports: Ports, env: NodeJS.ProcessEnv, ownerLink?: string): string[] {
  const sandbox = `http://localhost:${ports('sandbox')}`;
  const api = `http://localhost:${ports('landing-api')}`;
  const delay = Number(env['NOTIFY_DELAY_MS']) / 1000;
  const isDemo = env['NOTIFY_DELAY_MS'] === String(DEMO_DELAY_MS);
  return [
    `  console      ${env['CONSOLE_URL'] ?? ''}/`,
    ...(ownerLink === undefined ? [] : [`  first owner  ${ownerLink}`]),
    `  forms        ${sandbox}/forms/`,
    `  inbox        ${sandbox}/            every mail and SMS, as it would arrive`,
    `  CRM board    ${sandbox}/inbox/amocrm        deals on their stages; drag one, and the lead knows`,
    `  Telegram     ${sandbox}/inbox/telegram      groups and bots; add a bot, and talk to it`,
    `  API docs     ${api}/docs`,
    `  campaigns    http://localhost:${ports('mailer-batch')}/docs   or: npm run leadwire -- campaign --help`,
    `  admin token  ${env['ADMIN_TOKEN'] ?? ''}`,
    `  platform     ${env['PLATFORM_TOKEN'] ?? ''}  (token for /api/platform/students)`,
    `  data         ${dataDir}  (kept for the next start; logs in logs/)`,
    '',
    `  Emails and SMS leave ${delay} seconds after the lead${isDemo ? ' here (10 minutes in production)' : ''}; NOTIFY_DELAY_MS changes that.`,
    '  Ctrl-C stops everything, or: npm stop',
  ];
}

function stopOnSignals(): void {
  const onSignal = () => {
    if (!stoppingSince) void stopAll(0);
    else if (Date.now() - stoppingSince > SAME_PRESS_MS) killAll();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // bootstrap.mjs holds the other end: it being gone means that somebody killed it outright.
  process.on('disconnect', onSignal);
  // A closed terminal takes no more lines; that is no reason to leave processes behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Ends the services, then the ground they stand on, then this process. */
async function stopAll(code: number): Promise<void> {
  if (stoppingSince) return;
  stoppingSince = Date.now();
  if (running.length > 0) {
    await step('Stopping', async () => {
      const isGround = ({ name }: Supervised) => groundParts.has(name);
      for (const parts of [running.filter((each) => !isGround(each)), running.filter(isGround)]) {
        await Promise.all(parts.map((part) => part.stop(GRACE_MS)));
      }
    });
  }
  if (isClaimed) rmSync(runFile, { force: true });
  process.exit(code);
}

function killAll(): void {
  for (const part of running) part.kill();
}

/** `npm start` as a person has it: the real stack, a lead, kill -9, and a start after it. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '@leadwire/testing/wait-for';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../packages/cli/test/run-cli.ts';
import { fencedLines } from './fenced-lines.ts';
import { makeDeadLetter, problemOf, writeFilesOfPages } from './fenced-run.ts';
import { WAYS } from './fenced-ways.ts';
import {
  isRunning,
  readRunFile,
  signalGroup,
  type KnownProcess,
} from '../../scripts/stack/run-file.ts';

const root = path.resolve(import.meta.dirname, '../..');
const STARTED_MS = 150_000;

let dataDir = '';
const stacks: ChildProcess[] = [];
/** Left by one test for the next. */
let running: Stack | undefined;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'leadwire-e2e-'));
});
afterAll(async () => {
  for (const stack of stacks) stack.kill('SIGKILL');
  for (const { pid } of everyProcess()) signalGroup(pid, 'SIGKILL');
  await waitFor(() => !everyProcess().some(isRunning), { what: 'every process to end' });
  await rm(dataDir, { recursive: true, force: true });
});

/** A stack that prints into `output`. */
type Stack = { process: ChildProcess; output: () => string; sandbox: string; api: string };

function spawnStack(notifyDelayMs: number): { process: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['scripts/commands/start.ts'], {
    cwd: root,
    env: {
      ...process.env,
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
      LEADWIRE_DATA_DIR: dataDir,
      NOTIFY_DELAY_MS: String(notifyDelayMs),
    },
  });
  stacks.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  return { process: child, output: () => output };
}

async function startStack(notifyDelayMs: number): Promise<Stack> {
  const { process: child, output } = spawnStack(notifyDelayMs);
  await waitFor(() => output().includes('Ctrl-C') || child.exitCode !== null, {
    timeoutMs: STARTED_MS,
    what: 'the stack to start',
  });
  const find = (pattern: RegExp) => {
    const match = pattern.exec(output())?.[1];
    if (!match) throw new Error(`the stack did not start:\n${output()}`);
    return match;
  };
  const inbox = find(/inbox +(http:\/\/localhost:\d+)\//);
  return { process: child, output, sandbox: inbox, api: find(/docs +(http:\/\/localhost:\d+)\//i) };
}

function everyProcess(): KnownProcess[] {
  return readRunFile(path.join(dataDir, 'run.json'))?.children ?? [];
}

async function postLead(
  { api }: Stack,
  form: 'proftest' | 'submit',
  name: string,
): Promise<string> {
  const person = { name, email: `${name}@mail.example-lead.kz`, phone: '+77051234567' };
  const response = await fetch(`${api}/api/landing/${form}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(form === 'submit' ? { ...person, paymentMethod: 'robokassa' } : person),
  });
  expect(response.status).toBe(201);
  const { leadId } = (await response.json()) as { leadId: string };
  return leadId;
}

/** What the API tells of a lead's two channels. */
type Told = { status: string; scheduled_for: string | null };

async function readChannels({ api }: Stack, leadId: string): Promise<Told[]> {
  const secrets = JSON.parse(await readFile(path.join(dataDir, 'secrets.json'), 'utf8')) as {
    ADMIN_TOKEN: string;
  };
  const response = await fetch(`${api}/api/landing/leads/${leadId}/status`, {
    headers: { authorization: `Bearer ${secrets.ADMIN_TOKEN}` },
  });
  const { channels } = (await response.json()) as { channels: Record<string, Told> };
  return Object.values(channels);
}

async function statuses(stack: Stack, leadId: string): Promise<string[]> {
  return (await readChannels(stack, leadId)).map(({ status }) => status);
}

/** What `npm run leadwire` finds by itself. */
const envOfStack = (): Record<string, string> =>
  readRunFile(path.join(dataDir, 'run.json'))?.env ?? {};

/** What the CLI says; it finds the stack by itself. */
function leadwire(...args: string[]): string {
  const env = { ...process.env, LEADWIRE_DATA_DIR: dataDir };
  return execFileSync(process.execPath, ['scripts/commands/leadwire.ts', ...args], {
    cwd: root,
    env,
  }).toString();
}

/** What `npm stop` says, typed in another terminal. */
async function npmStop(): Promise<string> {
  const args = ['--disable-warning=ExperimentalWarning', 'scripts/commands/stop.ts'];
  const env = { ...process.env, LEADWIRE_DATA_DIR: dataDir };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
  return stdout;
}

/** What really happened in the sandbox's world: how many of each kind. */
async function effectsOf({ sandbox }: Stack): Promise<Record<string, number>> {
  const response = await fetch(`${sandbox}/__sim/effects`);
  const { effects } = (await response.json()) as { effects: { kind: string }[] };
  const counts: Record<string, number> = {};
  for (const { kind } of effects) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

async function untilSent(stack: Stack, leadId: string): Promise<void> {
  await waitFor(async () => (await statuses(stack, leadId)).every((status) => status === 'sent'), {
    // A message that a killed process held is delivered again after ack_wait, 30 s.
    timeoutMs: 60_000,
    what: `both messages of ${leadId} to be sent`,
  });
}

describe('npm start', () => {
  test(
    'carries a lead to the inbox, survives kill -9 of everything, and sends once what was planned',
    async () => {
      const first = await startStack(1_000);
      const early = await postLead(first, 'proftest', 'aigerim');
      await untilSent(first, early);
      const shown = async () => (await runCli(envOfStack(), 'leads', 'show', early)).out;
      await waitFor(async () => (await shown()).includes('email sent, sms sent'), {
        what: 'the CLI to show the rows of the stack that runs',
      });
      // What providers tell comes by itself: the mail's webhook, and the SMS's report, which is asked about.
      const delivered = /email +delivered[^]*sms +delivered/;
      await waitFor(async () => delivered.test(await shown()), {
        timeoutMs: 90_000,
        what: 'both messages to be delivered',
      });
      expect(leadwire('leads', 'show', early)).toMatch(delivered);

      const second = spawnStack(1_000);
      // Not `exit`: what it said may still be on its way then.
      await once(second.process, 'close');
      expect(second.output()).toContain('already running');
      expect(second.output()).toContain(first.sandbox);

      // Another form: the same message goes to one phone once a day.
      const planned = await postLead(first, 'submit', 'daniyar');
      await waitFor(async () =>
        (await readChannels(first, planned)).every(({ scheduled_for }) => scheduled_for !== null),
      );
      first.process.kill('SIGKILL');
      const [, ...othersAlive] = everyProcess();
      for (const { pid } of othersAlive) signalGroup(pid, 'SIGKILL');

      const third = await startStack(1_000);
      expect(third.output()).toMatch(/The last run was killed and left nats \(\d+\)/);
      await untilSent(third, planned);
      expect(await statuses(third, early)).toEqual(['sent', 'sent']);
      // Both leads gave one phone: one person, one deal.
      const oneDeal = { 'contact-created': 1, 'lead-created': 1 };
      expect(await effectsOf(third)).toMatchObject({ mail: 2, sms: 2, ...oneDeal });

      running = third;
    },
    STARTED_MS * 3,
  );

  test(
    'every command in a block of a README or of docs/ does what the page says',
    async () => {
      running ??= await startStack(1_000);
      const env = envOfStack();
      const told = {
        leadId: '',
        adminToken: env['ADMIN_TOKEN'] ?? '',
        campaigns: [],
        deadLetter: '',
      };
      const reader = { told, env, folder: await mkdtemp(path.join(dataDir, 'files-')) };
      writeFilesOfPages(reader.folder);
      await makeDeadLetter(reader);

      const problems: string[] = [];
      const ways = new Map(WAYS);
      for (const { file, line } of fencedLines()) {
        const [page = '', way] =
          [...WAYS].find(([page]) =>
            typeof page === 'string' ? page === line : page.test(line),
          ) ?? [];
        ways.delete(page);
        const problem = !way
          ? 'stands in no row of test/e2e/fenced-ways.ts'
          : way.not === undefined && (await problemOf(reader, line, way));
        if (problem) problems.push(`${file}: ${line}: ${problem}`);
      }
      expect(problems).toEqual([]);
      expect([...ways.keys()]).toEqual([]);
    },
    STARTED_MS * 2,
  );

  test(
    'npm stop ends every process from another terminal, leaves the data, and says when nothing runs',
    async () => {
      const stack = (running ??= await startStack(1_000));
      const processes = everyProcess();
      expect(processes.length).toBeGreaterThan(5);
      const [exit, said] = await Promise.all([once(stack.process, 'exit'), npmStop()]);
      expect([exit[0], said]).toEqual([0, expect.stringContaining('✓ Stopping')]);
      expectNothingRuns(processes);
      for (const kept of ['secrets.json', 'nats', 'supabase', 'sandbox', 'logs']) {
        expect([kept, existsSync(path.join(dataDir, kept))]).toEqual([kept, true]);
      }
      expect(await npmStop()).toBe('Leadwire is not running here.\n');
    },
    STARTED_MS * 2,
  );

  test(
    'Ctrl-C ends every process, also of a stack that still starts',
    async () => {
      // One handler answers every signal, and the test above has ended a whole stack.
      const stack = spawnStack(1_000);
      await waitFor(() => everyProcess().length > 2, {
        timeoutMs: STARTED_MS,
        what: 'broker, database and sandbox',
      });
      const processes = everyProcess();
      stack.process.kill('SIGINT');
      await once(stack.process, 'exit');
      expectNothingRuns(processes);
    },
    STARTED_MS,
  );
});

function expectNothingRuns(processes: readonly KnownProcess[]): void {
  expect(processes.filter(isRunning)).toEqual([]);
  expect(existsSync(path.join(dataDir, 'run.json'))).toBe(false);
}

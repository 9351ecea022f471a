/**
 * Keeps one program of the dev stack running: its output in a log file, a restart when it dies, an orderly
 * end. In production docker compose does this.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { createRepeatFilter, toTerminal } from './log-lines.ts';
import { tail } from '../machine/run-command.mjs';
import { signalGroup } from './run-file.ts';
import { ExplainedError } from '../machine/tools.mjs';

/** One program, complete: nothing is looked up when it is started again. */
export type Program = {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Answers 2xx when the program can do its work. */
  healthUrl: string;
  logFile: string;
};

export type Supervised = {
  name: string;
  /** Resolves when the program was healthy for the first time; rejects when it cannot get there. */
  ready: Promise<void>;
  /** SIGTERM, then SIGKILL for whoever is still there after the grace. */
  stop: (graceMs: number) => Promise<void>;
  /** SIGKILL at once. */
  kill: () => void;
};

export type Watcher = {
  /** A line for the person at the terminal. */
  say: (line: string) => void;
  /** Called with the process number on every start, before anything else happens. */
  onSpawn: (pid: number) => void;
};

/** So often a program may end before it was healthy once; then it is called broken. */
const BOOT_ATTEMPTS = 3;
/** Database files are made and migrations run on the first start; on two busy cores that takes a while. */
const READY_MS = 120_000;
/** All services are asked at once, by one process that they share two cores with. */
const LOOK_MS = 200;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** Whoever ran this long starts with the shortest wait again. */
const STEADY_MS = 30_000;
/** A log larger than this is set aside at the next start. */
const LOG_BYTES = 10_000_000;

/** Starts the program and keeps it running until `stop`. */
export function supervise(program: Program, watcher: Watcher): Supervised {
  const ended = new AbortController();
  const state = { child: undefined as ChildProcess | undefined, wasReady: false };
  const log = openLog(program.logFile);

  const runOnce = async (): Promise<string> => {
    const { command, args, env } = program;
    // Its own process group: a Ctrl-C reaches the supervisor alone, which ends the parts in order.
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    state.child = child;
    if (child.pid !== undefined) watcher.onSpawn(child.pid);
    // Its lines stay in the file until it is healthy (should it fail, the message ends with the last of
    // them) and while it is stopped, when it complains of what is ending around it.
    const isShown = (): boolean => state.wasReady && !ended.signal.aborted;
    follow(child, log, isShown, (text) => {
      watcher.say(`${new Date().toTimeString().slice(0, 8)} ${program.name}: ${text}`);
    });
    return new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code ?? 0}`));
    });
  };

  const keepRunning = async (): Promise<never> => {
    for (let failures = 1; ; failures++) {
      const startedAt = Date.now();
      const how = await runOnce();
      if (Date.now() - startedAt > STEADY_MS) failures = 1;
      ended.signal.throwIfAborted();
      if (!state.wasReady && failures >= BOOT_ATTEMPTS) throw cannotStart(program, `ended: ${how}`);
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
      if (state.wasReady) {
        watcher.say(`${program.name} ended (${how}); started again in ${wait / 1000} s`);
      }
      await delay(wait, undefined, { signal: ended.signal });
    }
  };

  const running = keepRunning();
  const healthy = untilHealthy(program, ended.signal).then(() => void (state.wasReady = true));
  const ready = Promise.race([running, healthy]);
  // Whoever awaits `ready` hears of a failure; the loser of the race is nobody's business.
  for (const each of [running, healthy, ready]) each.catch(() => undefined);

  return {
    name: program.name,
    ready,
    stop: async (graceMs) => {
      ended.abort();
      await endProcess(state.child, graceMs);
      log.end();
    },
    kill: () => state.child?.pid && isAlive(state.child) && signalGroup(state.child.pid, 'SIGKILL'),
  };
}

function openLog(file: string) {
  if (existsSync(file) && statSync(file).size > LOG_BYTES) renameSync(file, `${file}.old`);
  return createWriteStream(file, { flags: 'a' });
}

/** Copies what the program prints to its log file, and hands on what a person should see while `isShown`. */
function follow(
  child: ChildProcess,
  log: { write: (text: string) => unknown; writable: boolean },
  isShown: () => boolean,
  show: (text: string) => void,
): void {
  const filter = createRepeatFilter();
  for (const from of ['stdout', 'stderr'] as const) {
    const stream = child[from];
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      if (log.writable) log.write(`${line}\n`);
      const text = toTerminal(line, from);
      // What nobody sees is not the first of its kind: a repeat of it later is.
      const shown = text === undefined || !isShown() ? undefined : filter(text);
      if (shown !== undefined) show(shown);
    });
  }
}

async function untilHealthy(program: Program, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_MS;
  let problem = 'no answer';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    try {
      const response = await fetch(program.healthUrl, { signal: AbortSignal.timeout(2_000) });
      const body = await response.text();
      if (response.ok) return;
      problem = `${response.status} ${body.slice(0, 200)}`;
    } catch {
      // Not listening yet.
    }
    await delay(LOOK_MS, undefined, { signal });
  }
  throw cannotStart(program, `not ready after ${READY_MS / 1000} s (${problem})`);
}

function cannotStart(program: Program, why: string): ExplainedError {
  const lines = existsSync(program.logFile) ? tail(readFileSync(program.logFile, 'utf8'), 15) : '';
  return new ExplainedError(
    `${program.name} does not start (${why}). Its last lines, from ${program.logFile}:\n${lines}`,
  );
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function endProcess(child: ChildProcess | undefined, graceMs: number): Promise<void> {
  if (!child?.pid || !isAlive(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  signalGroup(child.pid, 'SIGTERM');
  const timer = setTimeout(() => child.pid && signalGroup(child.pid, 'SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

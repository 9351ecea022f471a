/**
 * `.data/run.json`: which processes belong to the running stack. It lets a second start see the first one,
 * and a start after `kill -9` find what that left behind, without taking a stranger's process for ours.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that can be told from a later one with the same number. */
export type KnownProcess = { name: string; pid: number; born: string };

export type RunFile = {
  supervisor: KnownProcess;
  /** Lines that tell a person where everything is; empty while the stack is starting. */
  addresses: string[];
  /** Variables by which a command on this machine finds the stack; the file is its owner's alone. */
  env?: Record<string, string>;
  /** In the order they were started. */
  children: KnownProcess[];
};

/**
 * When a process began, as text that no other process with that number will have: the kernel's boot and
 * the clock tick on Linux, `ps` elsewhere. Undefined when there is no such process, or a dead one that is
 * only waiting to be collected.
 */
export function bornAt(pid: number): string | undefined {
  if (!existsSync('/proc/self/stat')) return bornByPs(pid);
  try {
    // proc(5): the name in parentheses may hold spaces; the state is the next field, the start the 20th on.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return fields[0] === 'Z' ? undefined : `${boot}/${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

function bornByPs(pid: number): string | undefined {
  try {
    const args = ['-o', 'lstart=', '-p', String(pid)];
    const told = execFileSync('ps', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return told.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The process as the run file keeps it; undefined when it has ended already. */
export function know(name: string, pid: number): KnownProcess | undefined {
  const born = bornAt(pid);
  return born === undefined ? undefined : { name, pid, born };
}

/** Whether that very process still runs. */
export function isRunning({ pid, born }: KnownProcess): boolean {
  return bornAt(pid) === born;
}

/** Reads the file; undefined when there is none or a crash left it unreadable. */
export function readRunFile(file: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunFile;
  } catch {
    return undefined;
  }
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeRunFile(file: string, run: RunFile): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Makes this process the one supervisor of the data folder.
 * @returns the file as it was when another supervisor is alive; otherwise `mine`, with the processes that a
 * killed one left behind.
 */
export function claimRunFile(
  file: string,
  supervisor: KnownProcess,
): { other: RunFile } | { leftovers: KnownProcess[] } {
  const found = readRunFile(file);
  if (found && isRunning(found.supervisor)) return { other: found };
  const leftovers = (found?.children ?? []).filter(isRunning);
  rmSync(file, { force: true });
  try {
    const mine: RunFile = { supervisor, addresses: [], children: leftovers };
    writeFileSync(file, JSON.stringify(mine), { flag: 'wx' });
    return { leftovers };
  } catch (error) {
    const other = readRunFile(file);
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && other) return { other };
    throw error;
  }
}

/** How long a leftover may take to finish its work before it is killed. */
const LEFTOVER_GRACE_MS = 5_000;

/** Ends the processes of a killed stack, last started first; returns when none of them runs. */
export async function stopLeftovers(
  leftovers: readonly KnownProcess[],
  graceMs = LEFTOVER_GRACE_MS,
): Promise<void> {
  for (const leftover of leftovers.toReversed()) {
    signalGroup(leftover.pid, 'SIGTERM');
    const deadline = Date.now() + graceMs;
    while (isRunning(leftover) && Date.now() < deadline) await delay(50);
    if (isRunning(leftover)) signalGroup(leftover.pid, 'SIGKILL');
    while (isRunning(leftover)) await delay(20);
  }
}

/** Signals a process and what it started: each part of the stack leads a process group of its own. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group (or it has ended): the process alone is tried, then nothing is left to signal.
    }
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { processEnv } from './process-env.ts';
import { waitFor } from './wait-for.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
/** One second on a quiet machine; several times as many of them as it has cores may start at once. */
export const READY_TIMEOUT_MS = 60_000;

/** One line of a service's log; other output arrives as `{ msg: <the line> }`. */
export interface LogLine {
  level?: string;
  msg?: string;
  [key: string]: unknown;
}

export interface ServiceProcess {
  /** Its HTTP server, without a trailing slash. */
  readonly url: string;
  readonly pid: number;
  /** What it has written so far, in order. */
  readonly logs: readonly LogLine[];
  /** Resolves when the process is gone: its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** SIGKILL: what a crash or a power cut does. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, then waits for the end. Resolves with the exit code. */
  stop(): Promise<number | string>;
}

export interface ServiceProcessOptions {
  /** The main file, from the root of the repository: `services/notifier/src/main.ts`. */
  entry: string;
  /** All that it sees besides PATH. PORT is 0 (a free one) and LOG_LEVEL `info` unless given. */
  env: Record<string, string>;
  /** What counts as started: `/readyz` answers 200 (default), or just that it listens. */
  until?: 'ready' | 'listening';
}

/**
 * Runs a service as it is run in production: `node <entry>`, a process of its own.
 * @throws with its last log lines when it ends or is not ready within a minute; it is killed then.
 */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [options.entry], {
    cwd: REPOSITORY,
    env: {
      ...processEnv,
      PORT: '0',
      LOG_LEVEL: 'info',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logs: LogLine[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => logs.push(parseLine(line)));
  }
  let ending: number | string | undefined;
  // Closed, not just gone: its last words have arrived.
  const exited = once(child, 'close').then(([code, signal]) => {
    ending = (code as number | null) ?? (signal as string);
    return ending;
  });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };

  try {
    const url = await waitFor(
      async () => {
        const listening = logs.find(({ msg, url }) => msg?.endsWith('listening') && url)?.url as
          string | undefined;
        const address = listening?.replace('0.0.0.0', '127.0.0.1');
        if (address !== undefined && options.until === 'listening') return address;
        if (ending !== undefined) return 'ended';
        if (address === undefined) return undefined;
        return (await fetch(`${address}/readyz`)).ok ? address : undefined;
      },
      { timeoutMs: READY_TIMEOUT_MS, what: `${options.entry} to be ready` },
    );
    if (url === 'ended') throw new Error(`${options.entry} ended with ${String(ending)}`);
    return {
      url,
      pid: child.pid!,
      logs,
      exited,
      kill: async () => void (await end('SIGKILL')),
      stop: () => end('SIGTERM'),
    };
  } catch (thrown) {
    await end('SIGKILL');
    throw withLastLines(thrown, logs);
  }
}

/** What a start threw, with what the service said last. */
export function withLastLines(thrown: unknown, logs: readonly LogLine[]): Error {
  const lines = logs.slice(-20).map((line) => JSON.stringify(line));
  return new Error(`${(thrown as Error).message}\n${lines.join('\n')}`, { cause: thrown });
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}

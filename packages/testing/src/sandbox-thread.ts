import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { connectSandbox, type SandboxControl } from '@leadwire/sandbox/control-client';
import { FROM_EMAIL, MOBIZON_KEY, RATE_PER_SECOND } from './settings.ts';

/** A sandbox that runs beside the test, and the way to steer it. */
export interface SandboxThread {
  /** Without a trailing slash. */
  readonly url: string;
  readonly control: SandboxControl;
  /** The test file is over: the next one that wants the same gets it emptied. */
  stop(): Promise<void>;
}

/** A thread that runs, and has nothing of whoever had it before. */
type Running = Omit<SandboxThread, 'stop'>;

/** Those that no test file has at the moment, by what they were started with. */
const free = new Map<string, Running[]>();

/**
 * The sandbox as a thread of its own: when requests arrive at it is not held up by the tests. Limits are wide unless `env`
 * says otherwise. The files of a worker share it one after the other: starting one takes most of a second of a core.
 * @throws what its start throws.
 */
export async function startSandboxThread(env: Record<string, string> = {}): Promise<SandboxThread> {
  const wanted = {
    RESEND_FROM_EMAIL: FROM_EMAIL,
    SANDBOX_RESEND_RATE_PER_SECOND: String(RATE_PER_SECOND),
    MOBIZON_API_KEY: MOBIZON_KEY,
    SANDBOX_MOBIZON_RATE_PER_SECOND: String(RATE_PER_SECOND),
    ...env,
  };
  const key = JSON.stringify(wanted);
  const running = free.get(key)?.pop() ?? (await startThread(wanted));
  const leave = async () => {
    await running.control.reset();
    free.set(key, [...(free.get(key) ?? []), running]);
  };
  let leaving: Promise<void> | undefined;
  return { ...running, stop: () => (leaving ??= leave()) };
}

async function startThread(env: Record<string, string>): Promise<Running> {
  const worker = new Worker(new URL('./sandbox-thread-main.ts', import.meta.url), { env });
  const [url] = (await once(worker, 'message')) as [string];
  // It ends with the process.
  worker.unref();
  return { url, control: connectSandbox(url) };
}

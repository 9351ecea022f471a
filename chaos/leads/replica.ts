/** One process of a service that is started again whenever it ends, as a supervisor does it in production. */
import { setTimeout as delay } from 'node:timers/promises';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';

export interface Replica {
  /** `notifier 1`. */
  readonly name: string;
  /** Times that it died by SIGKILL. */
  readonly crashes: number;
  /** Ends that nobody caused: the exit codes. */
  readonly ownEnds: readonly string[];
  isReady(): boolean;
  /** SIGKILL, if it runs. The next process is started at once. */
  crash(): Promise<void>;
  /** SIGKILL, and no next process until `start`. */
  halt(): Promise<void>;
  start(): void;
  /** Resolves when a process of it is ready. */
  untilReady(): Promise<void>;
}

export interface ReplicaOptions {
  name: string;
  entry: string;
  /** Asked for each start, so that each process can be given other faults. */
  env: () => Record<string, string>;
  /** Hears of each death by SIGKILL. */
  onCrash: (name: string) => void;
}

const RESTART_MS = 100;
const READY_POLL_MS = 20;

/** Runs nothing until `start`. */
export function createReplica({ name, entry, env, onCrash }: ReplicaOptions): Replica {
  let current: ServiceProcess | undefined;
  let wanted = false;
  let running: Promise<void> | undefined;
  let crashes = 0;
  const ownEnds: string[] = [];

  const keepRunning = async (): Promise<void> => {
    while (wanted) {
      try {
        const options = { entry, env: env(), until: 'listening' as const };
        const service = await startServiceProcess(options);
        current = service;
        // Asked to stop while it was starting.
        if (!wanted) await service.kill();
        noteEnd(await service.exited);
      } catch (thrown) {
        noteFailedStart(thrown as Error);
        await delay(RESTART_MS);
      }
      current = undefined;
    }
  };

  const noteEnd = (ending: number | string): void => {
    if (ending !== 'SIGKILL') {
      ownEnds.push(String(ending));
      return;
    }
    crashes += 1;
    onCrash(name);
  };

  /** A crash point may lie before it listens; anything else is an end of its own. */
  const noteFailedStart = ({ message }: Error): void => {
    if (/ended with SIGKILL/.test(message)) noteEnd('SIGKILL');
    else ownEnds.push(message.split('\n')[0] ?? '');
  };

  return {
    name,
    get crashes() {
      return crashes;
    },
    ownEnds,
    isReady: () => current !== undefined,
    crash: async () => current?.kill(),
    async halt() {
      wanted = false;
      await current?.kill();
      await running;
    },
    start() {
      if (wanted) return;
      wanted = true;
      running = keepRunning();
    },
    async untilReady() {
      for (;;) {
        const url = current?.url;
        const isReady = await fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
        if (isReady) return;
        await delay(READY_POLL_MS);
      }
    },
  };
}

import { startServiceProcess, type ServiceProcess } from './service-process.ts';

/** A process that stays for the next test which wants it configured alike. */
interface Kept {
  entry: string;
  key: string;
  service: Promise<ServiceProcess>;
  isInUse: boolean;
}

export interface KeptServices {
  /**
   * A service with these variables: the one that an earlier test of the file started, if it still runs, or a new one.
   * One of the same entry that is configured otherwise, and not in use by this test, is stopped first: it would take
   * part in the work. @throws as `startServiceProcess`.
   */
  start(entry: string, env: Record<string, string>): Promise<ServiceProcess>;
  /** The test is over: its services are free for the next one. Of several that are alike one is kept. */
  release(): Promise<void>;
  /** Stops all of them. Not killed: what a killed one holds would come back in the next test, after ack_wait. */
  stop(): Promise<void>;
}

/** The services of one test file. Starting one costs a second or two, of which a run of all tests had hundreds. */
export function keepServices(): KeptServices {
  let kept: Kept[] = [];

  const stopThese = async (which: Kept[]): Promise<void> => {
    kept = kept.filter((each) => !which.includes(each));
    await Promise.all(which.map(async ({ service }) => (await service).stop()));
  };
  const isAlike = (one: Kept, other: { entry: string; key: string }): boolean =>
    one.entry === other.entry && one.key === other.key;

  return {
    async start(entry, env) {
      const key = JSON.stringify(env);
      await stopThese(
        kept.filter((each) => each.entry === entry && each.key !== key && !each.isInUse),
      );
      const free = kept.find((each) => isAlike(each, { entry, key }) && !each.isInUse);
      if (free) {
        free.isInUse = true;
        return free.service;
      }
      const service = startServiceProcess({ entry, env });
      const made: Kept = { entry, key, service, isInUse: true };
      kept.push(made);
      // Killed by its test, or never started.
      const forget = () => (kept = kept.filter((each) => each !== made));
      service.then(({ exited }) => exited).then(forget, forget);
      return service;
    },
    async release() {
      await stopThese(
        kept.filter((each, index) => kept.findIndex((other) => isAlike(other, each)) < index),
      );
      for (const each of kept) each.isInUse = false;
    },
    stop: () => stopThese(kept),
  };
}

import type { App, AppEnv } from '@leadwire/shared/service/app';
import { startServiceHere, type ServiceHere } from './service-here.ts';
import { startServiceProcess, type ServiceProcess } from './service-process.ts';

/** One that stays for the next test which wants it configured alike. */
interface Kept {
  name: string;
  key: string;
  service: Promise<{ stop(): Promise<unknown> }>;
  isInUse: boolean;
}

export interface KeptServices {
  /**
   * A service with these variables as a process: the one that an earlier test of the file started, if it still runs, or a
   * new one. One of the same name that is configured otherwise, and not in use by this test, is stopped first: it would
   * take part in the work. @throws as `startServiceProcess`.
   */
  start(entry: string, env: Record<string, string>): Promise<ServiceProcess>;
  /** The same in the test's own process, for a test that does not kill it. @throws as `startServiceHere`. */
  startHere<Env extends AppEnv>(app: App<Env>, env: Record<string, string>): Promise<ServiceHere>;
  /** The test is over: its services are free for the next one. Of several that are alike one is kept. */
  release(): Promise<void>;
  /** Stops all of them. Not killed: what a killed one holds would come back in the next test, after ack_wait. */
  stop(): Promise<void>;
}

/** The services of one test file. Starting one costs time, of which a run of all tests had hundreds. */
export function keepServices(): KeptServices {
  let kept: Kept[] = [];

  const stopThese = async (which: Kept[]): Promise<void> => {
    kept = kept.filter((each) => !which.includes(each));
    await Promise.all(which.map(async ({ service }) => (await service).stop()));
  };
  const isAlike = (one: Pick<Kept, 'name' | 'key'>, other: Pick<Kept, 'name' | 'key'>): boolean =>
    one.name === other.name && one.key === other.key;

  /** `key` says also how it is run, so what is found is what `make` makes. */
  const take = async <Service extends ServiceProcess | ServiceHere>(
    wanted: Pick<Kept, 'name' | 'key'>,
    make: () => Promise<Service>,
  ): Promise<Service> => {
    const { name, key } = wanted;
    await stopThese(kept.filter((each) => each.name === name && each.key !== key && !each.isInUse));
    const free = kept.find((each) => isAlike(each, wanted) && !each.isInUse);
    if (free) {
      free.isInUse = true;
      return free.service as Promise<Service>;
    }
    const service = make();
    const made: Kept = { name, key, service, isInUse: true };
    kept.push(made);
    // Killed or stopped by its test, or never started.
    const forget = (): void => void (kept = kept.filter((each) => each !== made));
    service.then(({ exited }) => exited).then(forget, forget);
    return service;
  };

  return {
    start: (entry, env) =>
      take({ name: entry.split('/')[1] ?? entry, key: JSON.stringify(['process', env]) }, () =>
        startServiceProcess({ entry, env }),
      ),
    startHere: (app, env) =>
      take({ name: app.name, key: JSON.stringify(['here', env]) }, () =>
        startServiceHere(app, env),
      ),
    async release() {
      await stopThese(
        kept.filter((each, index) => kept.findIndex((other) => isAlike(other, each)) < index),
      );
      for (const each of kept) each.isInUse = false;
    },
    stop: () => stopThese(kept),
  };
}

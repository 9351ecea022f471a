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
  /**
   * Two replicas alike: one in the test's own process, and one that can be killed. Neither is stopped for the other's sake,
   * as it is where a test wants one alone. @throws as both
   */
  startTwo<Env extends AppEnv>(
    app: App<Env>,
    entry: string,
    env: Record<string, string>,
  ): Promise<[ServiceHere, ServiceProcess]>;
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

  const stopOthers = (name: string, ...keys: string[]): Promise<void> =>
    stopThese(
      kept.filter((each) => each.name === name && !keys.includes(each.key) && !each.isInUse),
    );

  /** `key` says also how it is run, so what is found is what `make` makes. */
  const take = <Service extends ServiceProcess | ServiceHere>(
    wanted: Pick<Kept, 'name' | 'key'>,
    make: () => Promise<Service>,
  ): Promise<Service> => {
    const free = kept.find((each) => isAlike(each, wanted) && !each.isInUse);
    if (free) {
      free.isInUse = true;
      return free.service as Promise<Service>;
    }
    const service = make();
    const made: Kept = { ...wanted, service, isInUse: true };
    kept.push(made);
    // Killed or stopped by its test, or never started.
    const forget = (): void => void (kept = kept.filter((each) => each !== made));
    service.then(({ exited }) => exited).then(forget, forget);
    return service;
  };

  const keyOf = (how: 'process' | 'here', env: Record<string, string>) =>
    JSON.stringify([how, env]);
  const takeProcess = (name: string, entry: string, env: Record<string, string>) =>
    take({ name, key: keyOf('process', env) }, () => startServiceProcess({ entry, env }));
  const takeHere = <Env extends AppEnv>(app: App<Env>, env: Record<string, string>) =>
    take({ name: app.name, key: keyOf('here', env) }, () => startServiceHere(app, env));

  return {
    async start(entry, env) {
      const name = entry.split('/')[1] ?? entry;
      await stopOthers(name, keyOf('process', env));
      return takeProcess(name, entry, env);
    },
    async startHere(app, env) {
      await stopOthers(app.name, keyOf('here', env));
      return takeHere(app, env);
    },
    async startTwo(app, entry, env) {
      await stopOthers(app.name, keyOf('here', env), keyOf('process', env));
      return Promise.all([takeHere(app, env), takeProcess(app.name, entry, env)]);
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

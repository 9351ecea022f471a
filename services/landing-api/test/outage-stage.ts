/** A service that loses its broker: what the tests of outages are made of. */
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { createFolder, type JournalFolder } from './journal-folder.ts';
import { startApi, type Answer, type TestApi } from './start-api.ts';

export interface ApiOptions {
  folder?: JournalFolder;
  env?: Record<string, string>;
  /** The broker is not there at the start. */
  away?: boolean;
}

/** What a test starts is closed by `close`, last one first. */
export interface Stage {
  startBroker: () => Promise<TestBroker>;
  startFolder: () => Promise<JournalFolder>;
  start: (broker: { url: string }, options?: ApiOptions) => Promise<TestApi>;
  /** A broker that has had the service as its client and is gone now. */
  startThenLose: (options?: ApiOptions) => Promise<{ broker: TestBroker; api: TestApi }>;
  onClose: (cleanup: () => Promise<unknown>) => void;
  close: () => Promise<void>;
}

/** An empty stage. */
export function createStage(): Stage {
  const cleanups: (() => Promise<unknown>)[] = [];
  const stage: Stage = {
    async startBroker() {
      const broker = await startNats();
      cleanups.push(() => broker.close());
      return broker;
    },
    async startFolder() {
      const folder = await createFolder();
      cleanups.push(() => folder.remove());
      return folder;
    },
    async start(broker, { folder, env, away = false } = {}) {
      const journal = folder && { JOURNAL_DIR: folder.dir };
      const api = await startApi(broker, { env: { ...env, ...journal }, awaitBroker: !away });
      cleanups.push(() => api.stop());
      return api;
    },
    async startThenLose(options) {
      const broker = await stage.startBroker();
      const api = await stage.start(broker, options);
      await lose(broker, api);
      return { broker, api };
    },
    onClose: (cleanup) => void cleanups.push(cleanup),
    async close() {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    },
  };
  return stage;
}

/** Kills the broker and waits until the service knows. */
export async function lose(broker: TestBroker, { bus }: TestApi): Promise<void> {
  await broker.kill();
  await waitFor(() => !bus.isConnected(), { what: 'the bus to notice' });
}

/** Waits until the broker is there and has everything. */
export async function drained({ bus, journal }: TestApi): Promise<void> {
  await waitFor(() => bus.isConnected() && journal.depth() === 0, {
    timeoutMs: 20_000,
    what: 'the journal to be drained',
  });
}

/** The lead's id in an answer. */
export const idOf = ({ body }: Answer): string => String(body['leadId']);
/** The statuses of answers. */
export const statuses = (answers: Answer[]): number[] => answers.map(({ status }) => status);

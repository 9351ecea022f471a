/** Starts `counting-provider-server.ts` in a thread of its own and asks it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Arrivals, Command, Seen } from './counting-provider-server.ts';

export interface CountingProvider {
  url: string;
  /** Forgets everything, and keeps another limit (calls in any second) from now on. */
  restart(limit: number): void;
  seen(): Promise<Seen>;
  arrivals(): Promise<Arrivals>;
  close(): Promise<void>;
}

export async function startCountingProvider(): Promise<CountingProvider> {
  const worker = new Worker(new URL('./counting-provider-server.ts', import.meta.url));
  const answer = async <Message>(): Promise<Message> =>
    ((await once(worker, 'message')) as [Message])[0];
  const tell = (command: Command) => worker.postMessage(command);
  const ask = <Message>(command: Command): Promise<Message> => {
    tell(command);
    return answer<Message>();
  };
  const url = await answer<string>();
  return {
    url,
    restart: (limit) => tell({ do: 'restart', limit }),
    seen: () => ask<Seen>({ do: 'seen' }),
    arrivals: () => ask<Arrivals>({ do: 'arrivals' }),
    async close() {
      await worker.terminate();
    },
  };
}

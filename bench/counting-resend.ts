/** Starts `counting-resend-server.ts` in a thread of its own and asks it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Arrivals, Command, Seen } from './counting-resend-server.ts';

export interface CountingResend {
  url: string;
  /** Forgets everything, and keeps another limit (calls in any second) from now on. */
  restart(limit: number): void;
  seen(): Promise<Seen>;
  arrivals(): Promise<Arrivals>;
  close(): Promise<void>;
}

export async function startCountingResend(): Promise<CountingResend> {
  const worker = new Worker(new URL('./counting-resend-server.ts', import.meta.url));
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

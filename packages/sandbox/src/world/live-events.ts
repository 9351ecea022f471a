import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';

/** At most one "changed" in this time: a load test must not drown the page. */
const QUIET_MS = 250;

export type LiveEvents = {
  changed: () => void;
  mount: (app: FastifyInstance) => void;
  close: () => void;
};

/** Server-sent events for open pages: `changed` means "fetch again". */
export function createLiveEvents(): LiveEvents {
  const listeners = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  return {
    changed: () => {
      if (listeners.size === 0 || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        for (const listener of listeners) listener.write('event: changed\ndata: {}\n\n');
      }, QUIET_MS);
      timer.unref();
    },
    mount: (app) => {
      app.get('/inbox/events', (request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
        });
        reply.raw.write('retry: 1000\n\n');
        listeners.add(reply.raw);
        request.raw.on('close', () => listeners.delete(reply.raw));
      });
    },
    close: () => {
      clearTimeout(timer);
      for (const listener of listeners) listener.end();
      listeners.clear();
    },
  };
}

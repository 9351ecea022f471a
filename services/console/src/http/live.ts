/** Tells open pages that something has changed, by server-sent events. What has changed they fetch as anybody would. */
import type { ServerResponse } from 'node:http';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { Bus } from '@leadwire/shared/broker/bus';
import { changedSubjects } from '../handler.ts';

/** Rows are written a moment after the event: the page looks soon, and once more when they are surely there. */
const TELL_AFTER_MS = [400, 1_500];
const BEAT_MS = 20_000;
/** Then the browser comes again, and whether it still may is looked at. */
const LONGEST_MS = 10 * 60_000;

export interface Live {
  /** Keeps the answer open; it ends with its reader, after ten minutes, or with `stop`. */
  add(response: ServerResponse): void;
  /** Listens to the broker; given to the service as its work. */
  start(bus: Bus): BackgroundWork;
  readonly count: number;
}

export function createLive(): Live {
  const open = new Set<ServerResponse>();
  const say = (text: string) => {
    for (const response of open) response.write(text);
  };
  let pending: NodeJS.Timeout[] = [];
  const changed = () => {
    if (pending.length > 0) return;
    pending = TELL_AFTER_MS.map((ms, index) =>
      setTimeout(() => {
        say('event: changed\ndata: {}\n\n');
        if (index === 0) pending.shift();
        else pending = [];
      }, ms).unref(),
    );
  };

  return {
    get count() {
      return open.size;
    },
    add(response) {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      response.write('retry: 2000\n\n');
      open.add(response);
      const end = setTimeout(() => response.end(), LONGEST_MS).unref();
      response.once('close', () => {
        open.delete(response);
        clearTimeout(end);
      });
    },
    start(bus) {
      const beat = setInterval(() => say(': still here\n\n'), BEAT_MS);
      const subscriptions = changedSubjects.map((subject) =>
        bus.connection().subscribe(subject, { callback: changed }),
      );
      return {
        name: 'console-live',
        problem: () => undefined,
        stop() {
          clearInterval(beat);
          for (const timer of pending) clearTimeout(timer);
          for (const subscription of subscriptions) subscription.unsubscribe();
          for (const response of open) response.end();
          return Promise.resolve();
        },
      };
    },
  };
}

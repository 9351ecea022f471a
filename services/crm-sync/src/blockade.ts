/**
 * After too many requests AmoCRM shuts an integration out until its support is asked (403 with an HTML
 * page, on every address). All processes hear of it through one key and stay silent; once in a while
 * one of them asks whether it is over.
 */
import { z } from 'zod';
import { AMOCRM_STOPPED, type Blockade } from '@leadwire/shared/providers/amocrm/http';
import { isConflict, type Bus } from '@leadwire/shared/broker/bus';
import { ChannelStoppedError, orOutage } from '@leadwire/shared/errors';

const KEY = 'amocrm.blocked';
const UNREADABLE = 'it cannot be read whether AmoCRM is open';
const MESSAGE =
  'AmoCRM has blocked the integration (403 on every request): write to its support; work goes on by itself once it is lifted';

const blockSchema = z.object({ until: z.number() });

export interface BlockadeOptions {
  bus: Pick<Bus, 'bucket'>;
  /** Milliseconds between two probes. */
  probeMs: number;
  now?: () => number;
}

export function createBlockade({ bus, probeMs, now = Date.now }: BlockadeOptions): Blockade {
  const stopped = (retryAfterMs: number) =>
    new ChannelStoppedError(MESSAGE, { what: AMOCRM_STOPPED, retryAfterMs });

  const read = async () => {
    const found = await (await bus.bucket('locks')).get(KEY);
    const isThere = found?.operation === 'PUT';
    return {
      until: isThere ? blockSchema.parse(found.json()).until : 0,
      revision: isThere ? found.revision : 0,
    };
  };

  const write = async (until: number, revision: number): Promise<boolean> => {
    const bucket = await bus.bucket('locks');
    try {
      if (revision === 0) await bucket.create(KEY, JSON.stringify({ until }));
      else await bucket.update(KEY, JSON.stringify({ until }), revision);
      return true;
    } catch (thrown) {
      if (isConflict(thrown)) return false;
      throw thrown;
    }
  };

  return {
    check: () =>
      orOutage(UNREADABLE, async () => {
        const { until, revision } = await read();
        if (until === 0) return false;
        if (until > now()) throw stopped(until - now());
        // The time is over: whoever moves it on is the one that asks.
        const nextProbe = now() + probeMs;
        if (!(await write(nextProbe, revision))) throw stopped(probeMs);
        return true;
      }),
    raise: () =>
      orOutage(UNREADABLE, async () => {
        const { revision } = await read();
        await write(now() + probeMs, revision);
        return stopped(probeMs);
      }),
    clear: () =>
      orOutage(UNREADABLE, async () => {
        const { until, revision } = await read();
        if (until !== 0) await write(0, revision);
      }),
  };
}

import { openBus, type Bus } from '@leadwire/shared/broker/bus';
import { createLog } from '@leadwire/shared/runtime/log';

/**
 * A connected bus of its own, with the topology applied and a silent log. `name` becomes the source
 * of events. The test has to `drain()` it before it closes the broker.
 * @throws when the broker is not what topology.ts needs.
 */
export async function openTestBus(broker: { url: string }, name: string): Promise<Bus> {
  const bus = openBus({ url: broker.url, name, log: createLog(name, 'silent') });
  await bus.ready;
  return bus;
}

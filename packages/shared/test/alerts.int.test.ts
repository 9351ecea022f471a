import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAlerts, type AlertText } from '@leadwire/shared/coordination/alerts';
import type { Bus } from '@leadwire/shared/broker/bus';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';

let broker: TestBroker;
let bus: Bus;
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'alerts-test');
});
beforeEach(async () => {
  await (await bus.manager()).streams.purge('ALERTS');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

let count = 0;
/** A name of its own for each test: the broker remembers message ids of the test before. */
const someAlert = (): AlertText => {
  count += 1;
  return { severity: 'critical', what: `sms_${count}_stopped`, message: 'no money' };
};

/** The states that were told, in order. */
const told = async (): Promise<string[]> => {
  const states: string[] = [];
  for await (const { json } of readStream(bus, 'ALERTS')) {
    states.push(eventSchemas['alert.raised.v1'].parse(json).data.state ?? 'raised');
  }
  return states;
};

describe('what goes on', () => {
  test('is told once, however many notice it at once or later', async () => {
    const alert = someAlert();
    await Promise.all(Array.from({ length: 10 }, () => createAlerts(bus).raise(alert)));
    await createAlerts(bus).raise(alert);
    expect(await told()).toEqual(['raised']);
  });

  test('is told again after an hour', async () => {
    const alert = someAlert();
    await createAlerts(bus).raise(alert);
    const later = createAlerts(bus, () => Date.now() + 61 * 60_000);
    await later.raise(alert);
    await later.raise(alert);
    expect(await told()).toEqual(['raised', 'raised']);
  });

  test('is told as over once, and as raised anew when it comes back at once', async () => {
    const alert = someAlert();
    await createAlerts(bus).raise(alert);
    const all = Array.from({ length: 5 }, () => createAlerts(bus).resolve(alert.what, 'again'));
    await Promise.all(all);
    await createAlerts(bus).raise(alert);
    expect(await told()).toEqual(['raised', 'resolved', 'raised']);
  });

  test('is over by its age alone only when it has that age', async () => {
    const { what, ...alert } = someAlert();
    await createAlerts(bus).report({ ...alert, what }, what);
    const over = { ifOlderThanMs: 24 * 60 * 60_000 };
    await createAlerts(bus).resolve(what, 'nobody looked', over);
    expect(await told()).toEqual(['raised']);
    const nextDay = createAlerts(bus, () => Date.now() + 25 * 60 * 60_000);
    await nextDay.resolve(what, 'nobody looked', over);
    expect(await told()).toEqual(['raised', 'resolved']);
  });

  test('is not told as over when nothing was raised', async () => {
    const { what } = someAlert();
    await createAlerts(bus).resolve(what, 'works');
    expect(await told()).toEqual([]);
  });
});

test('what has happened is told each time, and once for each cause', async () => {
  const alert = someAlert();
  for (const cause of ['1', '2', '2']) await createAlerts(bus).report(alert, `${count}.${cause}`);
  expect(await told()).toEqual(['raised', 'raised']);
});

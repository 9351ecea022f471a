import type { NatsConnectionImpl } from 'nats/lib/nats-base-client/nats.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Bus } from '../src/broker/bus.ts';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

let broker: TestBroker;
let bus: Bus;
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

test('what is said in one turn of the event loop leaves in one write, in its order', async () => {
  const connection = bus.connection();
  const heard: string[] = [];
  connection.subscribe('together', { callback: (_error, message) => heard.push(message.string()) });
  await connection.flush();
  const { transport } = (connection as NatsConnectionImpl).protocol;
  const send = vi.spyOn(transport, 'send');
  for (let n = 0; n < 20; n += 1) {
    connection.publish('together', `${n}`);
    // The next message's promise is through in a later microtask.
    await Promise.resolve();
  }
  await waitFor(() => heard.length === 20);
  expect(send).toHaveBeenCalledTimes(1);
  send.mockRestore();
  expect(heard).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`));
});

test('what is said right before the end arrives', async () => {
  const leaving = await openTestBus(broker, 'leaving');
  const heard: string[] = [];
  bus.connection().subscribe('last', { callback: (_error, { subject }) => heard.push(subject) });
  await bus.connection().flush();
  leaving.connection().publish('last');
  await leaving.drain();
  await waitFor(() => heard.length === 1);
});

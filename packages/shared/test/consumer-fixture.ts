import { nanos, type JsMsg } from 'nats';
import type { Bus, StoredEvent } from '@leadwire/shared/broker/bus';
import {
  startConsumer,
  type ConsumerOptions,
  type RunningConsumer,
} from '@leadwire/shared/consumer/consumer';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { startPull } from '@leadwire/shared/consumer/pull';
import { consumers, type ConsumerName } from '@leadwire/shared/contract/consumers';
import { streams, subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

const schema = eventSchemas['lead.created.v1'];
type Options = ConsumerOptions<typeof schema>;
export type Handle = Options['handle'];

export interface ConsumerFixture {
  broker: TestBroker;
  bus: Bus;
  /** Starts a consumer of sample leads; it is stopped by `reset`. */
  start(durable: ConsumerName, handle: Handle, more?: Partial<Options>): RunningConsumer;
  /** Publishes a lead where the durable looks for work; resolves with the lead's id. */
  publishFor(durable: ConsumerName): Promise<string>;
  /** Takes one message as a worker would that never settles it, or settles it as `settle` does. */
  takeByHand(
    durable: ConsumerName,
    settle?: (message: JsMsg) => void | Promise<void>,
  ): Promise<void>;
  setAckWait(durable: ConsumerName, ms: number): Promise<void>;
  /** Messages with a worker, and messages that wait for one. */
  counts(durable: ConsumerName): Promise<{ open: number; waiting: number }>;
  untilSettled(durable: ConsumerName): Promise<void>;
  deadLetter(): Promise<StoredEvent | undefined>;
  /** Stops the consumers and empties every stream. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** A broker, a bus and consumers on it, for one test file. */
export async function openConsumerFixture(
  busUrl?: (broker: TestBroker) => Promise<string>,
): Promise<ConsumerFixture> {
  const broker = await startNats();
  const bus = await openTestBus({ url: (await busUrl?.(broker)) ?? broker.url }, 'consumer-test');
  let started: RunningConsumer[] = [];

  const counts = async (durable: ConsumerName) => {
    const { stream } = consumers[durable];
    const info = await (await bus.manager()).consumers.info(stream, durable);
    return { open: info.num_ack_pending, waiting: info.num_pending };
  };
  const stopAll = async () => {
    await Promise.all(started.map((consumer) => consumer.stop()));
    started = [];
  };

  return {
    broker,
    bus,
    counts,
    start(durable, handle, more) {
      const log = createLog('consumer-test', 'silent');
      const metrics = createMetrics('consumer-test');
      const consumer = startConsumer({ bus, durable, schema, handle, log, metrics, ...more });
      started.push(consumer);
      return consumer;
    },
    async publishFor(durable) {
      const lead = someLead();
      const [filter = ''] = consumers[durable].filters;
      const stem = filter.startsWith('leads.') ? 'leads.created.proftest.*' : filter;
      const event = leadCreated({ ...lead, leadId: newId() });
      await bus.publish(stem.replace('*', event.subject).replace('>', event.subject), event);
      return event.subject;
    },
    async takeByHand(durable, settle = () => undefined) {
      const { stream } = consumers[durable];
      const connection = bus.connection();
      const settled: Promise<void>[] = [];
      const onMessage = (message: JsMsg) => void settled.push(Promise.resolve(settle(message)));
      const request = { stream, durable, count: 1, expiresMs: 5_000, onMessage };
      await startPull(connection, request).over;
      await Promise.all(settled);
      await connection.flush();
      if (settled.length !== 1) throw new Error('there was no message to take');
    },
    async setAckWait(durable, ms) {
      const { stream } = consumers[durable];
      await (await bus.manager()).consumers.update(stream, durable, { ack_wait: nanos(ms) });
    },
    async untilSettled(durable) {
      await waitFor(
        async () => {
          const { open, waiting } = await counts(durable);
          return open === 0 && waiting === 0;
        },
        { what: `${durable} to have settled everything` },
      );
    },
    deadLetter: () => bus.lastUnder('DEAD_LETTERS', subjects.dead('*', '>')),
    async reset() {
      await stopAll();
      const manager = await bus.manager();
      for (const stream of [...Object.keys(streams), 'KV_passes'])
        await manager.streams.purge(stream);
    },
    async close() {
      await stopAll();
      await bus.drain();
      await broker.close();
    },
  };
}

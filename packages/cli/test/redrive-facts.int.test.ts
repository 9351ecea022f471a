import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { startConsumer, type RunningConsumer } from '@leadwire/shared/consumer/consumer';
import { PermanentError } from '@leadwire/shared/errors';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import type { ConsumerName } from '@leadwire/shared/contract/consumers';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { runCli } from './run-cli.ts';

let broker: TestBroker;
let bus: Bus;
const running: RunningConsumer[] = [];

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
});
afterEach(() => Promise.all(running.splice(0).map((consumer) => consumer.stop())));
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

const cli = (...args: string[]) => runCli({ NATS_URL: broker.url }, ...args);

/** A consumer that notes the leads it was given; it refuses them for good while told so. */
function listen(durable: ConsumerName) {
  const heard: string[] = [];
  const mood = { isRefusing: false };
  const consumer = startConsumer({
    bus,
    durable,
    log: createLog('test', 'silent'),
    metrics: createMetrics('test'),
    schema: eventSchemas['lead.created.v1'],
    handle: ({ subject }) => {
      if (mood.isRefusing) return Promise.reject(new PermanentError('sql_23505', 'refused'));
      heard.push(subject);
      return Promise.resolve();
    },
  });
  running.push(consumer);
  return { heard, mood };
}

const deadCount = async () =>
  (await (await bus.manager()).streams.info('DEAD_LETTERS')).state.messages;

test('a dead lead goes to its own durable once more, and to no other', async () => {
  const tripwire = listen('tripwire-leads');
  const leadStore = listen('lead-store-leads');
  tripwire.mood.isRefusing = true;
  const lead = someLead();
  const subject = subjects.leadCreated(lead.kind, lead.leadId);
  const { seq } = await bus.publish(subject, leadCreated(lead), { onceUnder: subject });
  await waitFor(async () => (await deadCount()) === 1, { what: 'the dead letter' });
  await waitFor(() => leadStore.heard.length === 1, { what: 'the other durable' });

  // Refused once more: the new letter still knows where the lead came from.
  await cli('dead', 'redrive', '--service', 'tripwire', '--yes');
  await waitFor(async () => (await cli('dead', 'show', '2')).code === 0, { what: 'letter 2' });
  expect((await cli('dead', 'show', '2')).out).toContain(`subject  ${subject}\n`);

  tripwire.mood.isRefusing = false;
  const { out } = await cli('dead', 'redrive', '2', '--yes');
  expect(out).toContain('to tripwire-leads once more');
  await waitFor(() => tripwire.heard.length === 1, { what: 'the lead to arrive' });
  expect((await cli('dead', 'redrive', '2', '--yes')).out).toContain('Nothing to do');

  // A later lead reaches both, so what came before it is all that came.
  const later = someLead();
  await bus.publish(subjects.leadCreated(later.kind, later.leadId), leadCreated(later));
  const all = [lead.leadId, later.leadId];
  await waitFor(() => tripwire.heard.length === 2 && leadStore.heard.length === 2);
  expect([tripwire.heard, leadStore.heard]).toEqual([all, all]);
  expect((await bus.lastUnder('LEADS', subjects.anyLead(lead.leadId)))?.seq).toBe(seq);
  expect(await deadCount()).toBe(0);
});

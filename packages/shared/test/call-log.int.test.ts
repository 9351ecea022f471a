import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { PermanentError } from '@leadwire/shared/errors';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createCallTracker } from '@leadwire/shared/providers/call-log';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

let broker: TestBroker;
let bus: Bus;
const metrics = createMetrics('notifier');
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'notifier');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

const tracker = () => createCallTracker({ bus, metrics, log: createLog('notifier', 'silent') });
const recorded = async (subject: string) =>
  eventSchemas['provider.called.v1'].parse(
    (await waitFor(() => bus.lastUnder('CALLS', subject))).event,
  );

test('a call that works is measured and recorded, and its result passes through', async () => {
  const context = { leadId: newId(), deliveryId: newId() };
  const call = () => Promise.resolve({ id: 're_1' });
  expect(await tracker()('resend.send', context, call)).toEqual({ id: 're_1' });
  const event = await recorded('calls.notifier.ok');
  expect(event).toMatchObject({
    source: 'notifier',
    subject: context.leadId,
    data: { ...context, service: 'notifier', action: 'resend.send', status: 'ok' },
  });
  expect(await metrics.registry.metrics()).toMatch(
    /provider_request_seconds_count\{[^}]*provider="resend",action="send",status="ok"[^}]*\} 1/,
  );
});

test('a call that fails is recorded with its error, which passes through unchanged', async () => {
  const error = new PermanentError('refused', 'no such sender');
  const call = tracker()('mobizon.find', {}, () => Promise.reject(error));
  await expect(call).rejects.toBe(error);
  expect((await recorded('calls.notifier.error')).data).toMatchObject({
    action: 'mobizon.find',
    error: 'no such sender',
  });
});

test('a record that cannot be published never stops the call', async () => {
  await broker.kill();
  await waitFor(() => !bus.isConnected());
  expect(await tracker()('resend.send', {}, () => Promise.resolve(7))).toBe(7);
  await broker.start();
  await waitFor(() => bus.isConnected());
});

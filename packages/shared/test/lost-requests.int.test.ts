import { connect } from 'nats';
import { expect, onTestFinished, test } from 'vitest';
import { applyTopology } from '@leadwire/shared/broker/apply-topology';
import { openBus } from '@leadwire/shared/broker/bus';
import { TransientError } from '@leadwire/shared/errors';
import { createLog } from '@leadwire/shared/runtime/log';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startTcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';

test('what was asked of a broker that is gone ends at once, and what is asked later is answered', async () => {
  const broker = await startNats();
  const proxy = await startTcpProxy(Number(new URL(broker.url).port));
  const bus = await openTestBus({ url: `nats://127.0.0.1:${proxy.port}` }, 'test');
  onTestFinished(async () => {
    await bus.drain();
    await proxy.close();
    await broker.close();
  });
  const limits = await bus.bucket('limits');
  proxy.spoil('drop answers');
  // As long as a test may take: nothing but the lost connection ends it.
  const asked = bus.connection().request('$JS.API.INFO', undefined, { timeout: 180_000 });
  const answers = Promise.all([asked.catch(String), limits.get('some.key').catch(String)]);
  proxy.cut();
  const lost = expect.stringContaining('was lost') as string;
  expect(await answers).toEqual([lost, lost]);
  await waitFor(() => bus.isConnected(), { what: 'the connection' });
  expect(await limits.get('some.key')).toBeNull();
});

test('a broker that dies while a service starts is waited for', async () => {
  const broker = await startNats();
  onTestFinished(() => broker.close());
  const bus = openBus({ url: broker.url, name: 'test', log: createLog('test', 'silent') });
  onTestFinished(() => bus.drain());
  await waitFor(() => bus.isConnected(), { what: 'the connection' });
  await broker.kill();
  await waitFor(() => !bus.isConnected(), { what: 'the bus to notice' });
  await broker.start();
  await bus.ready;
});

test('a broker that is gone is not taken for one that is too old', async () => {
  const broker = await startNats();
  const connection = await connect({ servers: broker.url, maxReconnectAttempts: -1 });
  onTestFinished(async () => {
    await connection.close();
    await broker.close();
  });
  await broker.kill();
  await waitFor(() => connection.info === undefined, { what: 'the client to dial' });
  await expect(applyTopology(connection, { replicas: 1 })).rejects.toBeInstanceOf(TransientError);
});

/** What ends a publish without an acknowledgement. Rights: broker-users.int; the rest of it: bus.int, batches.int. */
import { connect, type NatsConnection } from 'nats';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createAskStream } from '@leadwire/shared/broker/ask-stream';
import { startNats } from '@leadwire/testing/nats';
import { startTcpProxy } from '@leadwire/testing/tcp-proxy';
import type { TestBroker } from '@leadwire/testing/test-broker';

const PATIENT = 60_000;
let broker: TestBroker;
beforeAll(async () => {
  broker = await startNats();
  return () => broker.close();
});

async function connected(url: string): Promise<NatsConnection> {
  const connection = await connect({ servers: url });
  onTestFinished(() => connection.close());
  return connection;
}

const message = { subject: 'some.thing', payload: '{}', headers: {} };

test('no stream takes the subject: told at once', async () => {
  const ask = createAskStream(await connected(broker.url));
  await expect(ask(message, PATIENT)).rejects.toThrow('no stream answers');
});

/** Whoever asks over this connection gets no answer. */
async function unanswered() {
  const proxy = await startTcpProxy(Number(new URL(broker.url).port));
  onTestFinished(() => proxy.close());
  const connection = await connected(`nats://127.0.0.1:${proxy.port}`);
  const ask = createAskStream(connection);
  await connection.flush();
  proxy.spoil('drop answers');
  return { proxy, connection, ask };
}

test('nothing came in time, or the connection ended meanwhile', async () => {
  const { connection, ask } = await unanswered();
  await expect(ask(message, 50)).rejects.toThrow('TIMEOUT');
  const asked = ask(message, PATIENT).catch(String);
  await connection.close();
  expect(await asked).toContain('closed');
});

test('the broker is gone before its answer: told at once', async () => {
  const { proxy, ask } = await unanswered();
  const asked = ask(message, PATIENT).catch(String);
  proxy.cut();
  expect(await asked).toContain('was lost');
});

import { NatsError } from 'nats';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';

test('a request that is answered makes no error; one that nobody answers has its own', async () => {
  const broker = await startNats();
  const bus = await openTestBus(broker, 'test');
  const made = vi.spyOn(NatsError, 'errorForCode');
  onTestFinished(async () => {
    made.mockRestore();
    await bus.drain();
    await broker.close();
  });
  const connection = bus.connection();
  const answer = await connection.request('$JS.API.INFO', undefined, { timeout: 5_000 });
  expect(answer.json()).toMatchObject({ type: expect.stringContaining('account_info') as string });
  expect(made).not.toHaveBeenCalled();
  await expect(connection.request('nobody.is.here')).rejects.toMatchObject({ code: '503' });
  connection.subscribe('silent', { callback: () => undefined });
  const unanswered = connection.request('silent', undefined, { timeout: 50 });
  await expect(unanswered).rejects.toMatchObject({ code: 'TIMEOUT' });
});

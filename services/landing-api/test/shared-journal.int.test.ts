/** Replicas on one machine share one folder, so that none has a journal which nobody else looks at. */
import { afterEach, describe, expect, test } from 'vitest';
import { waitFor } from '@leadwire/testing/wait-for';
import { createStage, drained, idOf, lose } from './outage-stage.ts';
import { form, storedLeads, type Answer, type TestApi } from './start-api.ts';

const stage = createStage();
afterEach(() => stage.close());

/** Two replicas on one folder that have just lost their broker. */
async function startPair() {
  const broker = await stage.startBroker();
  const folder = await stage.startFolder();
  const [first, second] = [
    await stage.start(broker, { folder }),
    await stage.start(broker, { folder }),
  ];
  await lose(broker, first);
  await waitFor(() => !second.bus.isConnected(), { what: 'the other replica to notice' });
  return { broker, folder, first, second };
}

const sendTo = (api: TestApi, who: string, count: number): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: count }, (_, n) => api.post('/api/landing/proftest', form(`${who}-${n}`))),
  );

describe('a journal that replicas share', () => {
  test('is carried over by the one that is left when another is gone for good', async () => {
    const { broker, folder, first, second } = await startPair();
    const answers = [
      ...(await sendTo(first, 'first', 20)),
      ...(await sendTo(second, 'second', 20)),
    ];
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    await first.stop();
    await broker.start();
    await drained(second);
    expect((await storedLeads(second.bus)).sort()).toEqual(answers.map(idOf).sort());
    expect(await folder.files('refused')).toEqual([]);
    expect(await folder.leadIds()).toEqual([]);
  });

  test('is carried over by both at once, each lead once', async () => {
    const { broker, folder, first, second } = await startPair();
    const answers = (await Promise.all([sendTo(first, 'a', 40), sendTo(second, 'b', 40)])).flat();
    await broker.start();
    await Promise.all([drained(first), drained(second)]);
    expect((await storedLeads(second.bus)).sort()).toEqual(answers.map(idOf).sort());
    expect(await folder.files('refused')).toEqual([]);
  });
});

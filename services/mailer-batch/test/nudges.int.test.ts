import { expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { waitFor } from '@leadwire/testing/wait-for';
import { connect } from 'nats';
import { useRig } from './rig.ts';

const rig = useRig({ hasMailer: true });

const BATCHES = 8;
const BATCH_SIZE = 5;
const REPEATS = 3;
/** Has no divisor in common with the number of nudges: steps of it reach each of them once, out of order. */
const STRIDE = 7;

const numbers = Array.from(
  { length: BATCHES * BATCH_SIZE },
  (_, n) => `+7705${String(2_000_000 + n)}`,
);

const nudge = (campaignId: string, n: number) => ({
  specversion: '1.0',
  id: newId(),
  type: 'campaign.batch_ready.v1',
  source: 'test',
  time: new Date().toISOString(),
  subject: campaignId,
  data: { campaignId, n },
});

test('each SMS batch is nudged three times, out of order, to two mailers: every number gets one SMS', async () => {
  await rig.startMailer();
  const nc = await connect({ servers: rig.broker().url });
  const id = await rig.launch(
    numbers.map((contact) => ({ contact, name: 'Айгерим' })),
    { channel: 'sms', batchSize: BATCH_SIZE },
  );
  const all = Array.from({ length: BATCHES * REPEATS }, (_, index) => {
    const place = (index * STRIDE) % (BATCHES * REPEATS);
    return (place % BATCHES) + 1;
  });
  const stream = nc.jetstream();
  await Promise.all(
    all.map((n) => stream.publish(`campaigns.batch.${id}.${n}`, JSON.stringify(nudge(id, n)))),
  );

  const { counts } = await rig.until(id, 'finished');
  const manager = await nc.jetstreamManager();
  await waitFor(async () => (await manager.streams.info('CAMPAIGNS')).state.messages === 0, {
    timeoutMs: 40_000,
    what: 'every nudge to be settled',
  });
  await nc.drain();

  expect(counts).toMatchObject({ audience: numbers.length, sent: numbers.length });
  const sent = await rig.control().sms();
  expect(sent.flatMap(({ to }) => to).sort()).toEqual(
    numbers.map((number) => number.slice(1)).sort(),
  );
  expect(new Set(sent.map(({ campaignId }) => campaignId)).size).toBe(BATCHES);
}, 90_000);

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CREATE, SEND, everyNumber, quietHold, startSmsRig, type SmsRig } from './sms-rig.ts';

let rig: SmsRig;

beforeAll(async () => {
  rig = await startSmsRig();
});
afterAll(() => rig?.close());
beforeEach(() => rig.reset());

test('a listing that lags says nothing either when the send came long after the first claim', async () => {
  await rig.sandbox.control.addFault({
    provider: 'mobizon',
    path: SEND,
    count: 1,
    action: { do: 'effect-then-drop' },
  });
  await rig.sandbox.control.mobizon.set({ indexLagMs: 3_600_000, countersLagMs: 3_600_000 });
  const firstClaim = new Date(rig.now - 10 * 60_000).toISOString();
  const { results } = await rig.deliver({ ...rig.batchOf(3), at: firstClaim }, { tries: 3 });
  expect(await rig.numbersSentTo()).toEqual(everyNumber(3));
  expect(results).toEqual([]);
});

test('a refused draft after a try that had none is a failure: nobody was in any draft', async () => {
  const body = JSON.stringify({ code: 12, data: '', message: '' });
  await rig.sandbox.control.addFault({
    provider: 'mobizon',
    path: CREATE,
    count: 1,
    action: { do: 'fixed', status: 200, body },
  });
  const prepared = await rig.channel.prepare(rig.batchOf(2));
  expect(await rig.channel.reconcile(prepared, quietHold)).toMatchObject([
    { status: 'failed', reason: 'mobizon_12' },
    { status: 'failed', reason: 'mobizon_12' },
  ]);
});

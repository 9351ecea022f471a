import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ADD,
  CREATE,
  SEND,
  digits,
  everyNumber,
  startSmsRig,
  statuses,
  type SmsRig,
} from './sms-rig.ts';

let rig: SmsRig;

beforeAll(async () => {
  rig = await startSmsRig();
});
afterAll(() => rig?.close());
beforeEach(() => rig.reset());

describe('a batch of SMS', () => {
  test('is one campaign of Mobizon with the common text, and everybody gets their own', async () => {
    const batch = rig.batchOf(3);
    const { results } = await rig.deliver(batch);
    expect(results).toEqual(
      batch.recipients.map(({ id }) => ({
        id,
        status: 'sent',
        providerId: expect.any(String),
        segments: 1,
      })),
    );
    const sent = await rig.sandbox.control.sms();
    expect(sent.map(({ text }) => text)).toEqual([
      'Имяа, эфир перенесён на 25 ноября',
      'Имяб, эфир перенесён на 25 ноября',
      'Имяв, эфир перенесён на 25 ноября',
    ]);
    expect(new Set(sent.map(({ campaignName }) => campaignName))).toEqual(new Set(['Перенос #1']));
    const bodies = await rig.sandbox.control.requests('mobizon');
    expect(bodies.map(({ path }) => path)).toEqual([CREATE, ADD, SEND]);
  });

  test('of 500 people with names takes what a form can carry, and leaves nobody out', async () => {
    const { results } = await rig.deliver(rig.batchOf(500));
    expect(new Set(statuses(results))).toEqual(new Set(['sent']));
    expect(await rig.numbersSentTo()).toEqual(everyNumber(500));
  });

  test('has the same hash for the same people and another one for others', async () => {
    const batch = rig.batchOf(3);
    const { bodyHash } = await rig.channel.prepare(batch);
    const again = { ...batch, isInherited: true, attempts: 1, providerRef: '1' };
    expect((await rig.channel.prepare(again)).bodyHash).toBe(bodyHash);
    const fewer = { ...batch, recipients: batch.recipients.slice(1) };
    expect((await rig.channel.prepare(fewer)).bodyHash).not.toBe(bodyHash);
  });

  test('whom Mobizon refuses fails alone, with the reason; who asked it to stop is skipped', async () => {
    await rig.sandbox.control.mobizon.set({ stopList: [digits(1)] });
    const batch = rig.batchOf(3);
    const people = batch.recipients.map((one) =>
      one.row === 3 ? { ...one, contact: '+7123' } : one,
    );
    const { results } = await rig.deliver({ ...batch, recipients: people });
    expect(results).toMatchObject([
      { status: 'sent' },
      { status: 'skipped', reason: 'stop_list' },
      { status: 'failed', reason: 'refused_by_provider', error: 'Mobizon: code 3 for the number' },
    ]);
    expect(await rig.numbersSentTo()).toEqual([digits(0)]);
  });

  test('leaves out whom no SMS is paid for: nobody abroad is in the draft, each is skipped with the reason', async () => {
    const batch = rig.batchOf(2);
    const [home, abroad] = batch.recipients;
    const people = [{ ...abroad!, contact: '+881612345678' }, home!];
    const { results } = await rig.deliver({ ...batch, recipients: people });
    expect(results).toEqual([
      { id: abroad!.id, status: 'skipped', reason: 'sms_not_allowed' },
      { id: home!.id, status: 'sent', providerId: expect.any(String), segments: 1 },
    ]);
    expect(await rig.numbersSentTo()).toEqual([digits(0)]);

    const nobody = await rig.deliver({ ...batch, recipients: people.slice(0, 1) });
    expect(nobody.results).toMatchObject([{ status: 'skipped', reason: 'sms_not_allowed' }]);
    expect(await rig.numbersSentTo()).toEqual([digits(0)]);
  });

  test('goes out whole or not at all when the budget of SMS is short, and counts once', async () => {
    const [first, second] = [rig.batchOf(400), rig.batchOf(400)];
    const hasRoom = async (batch: typeof first) =>
      rig.channel.hasRoom(await rig.channel.prepare(batch));
    expect(await hasRoom(first)).toBe(true);
    expect(await hasRoom(second)).toBe(false);
    expect(await hasRoom(first)).toBe(true);
    expect(await hasRoom(rig.batchOf(200))).toBe(true);
    expect(await hasRoom(rig.batchOf(1))).toBe(false);
  });

  test('in which nobody can be sent to sends nothing', async () => {
    await rig.sandbox.control.mobizon.set({ stopList: [digits(0)] });
    const { results } = await rig.deliver(rig.batchOf(1));
    expect(results).toMatchObject([{ status: 'skipped' }]);
    expect(await rig.numbersSentTo()).toEqual([]);
  });
});

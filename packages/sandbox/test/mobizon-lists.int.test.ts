import { describe, expect, test } from 'vitest';
import { mobizon, openSandbox, sms } from './sandbox-calls.ts';

type Rows = { items: Record<string, string>[]; totalItemCount: string };

describe('asking what was sent', () => {
  test('message/list finds by part of the number and by the exact text, all as strings', async () => {
    const sandbox = await openSandbox();
    await mobizon(sandbox, 'message/sendSmsMessage', sms());
    await mobizon(
      sandbox,
      'message/sendSmsMessage',
      sms({ recipient: '77770000000', text: 'Другое' }),
    );
    const find = async (criteria: Record<string, string>) =>
      (await mobizon<Rows>(sandbox, 'message/list', criteria)).data;
    const byNumber = await find({ 'criteria[to]': '0512345' });
    expect(byNumber.totalItemCount).toBe('1');
    expect(byNumber.items[0]).toMatchObject({
      id: '700001',
      segNum: '1',
      to: '77051234567',
      status: 'NEW',
    });
    expect((await find({ 'criteria[text]': 'Другое' })).totalItemCount).toBe('1');
    expect((await find({ 'criteria[text]': 'Друго' })).totalItemCount).toBe('0');
    expect((await find({ 'criteria[recipient]': '77051234567' })).totalItemCount).toBe('2');
  });

  test('campaign/list finds our name among single campaigns, which have to be asked for', async () => {
    const sandbox = await openSandbox();
    await mobizon(sandbox, 'message/sendSmsMessage', sms({ 'params[name]': 'token-1' }));
    const names = async (criteria: Record<string, string>) =>
      (
        await mobizon<Rows>(sandbox, 'campaign/list', {
          'criteria[recipient]': '77051234567',
          ...criteria,
        })
      ).data.items.map(({ name }) => name);
    expect(await names({ 'criteria[type]': '1' })).toEqual(['token-1']);
    expect(await names({})).toEqual([]);
  });

  test('new rows are missing from both lists during the index lag', async () => {
    const sandbox = await openSandbox({ mobizon: { indexLagMs: 30_000 } });
    await mobizon(sandbox, 'message/sendSmsMessage', sms());
    const totals = async () => [
      (await mobizon<Rows>(sandbox, 'message/list')).data.totalItemCount,
      (await mobizon<Rows>(sandbox, 'campaign/list', { 'criteria[type]': '1' })).data
        .totalItemCount,
    ];
    await sandbox.control.advance(29_000);
    expect(await totals()).toEqual(['0', '0']);
    await sandbox.control.advance(1_000);
    expect(await totals()).toEqual(['1', '1']);
  });

  test('the newest rows can be missing from message/list, and ids from getSMSStatus', async () => {
    const sandbox = await openSandbox({ mobizon: { hideNewestMessages: 1, omitFromStatus: 1 } });
    await mobizon(sandbox, 'message/sendSmsMessage', sms());
    await mobizon(sandbox, 'message/sendSmsMessage', sms());
    const { items } = (await mobizon<Rows>(sandbox, 'message/list')).data;
    expect(items.map(({ id }) => id)).toEqual(['700001']);
    const statuses = await mobizon<{ id: string }[]>(sandbox, 'message/getSMSStatus', {
      ids: '700001,700002',
    });
    expect(statuses.data.map(({ id }) => id)).toEqual(['700002']);
  });

  test('date bounds are read in the zone of the account', async () => {
    const sandbox = await openSandbox({ mobizon: { timeZone: 'Asia/Almaty' } });
    await mobizon(sandbox, 'message/sendSmsMessage', sms());
    const { now } = await sandbox.control.clock();
    const written = (zoneHours: number, seconds: number) =>
      new Date(now + zoneHours * 3_600_000 + seconds * 1000)
        .toISOString()
        .slice(0, 19)
        .replace('T', ' ');
    const since = async (from: string) =>
      (await mobizon<Rows>(sandbox, 'message/list', { 'criteria[campaignCreateTsFrom]': from }))
        .data.totalItemCount;
    expect([
      await since(written(5, -5)),
      await since(written(5, 5)),
      await since(written(0, 5)),
    ]).toEqual(['1', '0', '1']);
  });

  test('pages are counted from 0', async () => {
    const sandbox = await openSandbox({ mobizon: { ratePerSecondPerMethod: 100 } });
    for (let n = 0; n < 27; n++) await mobizon(sandbox, 'message/sendSmsMessage', sms());
    const page = async (currentPage: string) =>
      (
        await mobizon<Rows>(sandbox, 'message/list', {
          'pagination[currentPage]': currentPage,
          'sort[campaignId]': 'ASC',
        })
      ).data;
    expect((await page('0')).items).toHaveLength(25);
    expect((await page('1')).items.map(({ id }) => id)).toEqual(['700026', '700027']);
    expect((await page('1')).totalItemCount).toBe('27');
  });

  test('unknown ids are left out in silence', async () => {
    const sandbox = await openSandbox();
    await mobizon(sandbox, 'message/sendSmsMessage', sms());
    const answer = await mobizon<Record<string, string>[]>(sandbox, 'message/getSMSStatus', {
      'ids[0]': '700001',
      'ids[1]': '1',
    });
    expect(answer.data).toEqual([
      expect.objectContaining({ id: '700001', status: 'NEW', segNum: '1' }),
    ]);
  });
});

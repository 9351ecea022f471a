import { describe, expect, test } from 'vitest';
import { MOBIZON_KEY, mobizon, openSandbox, sms, type SentSms } from './sandbox-calls.ts';

const WEEK_MS = 7 * 24 * 3_600_000;

describe('sendSmsMessage', () => {
  test('answers string ids with a numeric status, bills by segment and debits the balance', async () => {
    const sandbox = await openSandbox({ mobizon: { balance: 100, segmentPrice: 16.2 } });
    const answer = await mobizon<SentSms>(sandbox, 'message/sendSmsMessage', sms());
    expect(answer).toEqual({
      code: 0,
      data: { campaignId: '100001', messageId: '700001', status: 2 },
      message: '',
    });
    expect(await sandbox.control.sms('77051234567')).toEqual([
      expect.objectContaining({
        id: '700001',
        segments: 1,
        encoding: 'UCS-2',
        cost: '16.2000',
        from: 'Leadwire',
      }),
    ]);
    const balance = await mobizon(sandbox, 'user/getOwnBalance');
    expect(balance.data).toEqual({ balance: '83.8000', currency: 'KZT' });
  });

  test('two equal calls are two campaigns, two messages and two bills', async () => {
    const sandbox = await openSandbox({ mobizon: { balance: 100 } });
    const first = await mobizon<SentSms>(sandbox, 'message/sendSmsMessage', sms());
    const second = await mobizon<SentSms>(sandbox, 'message/sendSmsMessage', sms());
    expect(second.data.campaignId).not.toBe(first.data.campaignId);
    expect(await sandbox.control.sms('77051234567')).toHaveLength(2);
    expect(await sandbox.control.mobizon.balance()).toBeCloseTo(100 - 2 * 16.2);
  });

  const texts: [text: string, segments: number, encoding: string][] = [
    ['a'.repeat(160), 1, 'GSM-7'],
    ['a'.repeat(161), 2, 'GSM-7'],
    ['€'.repeat(81), 2, 'GSM-7'],
    ['я'.repeat(70), 1, 'UCS-2'],
    ['я'.repeat(71), 2, 'UCS-2'],
    ['ә'.repeat(135), 3, 'UCS-2'],
  ];
  test.each(texts)('%s takes %d segments of %s', async (text, segments, encoding) => {
    const sandbox = await openSandbox();
    await mobizon(sandbox, 'message/sendSmsMessage', sms({ text }));
    expect(await sandbox.control.sms()).toEqual([expect.objectContaining({ segments, encoding })]);
  });

  test('an unregistered sender is silently replaced by the shared one', async () => {
    const sandbox = await openSandbox();
    expect((await mobizon(sandbox, 'message/sendSmsMessage', sms({ from: 'Nobody' }))).code).toBe(
      0,
    );
    expect(await sandbox.control.sms()).toEqual([
      expect.objectContaining({ from: 'MOBINFO', askedFrom: 'Nobody' }),
    ]);
  });

  test('with shortenLinks the stored text is another one', async () => {
    const sandbox = await openSandbox();
    const text = 'Результат: https://leadwire.kz/s/abc';
    await mobizon(sandbox, 'message/sendSmsMessage', sms({ text, 'params[shortenLinks]': '1' }));
    const [effect] = await sandbox.control.sms();
    expect(effect?.text).toMatch(/^Результат: https:\/\/mbz\.kz\/\w{6}$/);
  });

  test('a deferred message starts at its time, read in the account zone', async () => {
    const sandbox = await openSandbox({ mobizon: { timeZone: 'Asia/Almaty' } });
    const { now } = await sandbox.control.clock();
    const almaty = new Date(now + (2 + 5) * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    const { data } = await mobizon<SentSms>(
      sandbox,
      'message/sendSmsMessage',
      sms({ 'params[deferredToTs]': almaty }),
    );
    const status = async () =>
      (
        await mobizon<{ status: string }[]>(sandbox, 'message/getSMSStatus', {
          ids: data.messageId,
        })
      ).data[0]?.status;
    await sandbox.control.advance(3_600_000);
    expect(await status()).toBe('NEW');
    await sandbox.control.advance(2 * 3_600_000);
    expect(await status()).toBe('DELIVRD');
  });
});

describe('what Mobizon refuses, inside HTTP 200', () => {
  const refusals: [what: string, method: string, form: Record<string, string>, code: number][] = [
    ['no recipient', 'message/sendSmsMessage', { text: 'a' }, 11],
    ['no text', 'message/sendSmsMessage', { recipient: '77051234567' }, 11],
    ['an empty text', 'message/sendSmsMessage', sms({ text: ' ' }), 1],
    ['a plus sign', 'message/sendSmsMessage', sms({ recipient: '+77051234567' }), 1],
    ['a digit short', 'message/sendSmsMessage', sms({ recipient: '7705123456' }), 1],
    ['a stop-listed number', 'message/sendSmsMessage', sms({ recipient: '77009999999' }), 1],
    ['too short a life', 'message/sendSmsMessage', sms({ 'params[validity]': '59' }), 1],
    [
      'a start too soon',
      'message/sendSmsMessage',
      sms({ 'params[deferredToTs]': '2020-01-01 00:00:00' }),
      1,
    ],
    ['an unknown module', 'sms/send', {}, 4],
    ['an unknown method', 'message/send', {}, 5],
    ['a bad key', 'message/sendSmsMessage', sms({ apiKey: 'x' }), 8],
    ['XML', 'message/sendSmsMessage', sms({ output: 'xml' }), 6],
    ['no ids', 'message/getSMSStatus', {}, 2],
    [
      '101 ids',
      'message/getSMSStatus',
      { ids: Array.from({ length: 101 }, (_, n) => n).join(',') },
      12,
    ],
    ['a page of 10', 'message/list', { 'pagination[pageSize]': '10' }, 12],
    ['an unknown campaign', 'campaign/send', { id: '1' }, 2],
    ['an unknown task', 'taskqueue/getStatus', { id: '1' }, 2],
  ];
  test.each(refusals)('%s', async (_what, method, form, code) => {
    const sandbox = await openSandbox({ mobizon: { stopList: ['77009999999'] } });
    const answer = await mobizon(sandbox, method, form);
    expect(answer.code).toBe(code);
    expect(answer.message).toMatch(/[а-я]/);
    expect(await sandbox.control.effects()).toEqual([]);
  });

  test('a JSON body: to PHP its parameters are not there', async () => {
    const sandbox = await openSandbox();
    const response = await fetch(
      `${sandbox.mobizonUrl}/service/message/sendSmsMessage?apiKey=${MOBIZON_KEY}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(sms()),
      },
    );
    expect([response.status, ((await response.json()) as { code: number }).code]).toEqual([
      200, 11,
    ]);
  });

  test('the key in the query and a GET are taken as well, in any letter case', async () => {
    const sandbox = await openSandbox();
    const query = new URLSearchParams({ apiKey: MOBIZON_KEY, ...sms() });
    const response = await fetch(
      `${sandbox.mobizonUrl}/service/Message/SENDSMSMESSAGE?${query.toString()}`,
    );
    expect(((await response.json()) as { code: number }).code).toBe(0);
  });

  test.each([15, 1] as const)(
    'a short balance with the configured code %d, and nothing is sent',
    async (code) => {
      const sandbox = await openSandbox({ mobizon: { balance: 16, shortBalanceCode: code } });
      expect((await mobizon(sandbox, 'message/sendSmsMessage', sms())).code).toBe(code);
      expect(await sandbox.control.effects()).toEqual([]);
    },
  );

  test.each([
    ['wrong-host', 13],
    ['blocked', 14],
    ['ip-denied', 8],
    ['no-access', 9],
    ['general', 999],
  ] as const)('an account in trouble: %s is code %d', async (trouble, code) => {
    const sandbox = await openSandbox();
    await sandbox.control.mobizon.set({ trouble });
    expect((await mobizon(sandbox, 'message/sendSmsMessage', sms())).code).toBe(code);
  });

  test('calls of one method over its rate are code 30, other methods go on', async () => {
    const sandbox = await openSandbox({ mobizon: { ratePerSecondPerMethod: 2 } });
    const codes: number[] = [];
    for (let n = 0; n < 3; n++)
      codes.push((await mobizon(sandbox, 'message/sendSmsMessage', sms())).code);
    expect(codes).toEqual([0, 0, 30]);
    expect((await mobizon(sandbox, 'user/getOwnBalance')).code).toBe(0);
    await sandbox.control.advance(500);
    expect((await mobizon(sandbox, 'message/sendSmsMessage', sms())).code).toBe(0);
  });
});

describe('the way of a message', () => {
  const walk = async (
    mobizonOptions: Record<string, unknown>,
    form: Record<string, string>,
    steps: number,
  ) => {
    const sandbox = await openSandbox({ mobizon: mobizonOptions });
    const { data } = await mobizon<SentSms>(sandbox, 'message/sendSmsMessage', sms(form));
    const seen: (string | undefined)[] = [];
    for (let step = 0; step < steps; step++) {
      const { data: rows } = await mobizon<{ status: string }[]>(sandbox, 'message/getSMSStatus', {
        ids: data.messageId,
      });
      seen.push(rows[0]?.status);
      await sandbox.control.advance(1_000);
    }
    return seen;
  };

  test('is NEW, ENQUEUD, ACCEPTD, DELIVRD', async () => {
    expect(await walk({}, {}, 5)).toEqual(['NEW', 'ENQUEUD', 'ACCEPTD', 'DELIVRD', 'DELIVRD']);
  });

  test('passes through PDLIVRD with several segments', async () => {
    const seen = await walk({}, { text: 'я'.repeat(100) }, 5);
    expect(seen).toEqual(['NEW', 'ENQUEUD', 'ACCEPTD', 'PDLIVRD', 'DELIVRD']);
  });

  test.each(['UNDELIV', 'REJECTD', 'DELETED'])('ends as told: %s', async (outcome) => {
    const seen = await walk({ outcomes: { '77051234567': outcome } }, {}, 5);
    expect(seen.at(-1)).toBe(outcome);
  });

  test('expires after its validity', async () => {
    const sandbox = await openSandbox({ mobizon: { outcomes: { '77051234567': 'EXPIRED' } } });
    await mobizon(sandbox, 'message/sendSmsMessage', sms({ 'params[validity]': '60' }));
    const status = async () =>
      (await mobizon<{ status: string }[]>(sandbox, 'message/getSMSStatus', { ids: '700001' }))
        .data[0]?.status;
    await sandbox.control.advance(30 * 60_000);
    expect(await status()).toBe('ACCEPTD');
    await sandbox.control.advance(WEEK_MS);
    expect(await status()).toBe('EXPIRED');
  });
});

describe('moderation', () => {
  test('status 1 waits; approved goes out, declined never does and is refunded', async () => {
    const sandbox = await openSandbox({ mobizon: { moderatedWords: ['кредит'], balance: 100 } });
    const send = async () =>
      mobizon<SentSms>(sandbox, 'message/sendSmsMessage', sms({ text: 'Кредит сразу' }));
    const [good, bad] = [await send(), await send()];
    expect([good.code, good.data.status]).toEqual([0, 1]);
    expect((await sandbox.control.mobizon.waitingForModeration()).map(({ id }) => id)).toEqual([
      good.data.campaignId,
      bad.data.campaignId,
    ]);
    await sandbox.control.mobizon.moderate(good.data.campaignId, 'approve');
    await sandbox.control.mobizon.moderate(bad.data.campaignId, 'decline');
    await sandbox.control.advance(10_000);
    const { data } = await mobizon<{ status: string }[]>(sandbox, 'message/getSMSStatus', {
      ids: '700001,700002',
    });
    expect(data.map(({ status }) => status)).toEqual(['DELIVRD', 'REJECTD']);
    expect((await sandbox.control.effects()).map(({ kind }) => kind)).toEqual([
      'sms',
      'sms',
      'sms-refund',
    ]);
    expect(await sandbox.control.mobizon.balance()).toBeCloseTo(100 - 16.2);
    await expect(sandbox.control.mobizon.moderate(good.data.campaignId, 'decline')).rejects.toThrow(
      /not waiting/,
    );
  });
});

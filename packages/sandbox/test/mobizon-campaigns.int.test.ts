import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/sandbox.ts';
import { failureOf, mobizon, openReceiver, openSandbox, sms } from './sandbox-calls.ts';

type Item = { recipient: string; code: number; messageId: string };
type Info = {
  commonStatus: string;
  counters: Record<string, string>;
  extra: Record<string, unknown>;
};

const create = async (sandbox: Sandbox, data: Record<string, string> = {}) =>
  (
    await mobizon<string>(sandbox, 'campaign/create', {
      'data[name]': 'token-1',
      'data[text]': 'Ваш результат',
      'data[type]': '2',
      ...data,
    })
  ).data;

const add = (sandbox: Sandbox, id: string, numbers: string[], more: Record<string, string> = {}) =>
  mobizon<Item[]>(sandbox, 'campaign/addRecipients', {
    id,
    ...Object.fromEntries(numbers.map((number, index) => [`recipients[${index}]`, number])),
    ...more,
  });

describe('the campaign route', () => {
  test('sends once although every step is repeated', async () => {
    const sandbox = await openSandbox();
    await create(sandbox);
    const id = await create(sandbox);
    expect(id).toBe('100002');
    expect(await sandbox.control.effects()).toEqual([]);
    expect((await add(sandbox, id, ['77051234567'])).code).toBe(0);
    const repeated = await add(sandbox, id, ['77051234567']);
    expect([repeated.code, repeated.data[0]?.code]).toEqual([99, 4]);
    expect(await mobizon(sandbox, 'campaign/send', { id })).toMatchObject({ code: 0, data: 2 });
    expect((await mobizon(sandbox, 'campaign/send', { id })).code).toBe(10);
    expect(await sandbox.control.sms()).toEqual([
      expect.objectContaining({ campaignName: 'token-1' }),
    ]);
  });

  test.each(['campaign/create', 'campaign/addRecipients', 'campaign/send'])(
    'sends once although the answer of %s is lost',
    async (method) => {
      const sandbox = await openSandbox();
      await sandbox.control.addFault({
        provider: 'mobizon',
        path: `/service/${method}`,
        count: 1,
        action: { do: 'effect-then-drop' },
      });
      const retried = async <Result>(step: () => Promise<Result>) => step().catch(step);
      const id = await retried(() => create(sandbox));
      await retried(() => add(sandbox, id, ['77051234567']));
      await retried(() => mobizon(sandbox, 'campaign/send', { id }));
      expect(await sandbox.control.sms()).toHaveLength(1);
    },
  );

  test('names each recipient with its code, and 98 above them', async () => {
    const sandbox = await openSandbox({ mobizon: { stopList: ['77000000001'] } });
    const id = await create(sandbox);
    const answer = await add(sandbox, id, [
      '77051234567',
      '87051234567',
      '77000000001',
      '77051234567',
      '',
    ]);
    expect(answer.code).toBe(98);
    expect(answer.data.map(({ code }) => code)).toEqual([0, 0, 5, 4, 1]);
  });

  test('501 recipients are refused whole, so are two kinds at once', async () => {
    const sandbox = await openSandbox();
    const id = await create(sandbox);
    const numbers = Array.from({ length: 501 }, (_, n) => String(77050000000 + n));
    expect((await add(sandbox, id, numbers)).code).toBe(12);
    expect((await add(sandbox, id, ['77051234567'], { 'recipientGroups[0]': 'a' })).code).toBe(12);
    expect((await mobizon(sandbox, 'campaign/send', { id })).code).toBe(10);
    expect((await add(sandbox, id, numbers.slice(1))).code).toBe(0);
  });

  test('a template fills its placeholders, or refuses those that lack one', async () => {
    const sandbox = await openSandbox();
    const id = await create(sandbox, {
      'data[type]': '3',
      'data[text]': '{name}, ваш результат готов',
    });
    const answer = await mobizon<Item[]>(sandbox, 'campaign/addRecipients', {
      id,
      'recipients[0][recipient]': '77051234567',
      'recipients[0][placeholders][name]': 'Аида',
      'recipients[1][recipient]': '77051234568',
      'params[placeholdersFlag]': '3',
    });
    expect(answer.data.map(({ code }) => code)).toEqual([0, 20]);
    await mobizon(sandbox, 'campaign/send', { id });
    expect((await sandbox.control.sms()).map(({ text }) => text)).toEqual([
      'Аида, ваш результат готов',
    ]);
  });

  test('is locked while recipients are being added', async () => {
    const sandbox = await openSandbox();
    const id = await create(sandbox);
    await sandbox.control.addFault({
      path: '/service/campaign/addRecipients',
      count: 1,
      action: { do: 'slow' },
    });
    const first = add(sandbox, id, ['77051234567']);
    while ((await sandbox.control.faults())[0]?.struck !== 1);
    expect((await add(sandbox, id, ['77051234568'])).code).toBe(10);
    await sandbox.control.advance(3_000);
    expect((await first).code).toBe(0);
  });

  test('groups are loaded by a background task, asked about at most once a second', async () => {
    const sandbox = await openSandbox({
      mobizon: { groups: { vip: ['77051234567'] }, taskMs: 2_000 },
    });
    const id = await create(sandbox);
    const task = await mobizon<string>(sandbox, 'campaign/addRecipients', {
      id,
      'recipientGroups[0]': 'vip',
    });
    expect(task.code).toBe(100);
    const status = async () =>
      mobizon<{ progress: number; status: number }>(sandbox, 'taskqueue/getStatus', {
        id: task.data,
      });
    expect((await status()).data).toEqual({ progress: 0, status: 0 });
    expect((await status()).code).toBe(30);
    await sandbox.control.advance(2_000);
    expect((await status()).data).toEqual({ progress: 100, status: 2 });
    expect((await mobizon(sandbox, 'campaign/send', { id })).code).toBe(0);
  });

  test('getInfo tells where it stands, with counters that lag', async () => {
    const sandbox = await openSandbox({ mobizon: { countersLagMs: 10_000 } });
    const id = await create(sandbox);
    const info = async () => (await mobizon<Info>(sandbox, 'campaign/getInfo', { id })).data;
    expect((await info()).commonStatus).toBe('NEW');
    await add(sandbox, id, ['77051234567']);
    expect((await info()).commonStatus).toBe('READY_FOR_SEND');
    await mobizon(sandbox, 'campaign/send', { id });
    expect((await info()).commonStatus).toBe('SENT');
    await sandbox.control.advance(5_000);
    expect((await info()).commonStatus).toBe('DONE');
    expect((await info()).counters['delivrdMsgNum']).toBe('0');
    await sandbox.control.advance(10_000);
    expect((await info()).counters).toMatchObject({
      delivrdMsgNum: '1',
      totalCost: '16.2000',
      userCurrency: 'KZT',
    });
  });

  test('a draft can be deleted, what was sent cannot', async () => {
    const sandbox = await openSandbox();
    const draft = await create(sandbox);
    expect((await mobizon(sandbox, 'campaign/delete', { id: draft })).code).toBe(0);
    expect((await mobizon(sandbox, 'campaign/getInfo', { id: draft })).code).toBe(2);
    const sent = await create(sandbox);
    expect(sent).not.toBe(draft);
    await add(sandbox, sent, ['77051234567']);
    await mobizon(sandbox, 'campaign/send', { id: sent });
    expect((await mobizon(sandbox, 'campaign/delete', { id: sent })).code).toBe(10);
  });
});

describe('delivery reports', () => {
  type Report = {
    eventId: string;
    attempt: number;
    eventCreateTs: string;
    sign?: string;
    data: { status: string };
  };
  const signOf = ({ eventId, attempt, eventCreateTs }: Report, secret: string) =>
    createHash('sha1').update(`${eventId}|${attempt}|${eventCreateTs}|${secret}`).digest('hex');
  const open = async (hook: Record<string, unknown>, statuses: number[] = []) => {
    const { url, received } = await openReceiver(statuses);
    const sandbox = await openSandbox({ mobizon: { webhooks: [{ url, ...hook }] } });
    await mobizon(sandbox, 'message/sendSmsMessage', sms());
    return { sandbox, reports: () => received.map(({ body }) => JSON.parse(body) as Report) };
  };

  test('come once, on the final status, with real numbers and the SHA-1 sign', async () => {
    const { sandbox, reports } = await open({ secret: 'tajna' });
    await sandbox.control.advance(60_000);
    expect(reports()).toEqual([
      expect.objectContaining({
        eventType: 'sms-delivery-report',
        attempt: 1,
        data: expect.objectContaining({
          messageId: 700001,
          segNum: 1,
          status: 'DELIVRD',
          to: '77051234567',
        }),
      }),
    ]);
    expect(reports().map(({ sign }) => sign)).toEqual(
      reports().map((report) => signOf(report, 'tajna')),
    );
  });

  test('are repeated with a gap growing by a minute, same event, new sign', async () => {
    const { sandbox, reports } = await open({ secret: 'tajna' }, [500, 500]);
    await sandbox.control.advance(3_000);
    await sandbox.control.advance(60_000);
    expect(reports().map(({ attempt }) => attempt)).toEqual([1, 2]);
    await sandbox.control.advance(119_000);
    expect(reports()).toHaveLength(2);
    await sandbox.control.advance(1_000);
    expect(reports().map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(reports().map(({ eventId }) => eventId)).size).toBe(1);
    expect(new Set(reports().map(({ sign }) => sign)).size).toBe(3);
  });

  test('are given up after ten attempts', async () => {
    const { sandbox, reports } = await open(
      {},
      Array.from({ length: 20 }, () => 500),
    );
    await sandbox.control.advance(3 * 3_600_000);
    expect(reports()).toHaveLength(10);
    expect(reports().some((report) => 'sign' in report)).toBe(false);
  });

  test('can lie under a sign that still fits', async () => {
    const { sandbox, reports } = await open({ secret: 'tajna', trouble: { signature: 'forged' } });
    await sandbox.control.advance(60_000);
    expect(reports().map(({ data }) => data.status)).toEqual(['UNDELIV']);
    expect(reports().map(({ sign }) => sign)).toEqual(
      reports().map((report) => signOf(report, 'tajna')),
    );
  });
});

test('an SMS whose answer was lost and that is sent again blindly is two SMS', async () => {
  const sandbox = await openSandbox();
  await sandbox.control.addPreset('mobizon-accept-then-drop');
  const send = () => mobizon(sandbox, 'message/sendSmsMessage', sms());
  expect(await failureOf(send())).not.toBe('no failure');
  await sandbox.control.clearFaults();
  await send();
  expect(await sandbox.control.sms('77051234567')).toHaveLength(2);
});

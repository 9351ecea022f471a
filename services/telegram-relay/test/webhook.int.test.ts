import { beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '@leadwire/testing/nats';
import type { ServiceHere } from '@leadwire/testing/service-here';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const rig = useRig();
const { telegram, shownIn } = rig;
const SECRET = 'a-webhook-secret-for-tests';

/** One for all tests: a relay that is configured alike stays for the next one. */
let port: number;
beforeAll(async () => {
  port = await freePort();
});

/** A relay that Telegram calls, once Telegram knows where. */
const startCalled = async (): Promise<ServiceHere> => {
  const relay = await rig.startRelay({
    PORT: String(port),
    TELEGRAM_PUBLIC_URL: `http://127.0.0.1:${port}`,
    TELEGRAM_WEBHOOK_SECRET: SECRET,
  });
  await waitFor(async () => {
    const bots = await telegram().bots();
    return bots.find(({ name }) => name === 'leads')?.webhookUrl?.includes(String(port));
  });
  return relay;
};

const answers = async (chatId: string, count: number) => {
  await waitFor(async () => (await shownIn(chatId)).length >= count, { timeoutMs: 30_000 });
  return shownIn(chatId);
};

let updateId = 1;
const status = (chatId: string) => {
  updateId += 1;
  const chat = { id: Number(chatId), type: 'group', title: 'Отдел продаж' };
  return { update_id: updateId, message: { message_id: 1, chat, text: '/status' } };
};
const post = (relay: ServiceHere, body: unknown, secret?: string, bot = 'leads') =>
  fetch(`${relay.url}/telegram/${bot}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(secret !== undefined && { 'x-telegram-bot-api-secret-token': secret }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('with a public address Telegram brings updates, and they are answered', async () => {
  await startCalled();
  const { chatId } = await rig.activeGroup('Отдел продаж');
  await telegram().say(chatId, '/status');
  expect((await answers(chatId, 1))[0]).toContain('подключена');
});

describe('an update that is brought', () => {
  test('without the secret, or with another one, is refused and changes nothing', async () => {
    const relay = await startCalled();
    const { chatId } = await rig.activeGroup('Отдел продаж');
    const update = status(chatId);
    for (const secret of [undefined, '', 'x', `${SECRET}x`, SECRET.toUpperCase()]) {
      expect((await post(relay, update, secret)).status).toBe(401);
    }
    expect((await post(relay, update, SECRET)).status).toBe(200);
    expect(await answers(chatId, 1)).toHaveLength(1);
    expect(JSON.stringify(relay.logs)).not.toContain(SECRET);
  });

  test('by Telegram with a wrong secret, or none, never gets through; twice, it is answered once', async () => {
    await startCalled();
    const right = { signature: 'right', duplicates: 0 } as const;
    for (const signature of ['wrong', 'forged'] as const) {
      const { chatId } = await rig.activeGroup(`Группа ${signature}`);
      await telegram().set({ webhookTrouble: { ...right, signature } });
      await telegram().say(chatId, '/status');
      await waitFor(async () =>
        (await rig.control().webhooks('telegram')).some(({ status: code }) => code === 401),
      );
      expect(await shownIn(chatId)).toEqual([]);
      await telegram().set({ webhookTrouble: right });
    }
    const { chatId } = await rig.activeGroup('Отдел продаж');
    await telegram().set({ webhookTrouble: { ...right, duplicates: 2 } });
    await telegram().say(chatId, '/status');
    await answers(chatId, 1);
    await telegram().set({ webhookTrouble: right });
    await telegram().say(chatId, '/today');
    expect(await answers(chatId, 2)).toHaveLength(2);
  });

  test('again and again, at once and later, is answered once', async () => {
    const relay = await startCalled();
    const { chatId } = await rig.activeGroup('Отдел продаж');
    const update = status(chatId);
    const first = await Promise.all(Array.from({ length: 6 }, () => post(relay, update, SECRET)));
    const codes = first.map((answer) => answer.status);
    // Those that met the first one at work are asked to come again.
    expect(codes.every((code) => code === 200 || code === 503)).toBe(true);
    await waitFor(async () => (await post(relay, update, SECRET)).status === 200);
    await post(relay, status(chatId), SECRET);
    await answers(chatId, 2);
    expect(await shownIn(chatId)).toHaveLength(2);
  });

  test('of a kind that we do not know is taken and passed over', async () => {
    const relay = await startCalled();
    for (const body of [{ update_id: 5, poll: {} }, { hello: 1 }, [], null, 'null', '"x"', 7]) {
      expect((await post(relay, body, SECRET)).status).toBe(200);
    }
    expect((await post(relay, '{not json', SECRET)).status).toBe(400);
    expect((await post(relay, {}, SECRET, 'nobody')).status).toBe(404);
    expect((await post(relay, {}, SECRET, 'constructor')).status).toBe(404);
  });
});

test('without the secret the relay does not start, and says what is missing', async () => {
  const start = rig.startRelay({ TELEGRAM_PUBLIC_URL: 'https://telegram.leadwire.kz' });
  await expect(start).rejects.toThrow(/TELEGRAM_WEBHOOK_SECRET.*expected with TELEGRAM_PUBLIC_URL/);
});

test('back without a public address the relay asks for updates by itself again', async () => {
  await (await startCalled()).stop();
  await rig.startRelay();
  const { chatId } = await rig.activeGroup('Отдел продаж');
  await telegram().say(chatId, '/status');
  expect(await answers(chatId, 1)).toHaveLength(1);
});

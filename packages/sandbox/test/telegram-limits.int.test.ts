import { describe, expect, test } from 'vitest';
import type { Sandbox, SandboxOptions } from '../src/sandbox.ts';
import { openSandbox } from './sandbox-calls.ts';
import { openGroup, telegram } from './telegram-calls.ts';

const send = (sandbox: Sandbox, chat: number, bot: 'leads' | 'admin' = 'leads') =>
  telegram(sandbox, 'sendMessage', { chat_id: chat, text: 'Заявка' }, { bot });

/** How many of so many calls at once were taken. */
async function burst(sandbox: Sandbox, chat: number, calls: number): Promise<number> {
  let taken = 0;
  for (let call = 0; call < calls; call++) if ((await send(sandbox, chat)).ok) taken++;
  return taken;
}

const roomy: SandboxOptions = { telegram: { chatRatePerSecond: 1000, chatBurst: 1000 } };

describe('the pace', () => {
  test('of a chat is one a second with three at once, and the wait is told twice alike', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    expect(await burst(sandbox, chat, 3)).toBe(3);
    const refused = await send(sandbox, chat);
    expect(refused).toMatchObject({
      status: 429,
      error_code: 429,
      description: 'Too Many Requests: retry after 1',
      parameters: { retry_after: 1 },
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    await sandbox.control.advance(1_000);
    expect(await burst(sandbox, chat, 2)).toBe(1);
  });

  test('of a group is 20 in any minute, for each bot and each group on its own', async () => {
    const sandbox = await openSandbox(roomy);
    const chat = await openGroup(sandbox, { bots: ['leads', 'admin'] });
    const other = await openGroup(sandbox);
    expect(await burst(sandbox, chat, 20)).toBe(20);
    await sandbox.control.advance(20_000);
    expect((await send(sandbox, chat)).parameters).toEqual({ retry_after: 40 });
    expect((await send(sandbox, other)).ok).toBe(true);
    expect((await send(sandbox, chat, 'admin')).ok).toBe(true);
    await sandbox.control.advance(39_000);
    expect((await send(sandbox, chat)).parameters).toEqual({ retry_after: 1 });
    await sandbox.control.advance(1_000);
    expect((await send(sandbox, chat)).ok).toBe(true);
  });

  test('of a bot is 30 in any second over all chats', async () => {
    const sandbox = await openSandbox({
      telegram: { ...roomy.telegram, groupRatePerMinute: 1000 },
    });
    const chats = [await openGroup(sandbox), await openGroup(sandbox)];
    const taken = await Promise.all(chats.map((chat) => burst(sandbox, chat, 20)));
    expect(taken.reduce((sum, each) => sum + each, 0)).toBe(30);
    await sandbox.control.advance(1_000);
    expect((await send(sandbox, chats[0] as number)).ok).toBe(true);
  });

  test('is not disturbed by calls that send nothing, nor by refused ones', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox);
    for (let call = 0; call < 40; call++) await telegram(sandbox, 'getMe');
    for (let call = 0; call < 5; call++) {
      await telegram(sandbox, 'sendMessage', { chat_id: chat, text: '<b>', parse_mode: 'HTML' });
    }
    expect(await burst(sandbox, chat, 3)).toBe(3);
  });
});

describe('a wait', () => {
  test('can be put on one chat alone', async () => {
    const sandbox = await openSandbox();
    const [limited, free] = [await openGroup(sandbox), await openGroup(sandbox)];
    await sandbox.control.telegram.limitChat(limited, 90);
    expect((await send(sandbox, limited)).parameters).toEqual({ retry_after: 90 });
    expect((await send(sandbox, free)).ok).toBe(true);
    await sandbox.control.advance(60_000);
    expect((await send(sandbox, limited)).parameters).toEqual({ retry_after: 30 });
    await sandbox.control.advance(30_000);
    expect((await send(sandbox, limited)).ok).toBe(true);
  });

  test('can be put on the whole bot', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { bots: ['leads', 'admin'] });
    await sandbox.control.telegram.limitBot('leads', 10);
    expect((await send(sandbox, chat)).status).toBe(429);
    expect((await send(sandbox, chat, 'admin')).ok).toBe(true);
    expect(await sandbox.control.telegram.waits()).toEqual([
      { botId: 7_000_000_001, chatKey: null, seconds: 10 },
    ]);
  });

  test('begins anew with every call during it, where Telegram is told to be so', async () => {
    const sandbox = await openSandbox({ telegram: { penaltyExtends: true } });
    const chat = await openGroup(sandbox);
    await sandbox.control.telegram.limitChat(chat, 10);
    await sandbox.control.advance(9_000);
    expect((await send(sandbox, chat)).parameters).toEqual({ retry_after: 10 });
    await sandbox.control.advance(9_000);
    expect((await send(sandbox, chat)).status).toBe(429);
    await sandbox.control.advance(10_000);
    expect((await send(sandbox, chat)).ok).toBe(true);
  });
});

import { describe, expect, test } from '@jest/globals';
import { sandboxTokens } from '../src/telegram/settings.ts';
import { openSandbox } from './sandbox-calls.ts';
import { openGroup, readAnswer, telegram, type WireMessage } from './telegram-calls.ts';

describe('a call', () => {
  test('is understood as query, form, JSON and multipart, in any case of the method', async () => {
    const sandbox = await openSandbox();
    const chat = String(await openGroup(sandbox));
    const at = (method: string) => `${sandbox.telegramUrl}/bot${sandboxTokens.leads}/${method}`;
    const params = { chat_id: chat, text: 'Готово' };
    const multipart = new FormData();
    for (const [name, value] of Object.entries(params)) multipart.set(name, value);
    const query = new URLSearchParams(params);
    const calls: [string, RequestInit][] = [
      [`${at('sendMessage')}?${query.toString()}`, {}],
      [at('SENDMESSAGE'), { method: 'POST', body: query }],
      [at('sendmessage'), { method: 'POST', body: multipart }],
    ];
    for (const [url, init] of calls) {
      expect(await readAnswer(await fetch(url, init))).toMatchObject({ status: 200, ok: true });
      await sandbox.control.advance(1_000);
    }
    expect((await telegram(sandbox, 'sendMessage', params)).ok).toBe(true);
    const shown = await sandbox.control.telegram.shown(chat);
    expect(shown.map(({ text }) => text)).toEqual(Array<string>(4).fill('Готово'));
  });

  test('answers with the message as the chat has it', async () => {
    const sandbox = await openSandbox();
    const chat = await openGroup(sandbox, { type: 'supergroup' });
    const { result } = await telegram<WireMessage>(sandbox, 'sendMessage', {
      ...{ chat_id: chat, parse_mode: 'HTML' },
      text: '<b>Заявка</b> от <a href="https://leadwire.kz">Айгерим</a>',
    });
    expect(result).toMatchObject({
      chat: { id: chat, type: 'supergroup', title: 'Продажи' },
      from: { id: 7_000_000_001, is_bot: true },
      text: 'Заявка от Айгерим',
      entities: [
        { type: 'bold', offset: 0, length: 6 },
        { type: 'text_link', offset: 10, length: 7, url: 'https://leadwire.kz' },
      ],
    });
  });
});

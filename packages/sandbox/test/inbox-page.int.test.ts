import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/sandbox.ts';
import { mail, mobizon, openSandbox, resend, sms } from './sandbox-calls.ts';

const HOSTILE = `"><script>alert('1')</script>`;

const page = async (sandbox: Sandbox, path: string) =>
  (await fetch(`${sandbox.url}${path}`)).text();

describe('the page', () => {
  test('says in words that there is nothing yet', async () => {
    const sandbox = await openSandbox();
    expect(await page(sandbox, '/')).toContain('Писем пока нет');
    expect(await page(sandbox, '/inbox/mobizon')).toContain('SMS пока нет');
    expect(await page(sandbox, '/')).toContain('href="/forms/"');
  });

  test('escapes what people typed, everywhere', async () => {
    const sandbox = await openSandbox();
    const { body } = await resend(
      sandbox,
      'POST',
      '/emails',
      mail({
        subject: HOSTILE,
        text: HOSTILE,
        html: `<p>${HOSTILE}</p>`,
        headers: { [`X-${HOSTILE}`]: HOSTILE },
        reply_to: 'a@pochta.kz',
      }),
      { 'idempotency-key': HOSTILE },
    );
    await mobizon(sandbox, 'message/sendSmsMessage', sms({ text: HOSTILE, from: HOSTILE }));
    await sandbox.control.addFault({
      id: HOSTILE,
      title: HOSTILE,
      provider: 'nobody',
      action: { do: 'hang' },
    });
    for (const path of ['/', `/inbox/resend/${body.id}`, '/inbox/mobizon', '/inbox/faults']) {
      const markup = await page(sandbox, path);
      expect(markup).not.toContain('<script>alert');
      expect(markup).toContain('&lt;script&gt;alert');
    }
  });

  test('shows a mail in a frame without scripts', async () => {
    const sandbox = await openSandbox();
    const { body } = await resend(
      sandbox,
      'POST',
      '/emails',
      mail({ html: '<!doctype html><p class="a">Готов</p>' }),
    );
    const response = await fetch(`${sandbox.url}/inbox/resend/${body.id}`);
    const markup = await response.text();
    const [, rules = ''] = /<iframe[^>]*\ssandbox="([^"]*)"/.exec(markup) ?? [];
    const may = ['allow-popups', 'allow-popups-to-escape-sandbox', 'allow-same-origin'];
    expect(rules.split(' ').sort()).toEqual(may);
    expect(markup).toContain(
      'srcdoc="&lt;!doctype html&gt;&lt;base target=&quot;_blank&quot;&gt;&lt;p class=',
    );
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
  });

  test('finds a mail among many by its address, its subject and its words', async () => {
    const sandbox = await openSandbox({ resend: { ratePerSecond: 10_000 } });
    for (let n = 0; n < 210; n += 1) {
      const one = mail({ to: `n${n}@pochta.kz`, subject: `Письмо ${n}`, text: `слово${n} и ещё` });
      await resend(sandbox, 'POST', '/emails', one);
    }
    expect(await page(sandbox, '/')).not.toContain('n0@pochta.kz');
    const found = await page(sandbox, `/inbox/resend?q=${encodeURIComponent('СЛОВО0 n0@')}`);
    expect(found).toContain('n0@pochta.kz');
    expect(found).not.toContain('n1@pochta.kz');
    const none = await page(sandbox, '/inbox/resend?fragment=list&q=%22%3E%3Cb%3E');
    expect(none).toContain('Таких писем нет');
  });

  test('shows an SMS with its segments and its price, and the balance', async () => {
    const sandbox = await openSandbox({ mobizon: { balance: 1000, segmentPrice: 10 } });
    await mobizon(sandbox, 'message/sendSmsMessage', sms({ text: 'я'.repeat(71) }));
    const markup = await page(sandbox, '/inbox/mobizon');
    for (const words of ['2 сегмента', 'UCS-2', '20,00 ₸', '980,00 ₸', '+77051234567']) {
      expect(markup).toContain(words);
    }
  });

  test('warns on every tab while a fault is on', async () => {
    const sandbox = await openSandbox();
    expect(await page(sandbox, '/')).not.toContain('Включён сбой');
    await sandbox.control.addPreset('resend-500');
    for (const path of ['/', '/inbox/mobizon', '/inbox/faults']) {
      expect(await page(sandbox, path)).toContain('Включён сбой');
    }
    expect(await page(sandbox, '/inbox/faults')).toMatch(
      /data-fault="resend-500"\s+aria-checked="true"/,
    );
  });

  test('tells an open page that something came', async () => {
    const sandbox = await openSandbox();
    const events = await fetch(`${sandbox.url}/inbox/events`);
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    await resend(sandbox, 'POST', '/emails', mail());
    let heard = '';
    while (!heard.includes('event: changed'))
      heard += (await reader?.read())?.value ?? 'event: changed? no: closed';
    expect(heard).not.toContain('closed');
    await reader?.cancel();
  });

  test.each([
    '/inbox/nobody',
    '/inbox/resend/none',
    '/inbox/assets/../../package.json',
    '/inbox/assets/none.js',
  ])('%s is 404', async (path) => {
    const sandbox = await openSandbox();
    expect((await fetch(`${sandbox.url}${path}`)).status).toBe(404);
  });
});

describe('the control plane', () => {
  test('takes no form post, so that no foreign page can work it', async () => {
    const sandbox = await openSandbox();
    const response = await fetch(`${sandbox.url}/__sim/reset`, {
      method: 'POST',
      body: new URLSearchParams({ a: '1' }),
    });
    expect(response.status).toBe(415);
  });

  test('reset forgets everything, settings and faults included', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.resend.set({ ratePerSecond: 1 });
    await sandbox.control.addPreset('mobizon-hang');
    await resend(sandbox, 'POST', '/emails', mail());
    await sandbox.control.advance(3_600_000);
    await sandbox.control.reset();
    expect(await sandbox.control.effects()).toEqual([]);
    expect(await sandbox.control.faults()).toEqual([]);
    expect(await sandbox.control.requests()).toEqual([]);
    expect((await sandbox.control.resend.settings()).ratePerSecond).toBe(5);
    expect(Math.abs((await sandbox.control.clock()).now - Date.now())).toBeLessThan(60_000);
  });

  test('refuses a setting that makes no sense and names it', async () => {
    const sandbox = await openSandbox();
    await expect(sandbox.control.mobizon.set({ timeZone: 'Mars/Base' })).rejects.toThrow(
      /timeZone/,
    );
    await expect(sandbox.control.resend.set({ ratePerSecond: 0 })).rejects.toThrow(/ratePerSecond/);
  });

  test('the clock moves by advance only while it is stopped', async () => {
    const sandbox = await openSandbox();
    const { now } = await sandbox.control.clock();
    expect((await sandbox.control.advance(5_000)).now).toBe(now + 5_000);
    expect(await sandbox.control.clock()).toMatchObject({ now: now + 5_000, frozen: true });
    expect((await sandbox.control.unfreeze()).frozen).toBe(false);
  });
});

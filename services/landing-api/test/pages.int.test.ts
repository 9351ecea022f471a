/** What people see of this service in a browser: one frame with the brand around every page. */
import { expect, onTestFinished, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import { newId } from '@leadwire/shared/contract/ids';
import { unsubscribeToken } from '@leadwire/shared/delivery/unsubscribe-token';
import { startApi } from './start-api.ts';

const UNSUBSCRIBE_SECRET = 'a secret of the pages, at least 32 characters';
const BY_BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

test('every page has the brand, its heading as its title, and nothing of a template; programs get JSON', async () => {
  const broker = await startNats();
  onTestFinished(() => broker.close());
  const api = await startApi(broker, { env: { UNSUBSCRIBE_SECRET, BRAND_NAME: 'Курсы <Ко>' } });
  onTestFinished(() => api.stop());
  const own = `/u/${unsubscribeToken(newId(), UNSUBSCRIBE_SECRET)}`;
  const pageOf = async (path: string, headings: RegExp) => {
    const response = await fetch(api.url + path, { headers: BY_BROWSER });
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const html = await response.text();
    const [, heading = ''] = /<h1>(.*)<\/h1>/.exec(html) ?? [];
    expect(heading).toMatch(headings);
    expect(html).toContain(`<title>${heading}</title>`);
    expect(html).toContain('<p class="brand">Курсы &lt;Ко&gt;</p>');
    expect(html).not.toContain('<!-- ');
    return response.status;
  };
  expect(await pageOf('/', /принимаются заявки/)).toBe(200);
  expect(await pageOf(own, /О чём мы вам пишем/)).toBe(200);
  expect(await pageOf('/u/x', /Ссылка не найдена/)).toBe(404);
  expect(await pageOf('/s/zzzzzzz', /Ссылка не найдена/)).toBe(404);
  expect(await pageOf('/kontakty?from=sms', /Такой страницы нет/)).toBe(404);

  const problem = { success: false, error: 'there is nothing at this address', issues: [] };
  const byProgram: [string, RequestInit][] = [
    ['/kontakty', {}],
    ['/kontakty', { method: 'POST', headers: BY_BROWSER }],
    ['/api/landing/nothing', { headers: BY_BROWSER }],
  ];
  for (const [path, init] of byProgram) {
    const response = await fetch(api.url + path, init);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual(problem);
  }

  await broker.kill();
  expect(await pageOf('/s/zzzzzzz', /сейчас не открывается/)).toBe(503);
});

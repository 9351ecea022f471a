/** The public pages of landing-api as people see them: what it is, links that lead nowhere, out of campaigns and back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { newId } from '@leadwire/shared/contract/ids';
import { unsubscribeToken } from '@leadwire/shared/delivery/unsubscribe-token';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startApi, type TestApi } from '../../services/landing-api/test/start-api.ts';
import { lookAround } from './access.ts';
import { describeInBrowser, launchChromium } from './chromium.ts';

const UNSUBSCRIBE_SECRET = 'a secret of the pages, at least 32 characters';
const ADDRESS = 'a•••@leadwire-sample.kz';

let broker: TestBroker;
let api: TestApi;
let browser: Browser;

/** A page of somebody who has opened that path. */
async function open(path: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'ru-RU' });
  const page = await context.newPage();
  await page.goto(api.url + path);
  return page;
}

const heading = (page: Page) => page.getByRole('heading').innerText();

describeInBrowser('the public pages in Chromium', () => {
  beforeAll(async () => {
    [broker, browser] = await Promise.all([startNats(), launchChromium()]);
    const env = { UNSUBSCRIBE_SECRET, BRAND_NAME: 'Академия' };
    api = await startApi(broker, { env });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await api?.stop();
    await broker?.close();
  });

  test.each([
    ['/', 'Здесь принимаются заявки'],
    ['/s/zzzzzzz', 'Ссылка не найдена'],
    ['/kontakty', 'Такой страницы нет'],
  ])('%s is branded and can be read on every screen, light and dark', async (path, title) => {
    const page = await open(path);
    expect([await page.title(), await heading(page)]).toEqual([title, title]);
    expect(await page.locator('.brand').innerText()).toBe('Академия');
    expect(await lookAround(page)).toEqual([]);
    await page.context().close();
  });

  test('out of the campaigns, back and out again: each step says whose address it is and fits every screen', async () => {
    const page = await open(`/u/${unsubscribeToken(newId(), UNSUBSCRIBE_SECRET, ADDRESS)}`);
    const steps: [string | undefined, string][] = [
      [undefined, 'О чём мы вам пишем'],
      ['Отписаться', 'Вы отписаны от рассылок'],
      ['Подписаться снова', 'Рассылки снова приходят'],
      ['Отписаться', 'Вы отписаны от рассылок'],
    ];
    for (const [button, title] of steps) {
      if (button !== undefined) await page.getByRole('button', { name: button }).click();
      await page.getByRole('heading', { name: title }).waitFor();
      expect(await page.locator('.who').innerText()).toBe(`Адрес: ${ADDRESS}`);
      expect(await lookAround(page)).toEqual([]);
    }
    await page.context().close();
  });
});

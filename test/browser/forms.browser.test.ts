/** What a person sees: the forms page and the inbox page, with everything behind them real. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser, Locator, Page, Response } from 'playwright-core';
import { startSandbox } from '@leadwire/sandbox/sandbox';
import { formsPage } from '@leadwire/sandbox/forms/forms-page';
import { waitFor } from '@leadwire/testing/wait-for';
import { describeInBrowser, launchChromium } from './chromium.ts';
import { watchPage } from './incidents.ts';
import { startStack, type Stack } from './stack.ts';
import { troubledLead } from './troubled-lead.ts';

/** Pixels of the open mail that its frame hides. */
const HIDDEN_OF_MAIL =
  "(f => f.contentDocument.documentElement.scrollHeight - f.clientHeight)(document.querySelector('.stage iframe'))";
/** Longer than the delay of a message and the look at it, on a busy machine. */
const PATIENCE_MS = 15_000;

let stack: Stack;
let browser: Browser;
let page: Page;
const incidents: string[] = [];

async function open(path: string, options: { width?: number } = {}): Promise<void> {
  const viewport = { width: options.width ?? 1280, height: 900 };
  const context = await browser.newContext({ viewport, locale: 'ru-RU' });
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  watchPage(page, { origins: [stack.sandbox.url, stack.apiUrl], incidents });
  await page.goto(new URL(path, stack.sandbox.url).href);
}

async function openForm(query = '', options: { width?: number } = {}): Promise<void> {
  await open(`/forms/${query}`, options);
  await page.locator('#submit:enabled').waitFor();
}

const example = (name: string) => page.getByRole('button', { name, exact: true }).click();
const press = (name: string) => page.getByRole('button', { name }).click();
const channel = (name: 'email' | 'sms' | 'deal' | 'telegram', status = '') =>
  page.locator(`[data-channel="${name}"]${status && `[data-status="${status}"]`}`);
const remark = (field: string) => page.locator(`[data-remark="${field}"]`).innerText();
const answerCodes = () => page.locator('#answer-list .code').allInnerTexts();
const answersShown = (count: number) =>
  page.locator(`#answer-list > li:nth-child(${count})`).waitFor();

/** Fills in who the person is. */
async function introduce(person: { name: string; email: string; phone: string }): Promise<void> {
  await page.getByLabel('Имя').fill(person.name);
  await page.getByLabel('Почта').fill(person.email);
  await page.getByLabel('Телефон').fill(person.phone);
}

/** Presses and returns the API's answer to the form. */
async function submit(button: string): Promise<Response> {
  const [response] = await Promise.all([
    page.waitForResponse((each) => each.request().method() === 'POST'),
    press(button),
  ]);
  return response;
}

async function textOf(locator: Locator): Promise<string> {
  return (await locator.innerText()).replace(/\s+/g, ' ');
}

describeInBrowser('the forms page and the inbox page in Chromium', () => {
  beforeAll(async () => {
    [stack, browser] = await Promise.all([startStack(), launchChromium()]);
  }, 60_000);

  afterEach(async () => {
    await page?.context().close();
    const seen = incidents.splice(0);
    if (seen.length > 0) throw new Error(`on the page: ${seen.join('; ')}`);
  });

  afterAll(async () => {
    await browser?.close();
    await stack?.close();
  }, 60_000);

  test('what cannot be used is said beside its field', async () => {
    await openForm('', { width: 390 });
    await example('пустая анкета');
    expect((await submit('Получить результат')).status()).toBe(400);
    await answersShown(1);
    // Whoever can be reached is taken without a name.
    expect(await remark('name')).toBe('');
    expect(await remark('email')).toBe('Нужна верная почта или телефон');
    expect(await remark('phone')).toBe('Нужен телефон или верная почта');
    await example('обычный человек');
    expect(await remark('name')).toBe('');
  });

  test('another content under the same submission is a lead of its own', async () => {
    await openForm();
    await example('опечатка в почте');
    expect((await submit('Получить результат')).status()).toBe(201);
    expect(await textOf(page.locator('.about'))).toContain('возможно madina@gmail.com');
    await page.getByLabel('Имя').fill('Другая');
    expect((await submit('Получить результат')).status()).toBe(201);
    await answersShown(2);
    await page.locator('.about', { hasText: 'принята отдельно' }).waitFor();
    await press('Новая анкета');
    expect(await page.getByLabel('Имя').inputValue()).toBe('');
  });

  test('a bot that fills in the hidden field is thanked and nobody is contacted', async () => {
    await openForm();
    await example('бот');
    expect((await submit('Получить результат')).status()).toBe(201);
    expect(await textOf(channel('email', 'skipped'))).toContain('в карантине');
    expect(await textOf(channel('sms', 'skipped'))).toContain('в карантине');
    expect(await page.getByRole('status').innerText()).toBe('Ничего не отправлено');
    expect(await stack.sandbox.control.mails('seo@mail.example-lead.kz')).toEqual([]);
  });

  test('messages that failed or are in doubt ask for a person, beside the deal and the groups; an error stands alone', async () => {
    await openForm();
    await page.route('**/status', (route) => route.fulfill({ json: troubledLead }));
    await example('без почты');
    await submit('Получить результат');
    expect(await textOf(channel('email', 'failed'))).toContain(
      'Не отправлено Resend 422: <b>no such domain</b>',
    );
    expect(await textOf(channel('sms', 'unknown'))).toContain('Неизвестно, ушло ли');
    expect(await page.getByRole('status').innerText()).toBe('Нужен человек');
    expect(await textOf(channel('deal', 'synced'))).toContain('Этап «Оплата Kaspi»');
    expect(await textOf(channel('telegram', 'pending'))).toContain('Отдел продаж');

    await page.route('**/status', (route) => route.fulfill({ status: 502, json: {} }));
    await page.locator('#path-body .alert', { hasText: 'API не отвечает' }).waitFor();
    expect(await page.locator('.channel, .about').count()).toBe(0);
    expect(await page.getByRole('status').innerText()).toBe('');
  });

  test('no page is wider than a phone, and the outcome comes into view', async () => {
    await openForm('?form=purchase', { width: 390 });
    const outcome = page.locator('#outcome');
    // Nothing blank below the form before there is something to show.
    expect((await outcome.boundingBox())?.height).toBeLessThan(400);
    await example('бот');
    await submit('Записаться');
    await channel('email').waitFor();
    const top = async () => (await outcome.boundingBox())?.y ?? Infinity;
    await waitFor(async () => (await top()) < 50, { what: 'the outcome at the top' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.goto(stack.sandbox.url);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  test('the documentation of the API can be read on a phone', async () => {
    await open('/forms/', { width: 360 });
    await page.goto(`${stack.apiUrl}/docs`);
    await page.locator('.opblock-summary', { hasText: '/api/landing/submit' }).click();
    const example = page.locator('.responses-wrapper .highlight-code').first();
    await example.waitFor();
    expect((await example.boundingBox())?.width).toBeGreaterThan(280);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  test('a fault switched on by a click shows its banner until it is switched off', async () => {
    await open('/inbox/faults');
    const banner = page.locator('.banner');
    expect(await banner.count()).toBe(0);
    const title = 'Resend: ошибка 500';
    await page.getByRole('switch', { name: title }).click();
    await banner.waitFor();
    expect(await textOf(banner)).toContain(title);
    expect(await stack.sandbox.control.faults()).toHaveLength(1);
    await page.getByRole('switch', { name: title, checked: true }).click();
    await banner.waitFor({ state: 'detached' });
    expect(await stack.sandbox.control.faults()).toEqual([]);
  });

  test('without its settings the page says which are missing', async () => {
    const bare = await startSandbox({ pages: [formsPage({})] });
    try {
      await open('/forms/');
      await page.route('**/config.json', async (route) => {
        await route.fulfill({
          response: await route.fetch({ url: `${bare.url}/forms/config.json` }),
        });
      });
      await page.reload();
      expect(await page.getByRole('alert').innerText()).toContain('без LANDING_API_URL');
      expect(await page.locator('#submit').isDisabled()).toBe(true);
    } finally {
      await bare.close();
    }
  });

  test('a person takes the test, waits, and finds the mail and the SMS', async () => {
    await openForm('?utm_source=google&utm_campaign=autumn&slug=autumn_b');
    await introduce({
      name: 'Асель Нурланова',
      email: 'assel@mail.example-lead.kz',
      phone: '8 705 765 43 21',
    });
    const answer = await submit('Получить результат');
    expect(answer.status()).toBe(201);
    expect(await answer.headerValue('access-control-allow-origin')).toBe(stack.sandbox.url);

    for (const name of ['email', 'sms'] as const) {
      const waiting = channel(name, 'pending').locator('.now', { hasText: 'Ждём' });
      expect(await textOf(waiting)).toMatch(/Ждём до \d\d:\d\d:\d\d ещё \d с/);
    }
    await channel('email', 'sent').waitFor();
    await channel('sms', 'sent').waitFor();
    expect(await textOf(channel('sms'))).toMatch(/Отправлено \d\d:\d\d:\d\d/);
    expect(await page.getByRole('status').innerText()).toBe('Всё отправлено');
    const about = await textOf(page.locator('.about'));
    const parts = ['+77057654321', 'proftest_autumn_b', 'source: google, campaign: autumn'];
    for (const part of parts) expect(about).toContain(part);

    await page.getByRole('link', { name: 'Открыть письма и SMS' }).click();
    await page.locator('.row', { hasText: 'assel@mail.example-lead.kz' }).click();
    // Nothing that somebody typed into a form stands in a subject.
    expect(await page.locator('.mail h2').innerText()).toBe('Ваш результат теста готов');
    const mail = page.frameLocator('iframe[title="Письмо"]').locator('body');
    expect(await textOf(mail)).toContain('Здравствуйте, Асель Нурланова!');
    expect(await textOf(mail)).toContain('Аналитик данных');
    // On a phone, in the dark, it is one page to scroll and not a page within a page.
    await page.setViewportSize({ width: 360, height: 740 });
    await example('Тёмная');
    await waitFor(async () => (await page.evaluate(HIDDEN_OF_MAIL)) === 0, { what: 'all of it' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);

    await page.getByRole('link', { name: 'SMS' }).click();
    const sms = page.locator('.phone', { hasText: '+77057654321' });
    expect(await textOf(sms)).toContain('1 сегмент');
    expect(await textOf(sms)).toContain(`${stack.apiUrl}/s/`);
  });

  test('a phone with a digit missing skips the SMS and says why; the mail goes, reload or not', async () => {
    await openForm('?form=purchase');
    await example('без цифры в телефоне');
    await page.getByText('Halyk').click();
    await submit('Записаться');
    await channel('email', 'pending').waitFor();
    await page.reload();
    await channel('email', 'sent').waitFor();
    expect(await textOf(channel('sms', 'skipped'))).toMatch(/Не отправляем Номер с ошибкой/);
    const about = await textOf(page.locator('.about'));
    expect(about).toMatch(/в номере ошибка.*Оплата Halyk/);
    const [mail, ...more] = await stack.sandbox.control.mails('daniyar@mail.example-lead.kz');
    expect(mail?.html).toContain('Аналитика данных с нуля');
    expect(more).toEqual([]);
    const asked = await stack.sandbox.control.requests('mobizon');
    expect(asked.filter(({ body }) => /recipient=7705123456(&|$)/.test(body))).toEqual([]);
  });

  test('a double click and a repeat are one lead, one mail and one SMS', async () => {
    await openForm();
    await example('обычный человек');
    await press('Двойной клик');
    await answersShown(2);
    expect((await answerCodes()).sort()).toEqual(['200', '201']);
    expect((await submit('Отправить ещё раз')).status()).toBe(200);
    await answersShown(3);
    expect(await textOf(page.locator('#answer-list > li').first())).toMatch(
      /Повтор.*"duplicate":true/,
    );

    // Another lead goes all the way after it: a second message of the first one would be there by then.
    await introduce({ name: 'Ерлан', email: '', phone: '+7 700 000 00 77' });
    await submit('Получить результат');
    await channel('email', 'skipped').waitFor();
    await channel('sms', 'sent').waitFor();
    expect(await stack.sandbox.control.mails('aigerim@mail.example-lead.kz')).toHaveLength(1);
    expect(await stack.sandbox.control.sms('77051234567')).toHaveLength(1);
  });

  test('a hostile name is text in the status, in the inbox and in the mail', async () => {
    await openForm(`?utm_source=${encodeURIComponent('<script>alert(2)</script>')}`);
    await example('злой шутник');
    await submit('Получить результат');
    await channel('email', 'sent').waitFor();
    const about = await textOf(page.locator('.about'));
    expect(about).toContain('<img src=x onerror=alert(1)> Али');
    expect(about).toContain('<script>alert(2)</script>');
    expect(await page.locator('main img, main script').count()).toBe(0);

    await page.getByRole('link', { name: 'Открыть письма и SMS' }).click();
    await page.locator('.row', { hasText: 'ali@mail.example-lead.kz' }).click();
    const frame = page.frameLocator('iframe[title="Письмо"]');
    expect(await textOf(frame.locator('body'))).toContain('Здравствуйте');
    for (const place of [
      frame.locator('[src="x"], [onerror], script'),
      page.locator('main [src="x"], main [onerror]'),
    ])
      expect(await place.count()).toBe(0);
  });
});

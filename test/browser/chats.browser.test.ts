/** What a person sees and does in Telegram's chats on the sandbox's page; a bot answers as a program would. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import { lookAround } from './access.ts';
import { describeInBrowser, launchChromium } from './chromium.ts';

const PATIENCE_MS = 15_000;
const SALES = '-4100000001';

let sandbox: Sandbox;
let browser: Browser;
let page: Page;
let scriptErrors: string[] = [];

async function open(path: string, width = 1280): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: 'ru-RU' });
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', (error) => scriptErrors.push(error.message));
  await page.goto(`${sandbox.url}${path}`);
}

const openChat = (key: string, width?: number) => open(`/inbox/telegram/${key}`, width);
const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
const typing = () => page.getByLabel('Сообщение');
const said = (text: string) => page.locator('.said', { hasText: text });

async function asBot(method: string, params: Record<string, unknown>): Promise<void> {
  await fetch(`${sandbox.telegramUrl}/bot${sandboxTokens.leads}/${method}`, {
    method: 'POST',
    body: JSON.stringify(params),
    headers: { 'content-type': 'application/json' },
  });
}

describeInBrowser("Telegram's chats in Chromium", () => {
  beforeAll(async () => {
    [sandbox, browser] = await Promise.all([startSandbox(), launchChromium()]);
  }, 60_000);

  afterEach(async () => {
    await page?.context().close();
    await sandbox.control.reset();
    const seen = scriptErrors;
    scriptErrors = [];
    if (seen.length > 0) throw new Error(`on the page: ${seen.join('; ')}`);
  });

  afterAll(async () => {
    await browser?.close();
    await sandbox?.close();
  }, 60_000);

  test('a bot is added, a command is chosen from its list, and the answer appears', async () => {
    const commands = [
      { command: 'start', description: 'Что я умею' },
      { command: 'status', description: 'Что приходит сюда' },
    ];
    await asBot('setMyCommands', { commands });
    await openChat(SALES);
    await page.locator('.bot', { hasText: 'заявки' }).getByRole('button').click();
    await page.getByText('бот «Leadwire: заявки» добавлен в группу').first().waitFor();
    await typing().fill('/st');
    await page.getByRole('button', { name: '/status Что приходит сюда' }).waitFor();
    await typing().press('ArrowDown');
    await typing().press('Enter');
    expect(await typing().inputValue()).toBe('/status ');
    await typing().press('Enter');
    await said('/status').waitFor();
    expect(await typing().inputValue()).toBe('');
    const text = '<b>Готово</b> &lt;script&gt;';
    await asBot('sendMessage', { chat_id: SALES, text, parse_mode: 'HTML' });
    await said('Готово <script>').locator('b', { hasText: 'Готово' }).waitFor();
  });

  test('what is being typed stays while messages arrive', async () => {
    await sandbox.control.telegram.addBot(SALES, 'leads');
    await openChat(SALES);
    await typing().fill('начато, но не');
    await asBot('sendMessage', { chat_id: SALES, text: 'Заявка' });
    await said('Заявка').waitFor();
    expect(await typing().inputValue()).toBe('начато, но не');
  });

  test('a group that becomes a supergroup is followed to its new number', async () => {
    await openChat(SALES);
    await press('Превратить в супергруппу');
    await page.waitForURL(/telegram\/-100\d+$/);
    await page.getByText('супергруппа ·').waitFor();
    await typing().fill('мы здесь');
    await press('Отправить');
    await said('мы здесь').waitFor();
    const [chat] = (await sandbox.control.telegram.chats()).filter(
      ({ migratedFrom }) => migratedFrom,
    );
    expect(page.url().endsWith(`/${chat?.key}`)).toBe(true);
  });

  test('a deleted group takes no message and says so', async () => {
    await openChat(SALES);
    page.on('dialog', (dialog) => void dialog.accept());
    await press('Удалить группу');
    await page.getByText('Группа удалена: писать в неё нельзя.').waitFor();
    await typing().fill('привет');
    await press('Отправить');
    const refusal = page.getByRole('alert');
    await refusal.waitFor();
    expect(await refusal.innerText()).toBe('Группа удалена: писать в неё нельзя.');
    expect(await typing().inputValue()).toBe('привет');
  });

  test('a new group is named and opened, a private chat is begun', async () => {
    await open('/inbox/telegram');
    await press('+ Новая группа');
    await page.getByLabel('Название').fill('Осенний поток');
    await press('Создать');
    await page.getByRole('heading', { name: 'Осенний поток' }).waitFor();
    await page.getByLabel('Написать боту лично').selectOption({ label: 'Айгерим → куратор' });
    await page.getByText('Бот не может написать первым').waitFor();
    await typing().fill('/start abc');
    await press('Отправить');
    await page.getByText('может писать').waitFor();
    const titles = (await sandbox.control.telegram.chats()).map(({ title }) => title);
    expect(titles.slice(-2)).toEqual(['Осенний поток', 'Айгерим']);
  });

  test('fits every screen and can be read, light and dark', async () => {
    await sandbox.control.telegram.addBot(SALES, 'leads');
    await asBot('sendMessage', { chat_id: SALES, text: 'ш'.repeat(900) });
    for (const path of ['', `/${SALES}`]) {
      await open(`/inbox/telegram${path}`, 360);
      expect(await lookAround(page)).toEqual([]);
      await page.context().close();
    }
  });
});

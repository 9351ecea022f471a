/** A marketer's day: a mail with a picture, the people of a segment, a test, a plan, and what became of it; then by CLI. */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { waitFor } from '@leadwire/testing/wait-for';
import type { Page } from 'playwright-core';
import { runCli } from '../../packages/cli/test/run-cli.ts';
import { pagesOf } from '../../services/console/test/rights-table.ts';
import { addressOf } from '../../services/console/test/rig.ts';
import { lookAround } from './access.ts';
import { describeInBrowser } from './chromium.ts';
import { PATIENCE_MS, startMarketersDay, type MarketersDay } from './marketers-day.ts';

const PAGE = 'https://school.leadwire-sample.kz/open-day';
const PICTURE = path.resolve(import.meta.dirname, '../../docs/console.png');

let day: MarketersDay;
const sql: MarketersDay['sql'] = (...given) => day.sql(...given);

/** A mail with a heading, words, a button and a picture, saved. */
async function writeMail(page: Page): Promise<void> {
  await page.goto(`${day.url}/campaigns/texts-new`);
  await page.getByLabel('Название, для своих').fill('День открытых дверей');
  await page.getByLabel('Имя латиницей').fill('open-day');
  await page.getByLabel('Тема письма').fill('Ждём в субботу');
  await page.getByLabel('Строка рядом с темой').fill('В полдень, вход свободный');
  await page.locator('#f-0-text').fill('Приходите в субботу');
  await page.locator('#f-1-text').fill('Здравствуйте, {{ name }}! Покажем школу и ответим на всё.');
  await page.locator('#f-2-text').fill('Приду');
  await page.locator('#f-2-url').fill(PAGE);
  await page.getByRole('button', { name: '+ Картинка' }).click();
  await page.locator('#f-3-file').setInputFiles(PICTURE);
  await page.getByText('Картинка загружена').waitFor();
  await page.getByText('У картинки нет подписи').waitFor();
  await page.locator('#f-3-alt').fill('Зал школы');
  await page.getByRole('button', { name: 'Сохранить' }).click();
  await page.getByText('Сохранено.', { exact: true }).waitFor();
  await page.getByText('У картинки нет подписи').waitFor({ state: 'detached' });
  const mail = page.frameLocator('iframe[name=text-preview]');
  await mail.getByText('Приходите в субботу').waitFor();
  // The address of the mail itself answers, and a browser shows it.
  const image = mail.getByAltText('Зал школы');
  const widthOf = () =>
    image.evaluate((it: unknown) => (it as { naturalWidth: number }).naturalWidth);
  await waitFor(async () => (await widthOf()) === 1_200, {
    timeoutMs: PATIENCE_MS,
    what: 'the picture in the preview',
  });
  await lookAtPreviews(page);
}

/** As on a phone, on a computer, whose lines are those of a wide window, and in the dark. */
async function lookAtPreviews(page: Page): Promise<void> {
  const preview = page.locator('.text-preview');
  const card = await preview.boundingBox();
  const mail = page.frame({ name: 'text-preview' });
  const shown = async (look: string) => {
    await preview.getByLabel(look).check();
    const isDark = `matchMedia('(prefers-color-scheme: dark)').matches`;
    const box = await preview.locator('iframe').boundingBox();
    expect(box?.width).toBeLessThanOrEqual(card?.width ?? 0);
    return [await mail?.evaluate('innerWidth'), await mail?.evaluate(isDark)];
  };
  expect(await shown('Телефон')).toEqual([375, false]);
  expect(await shown('Компьютер')).toEqual([640, false]);
  await preview.getByLabel('Тёмное').check();
  await waitFor(async () => (await shown('Тёмное')).join() === '375,true', {
    timeoutMs: PATIENCE_MS,
    what: 'the dark preview',
  });
}

/** Those from Facebook who have not bought, or who came from Instagram: two groups. */
async function saveSegment(page: Page): Promise<void> {
  await page.goto(`${day.url}/campaigns/segments/new`);
  await page.getByLabel('Название').fill('Кого зовём');
  await page.getByRole('button', { name: '+ Группа условий' }).click();
  const fill = async (group: number, row: number, field: string, value: string) => {
    await page.locator(`select[name="${group}.field"]`).nth(row).selectOption(field);
    await page.locator(`input[name="${group}.value"]`).nth(row).fill(value);
  };
  await fill(0, 0, 'utm_source', 'facebook');
  await fill(0, 1, 'bought', 'нет');
  await fill(1, 0, 'utm_source', 'instagram');
  await page.locator('select[name="1.match"]').selectOption('all');
  await page.getByLabel('Между группами').selectOption('any');
  await page.getByRole('button', { name: 'Посчитать' }).click();
  await page.getByText('письмо получат 2 человека').waitFor();
  await page.getByRole('button', { name: 'Сохранить' }).click();
  await page.getByText('Сегмент сохранён.').waitFor();
}

/** A planned campaign's id. */
async function planCampaign(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'Рассылки' }).first().click();
  await page.getByRole('link', { name: 'Новая рассылка' }).first().click();
  await page.getByLabel('Название, для вас').fill('Зовём на день открытых дверей');
  await page.getByLabel('Текст').selectOption({ label: 'День открытых дверей' });
  await page.getByRole('button', { name: 'Сделать черновик' }).click();
  await page.getByRole('button', { name: 'Взять людей сегмента' }).click();
  await page.getByText('В списке 2 человека').waitFor();
  await page.getByText('Получат 2 человека').waitFor();
  await page.getByRole('button', { name: 'Отправить мне' }).click();
  await page.getByText('Проба отправлена: 1.').waitFor();
  const [tried] = await day.sandbox.control.mails(addressOf('sales'));
  expect(tried?.subject).toBe('[Тест] Ждём в субботу');
  await page.locator('#at').fill('2099-11-27T12:00');
  await page.locator('form[action$="/times"]').getByRole('button', { name: 'Сохранить' }).click();
  await page.getByRole('link', { name: 'Запланировать…' }).click();
  await page.getByLabel('Напишите число, 2').fill('2');
  await page.getByRole('button', { name: 'Запланировать для 2' }).click();
  await page.getByText('Запланирована').first().waitFor();
  return page.url().split('/').at(-1) ?? '';
}

describeInBrowser('a marketer', () => {
  beforeAll(async () => {
    day = await startMarketersDay();
    await sql(
      `insert into landing_leads (id, kind, name, email, utm_source, created_at) values
        (gen_random_uuid(), 'proftest', 'Айгерим', 'aigerim@leadwire-sample.kz', 'facebook', now()),
        (gen_random_uuid(), 'proftest', 'Дана', 'dana@leadwire-sample.kz', 'instagram', now()),
        (gen_random_uuid(), 'proftest', 'Ерлан', 'erlan@leadwire-sample.kz', 'google', now())`,
    );
  }, 600_000);
  afterAll(() => day?.close(), 120_000);

  test('writes a mail with a picture, takes a segment, tries it on herself, plans it, watches it go and reads the report', async () => {
    const page = await day.comeIn();
    await writeMail(page);
    await saveSegment(page);
    const id = await planCampaign(page);

    // The day has come.
    await sql(`update campaigns set scheduled_for = now() where id = $1`, [id]);
    await page.getByText('Закончена').first().waitFor();
    await page.getByText('Отправлено 2 из 2').waitFor();
    expect(await page.getByRole('link', { name: 'Отменить' }).count()).toBe(0);
    const [mail] = await day.sandbox.control.mails('dana@leadwire-sample.kz');
    expect(mail?.html).toContain('Здравствуйте, Дана!');

    const rows = await waitFor(
      async () => {
        const found = await sql(
          `select provider_id from campaign_recipients where campaign_id = $1 and delivered_at is not null`,
          [id],
        );
        return found.length === 2 ? found : undefined;
      },
      { timeoutMs: PATIENCE_MS, what: 'both mails to arrive' },
    );
    // An hour later one reads it and follows the button.
    await sql(
      `update campaign_recipients set sent_at = sent_at - interval '1 hour', delivered_at = delivered_at - interval '1 hour'
       where campaign_id = $1`,
      [id],
    );
    const copy = String(rows[0]?.['provider_id']);
    await day.sandbox.control.resend.emailEvent(copy, 'opened');
    const click = { link: PAGE, userAgent: 'Mozilla/5.0 (iPhone) Safari/604.1' };
    await day.sandbox.control.resend.emailEvent(copy, 'clicked', { click });
    await waitFor(
      async () =>
        (await sql(`select 1 from campaign_clicks where campaign_id = $1`, [id])).length > 0 ||
        undefined,
      { timeoutMs: PATIENCE_MS, what: 'the click' },
    );
    await page.reload();
    const links = page.getByRole('region', { name: 'Ссылки' });
    await links.getByText('school.leadwire-sample.kz/open-day').waitFor();
    await links.getByText('переходов 1').waitFor();
    const hours = page.getByRole('region', { name: 'Когда читали' }).locator('svg text');
    expect(await hours.filter({ hasText: 'ч' }).allTextContents()).toEqual([
      '0\u00a0ч',
      '2\u00a0ч',
      '4\u00a0ч',
    ]);
    await page.getByRole('link', { name: 'Сравнить' }).click();
    await page.getByText('Выберите две рассылки').waitFor();
    expect(day.incidents).toEqual([]);
  }, 600_000);

  test('does the same from a terminal', async () => {
    const campaign = (...args: string[]) =>
      runCli({ MAILER_BATCH_URL: day.mailerUrl, ADMIN_TOKEN }, 'campaign', ...args);
    const text = ['--template', 'open-day', '--segment', 'Кого зовём'];
    const made = await campaign('create', '--name', 'Ещё раз', ...text);
    const id = /Draft ([0-9a-f-]{36})/.exec(made.out)?.[1] ?? '';
    expect((await campaign('preview', id)).out).toContain('2 people');
    expect((await campaign('start', id, '--confirm', '2')).out).toMatch(/sent\s+2\s+100\.0 %/);
    expect((await campaign('report', id, '--sums')).out).toMatch(/sent\s+2\s+100\.0 %/);
  }, 600_000);

  test('makes a sequence of her text, switches it on and off, and takes it away', async () => {
    const page = await day.newPage();
    const place = `${day.url}/campaigns/sequences`;
    await page.goto(place);
    await page.getByRole('link', { name: 'Новая цепочка' }).click();
    await page.getByLabel('Название, для вас').fill('Не оплатили');
    await page.getByLabel('Через сколько').first().fill('1h');
    await page.getByLabel('Текст').first().selectOption({ label: 'День открытых дверей' });
    await page.getByLabel('Через сколько').nth(1).fill('1d');
    await page.getByLabel('Текст').nth(1).selectOption({ label: 'День открытых дверей' });
    await page.getByRole('button', { name: 'Сохранить' }).click();
    await page.getByText('Цепочка сохранена.').waitFor();
    const wrong = await lookAround(page);
    await page.getByRole('button', { name: 'Включить' }).click();
    await page.getByText('Цепочка включена:').waitFor();
    await page.getByText('через 1 день, письмо').waitFor();
    await sql(
      `insert into sequence_people (sequence_id, name, email, fact_at) select id, 'Дана', 'dana@leadwire-sample.kz', now() from sequences`,
    );
    await page.reload();
    wrong.push(...(await lookAround(page)));
    await page.getByRole('button', { name: 'Выключить' }).click();
    await page.getByText('Кто ждал, больше ничего не получит').waitFor();
    await page.getByText('Цепочку выключили', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Удалить цепочку' }).click();
    await page.getByText('Цепочка удалена.').waitFor();
    await page.getByText('Цепочек ещё нет').waitFor();
    wrong.push(...(await lookAround(page)));
    expect([...wrong, ...day.incidents]).toEqual([]);
  }, 600_000);

  test('no page of hers is wider than the screen, and axe finds nothing grave on any', async () => {
    const ids = (await sql(`select id from campaigns order by created_at limit 2`)).map(({ id }) =>
      String(id),
    );
    const [segment] = await sql(`select id from segments`);
    // A draft with its people, without the way to it, which the first test has gone.
    const cli = { MAILER_BATCH_URL: day.mailerUrl, ADMIN_TOKEN };
    const copied = await runCli(cli, 'campaign', 'copy', ids[0] ?? '');
    const draft = /[0-9a-f-]{36}/.exec(copied.out)?.[0] ?? '';
    const [one, other] = ids;
    const own: Record<string, string[]> = {
      '/campaigns/:id': [draft, `${draft}?ask=start`, one ?? ''].map((id) => `/campaigns/${id}`),
      '/campaigns/compare': [`/campaigns/compare?a=${one}&b=${other}`],
      '/campaigns/segments/:id': [`/campaigns/segments/${String(segment?.['id'])}`],
      '/campaigns/texts/:name': ['/campaigns/texts/open-day'],
      // Looked at where one is made and taken away.
      '/campaigns/sequences': [],
      '/campaigns/sequences/:id': [],
    };
    const places = pagesOf('sales')
      .filter((path) => path.startsWith('/campaigns'))
      .flatMap((path) => own[path] ?? [path]);
    const wrong: string[] = [];
    // Two tabs share the places: while the one is read, the other one loads.
    const look = async (page: Page) => {
      for (let place = places.shift(); place !== undefined; place = places.shift()) {
        const answer = await page.goto(day.url + place);
        if (answer?.status() !== 200) wrong.push(`${place}: ${answer?.status()}`);
        wrong.push(...(await lookAround(page)));
      }
    };
    await Promise.all([look(await day.newPage()), look(await day.newPage())]);
    expect([...wrong, ...day.incidents]).toEqual([]);
  }, 600_000);
});

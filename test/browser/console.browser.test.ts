/** A manager's minute in the console: who called, why the SMS did not go, and letting it through. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Lead } from '@leadwire/shared/contract/events';
import { createDeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';
import type { Browser, Page } from 'playwright-core';
import { PASSWORD, addressOf, startRig, type Rig } from '../../services/console/test/rig.ts';
import { enterMessage, publishLead } from '../../services/console/test/work.ts';
import { describeInBrowser, launchChromium } from './chromium.ts';

const PATIENCE_MS = 30_000;
const NOWHERE = { TRIPWIRE_SUPABASE_URL: 'http://127.0.0.1:9', TRIPWIRE_SERVICE_ROLE_KEY: 'sb_secret_of_a_project_that_is_away' }; // prettier-ignore

let rig: Rig;
let bus: Bus;
let store: ServiceProcess;
let browser: Browser;
let lead: Lead;

/** A page of somebody who has just signed in, on a screen of that width. */
async function comeIn(role: 'owner' | 'sales', width: number): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale: 'ru-RU' });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', (error) => incidents.push(error.message));
  await page.goto(rig.url);
  await page.getByLabel('Почта').fill(addressOf(role));
  await page.getByLabel('Пароль').fill(PASSWORD);
  await page.getByRole('button', { name: 'Войти' }).click();
  await page.getByRole('heading', { name: 'Сегодня' }).waitFor();
  return page;
}

/** Script errors, on any page. */
const incidents: string[] = [];

const isStored = (where: string) => async () => {
  const rows = await rig.landing.landing.sql(`select 1 as found from ${where}`);
  return rows.length > 0;
};

describeInBrowser('the console in Chromium', () => {
  beforeAll(async () => {
    [rig, browser] = await Promise.all([startRig(), launchChromium()]);
    bus = await openTestBus(rig.broker, 'notifier');
    const env = { ...rig.landing.env, ...NOWHERE, NATS_URL: rig.broker.url };
    const entry = 'services/lead-store/src/main.ts';
    store = await startServiceProcess({ entry, env, until: 'listening' });
    lead = await publishLead(bus, { name: 'Мадина Сапарова', phone: '+77000001845' });
    const ended = { state: 'failed', reason: 'attempts_spent', error: '402 not enough money' } as const; // prettier-ignore
    await createDeliveryFacts(bus, undefined).outcome(await enterMessage(bus, lead, 'sms', ended));
    const what = 'the lead and its SMS in the database';
    const failed = `landing_leads where id = '${lead.leadId}' and sms_status = 'failed'`;
    await waitFor(isStored(failed), { timeoutMs: PATIENCE_MS, what });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await store?.stop();
    await bus?.drain();
    await rig?.close();
  }, 60_000);

  test('a manager finds a lead by the last four digits, sees why the SMS did not go and lets it through; the log says so', async () => {
    const page = await comeIn('sales', 360);
    await page.getByRole('link', { name: 'Заявки' }).click();
    await page.getByLabel('Поиск по имени, телефону или почте').fill('1845');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Мадина Сапарова' }).click();
    await page.getByText('SMS не ушло: нет денег на счёте').first().waitFor();
    await page.getByText('Пополните счёт Mobizon').waitFor();
    await page.getByRole('link', { name: 'Отправить, что не ушло' }).click();
    await page.getByRole('button', { name: 'Отправить 1 сообщение' }).click();
    await page.getByText('Поставлено в отправку: 1 сообщение.').waitFor();
    expect(await createLedger(bus).ofLead(lead.leadId)).toMatchObject([{ state: 'planned' }]);

    await waitFor(isStored("audit_log where action = 'delivery.retried'"), {
      timeoutMs: PATIENCE_MS,
    });
    const log = await comeIn('owner', 1440);
    await log.getByRole('link', { name: 'Настройки' }).click();
    await log.getByRole('link', { name: 'Журнал' }).click();
    const line = log.getByRole('listitem').filter({ hasText: 'Отправлено заново, что не ушло' });
    expect(await line.innerText()).toContain(`${addressOf('sales')}, сделано`);
    await line.getByRole('link', { name: 'заявка' }).click();
    await log.getByRole('heading', { name: 'Мадина Сапарова' }).waitFor();
    expect(incidents).toEqual([]);
  }, 120_000);

  test('no page is wider than the screen, on a phone, a tablet and a desk', async () => {
    const page = await comeIn('owner', 360);
    for (const path of [
      '/',
      '/leads',
      `/leads/${lead.leadId}`,
      '/problems',
      '/settings',
      '/settings/audit',
      '/account',
    ]) {
      // prettier-ignore
      await page.goto(rig.url + path);
      for (const width of [360, 768, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect([path, width, excess]).toEqual([path, width, 0]);
      }
    }
    expect(incidents).toEqual([]);
  });
});

/** A manager's minute in the console: who called, why the SMS did not go, and letting it through. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Lead } from '@leadwire/shared/contract/events';
import { createDeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import { freePort } from '@leadwire/testing/nats';
import { startServiceHere } from '@leadwire/testing/service-here';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';
import type { Browser, Page } from 'playwright-core';
import { PASSWORD, addressOf, startRig, type Rig } from '../../services/console/test/rig.ts';
import { bury, enterMessage, publishLead } from '../../services/console/test/work.ts';
import { pagesOf } from '../../services/console/test/rights-table.ts';
import { app as consoleApp } from '../../services/console/src/app.ts';
import { app as leadStore } from '../../services/lead-store/src/app.ts';
import { lookAround } from './access.ts';
import { describeInBrowser, launchChromium } from './chromium.ts';

const PATIENCE_MS = 30_000;
const NOWHERE = {
  TRIPWIRE_SUPABASE_URL: 'http://127.0.0.1:9',
  TRIPWIRE_SERVICE_ROLE_KEY: 'sb_secret_of_a_project_that_is_away',
};

let rig: Rig;
let bus: Bus;
let store: ServiceProcess;
let browser: Browser;
let lead: Lead;

/** A page of somebody who has just signed in, on a screen of that width. */
async function comeIn(role: 'owner' | 'sales', width: number, url = rig.url): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale: 'ru-RU' });
  // A page that stays asks again and again for what is new.
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('pageerror', (error) => incidents.push(error.message));
  await page.goto(url);
  await page.getByLabel('Почта').fill(addressOf(role));
  await page.getByLabel('Пароль').fill(PASSWORD);
  await page.getByRole('button', { name: 'Войти' }).click();
  await page.getByRole('heading', { name: 'Сегодня' }).waitFor();
  return page;
}

const storeEnv = () => ({ ...rig.landing.env, ...NOWHERE, NATS_URL: rig.broker.url });

/** Script errors, on any page. */
const incidents: string[] = [];

const isStored = (where: string) => async () => {
  const rows = await rig.landing.landing.sql(`select 1 as found from ${where}`);
  return rows.length > 0;
};

const PARTNER = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0009';

/** Every page of an owner, but what is within campaigns: that is looked at with mailer-batch behind it. */
function placesOf(leadId: string): string[] {
  const own: Record<string, string> = {
    '/leads/:id': `/leads/${leadId}`,
    '/partners/:id': `/partners/${PARTNER}`,
    '/settings/texts/:name': '/settings/texts/proftest-result',
  };
  return pagesOf('owner')
    .filter((path) => path === '/campaigns' || !path.startsWith('/campaigns'))
    .map((path) => own[path] ?? path);
}

/** Something to look at on each page. */
async function addRows(): Promise<void> {
  const { sql } = rig.landing.landing;
  await sql(`insert into intake_forms (slug, kind) values ('spring', 'request')`);
  await sql(
    `insert into referral_referrers (id, name, email, code) values ('${PARTNER}', 'Айгүл', 'aigul@leadwire-sample.kz', 'aigul')`,
  );
  await publishLead(bus, { name: 'Робот', quarantine: 'flood' });
  await bury(
    bus,
    await enterMessage(bus, lead, 'email', {
      state: 'failed',
      reason: 'attempts_spent',
      error: 'x',
    }),
  );
  await waitFor(isStored('landing_leads where quarantined'), { timeoutMs: PATIENCE_MS });
}

describeInBrowser('the console in Chromium', () => {
  beforeAll(async () => {
    [rig, browser] = await Promise.all([startRig(), launchChromium()]);
    bus = await openTestBus(rig.broker, 'notifier');
    const entry = 'services/lead-store/src/main.ts';
    store = await startServiceProcess({ entry, env: storeEnv(), until: 'listening' });
    lead = await publishLead(bus, { name: 'Мадина Сапарова', phone: '+77000001845' });
    const ended = {
      state: 'failed',
      reason: 'attempts_spent',
      error: '402 not enough money',
    } as const;
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

  test('no page is wider than the screen, on a phone, a tablet and a desk; axe-core finds nothing grave, light or dark', async () => {
    await addRows();
    const page = await comeIn('owner', 360);
    const wrong: string[] = [];
    for (const path of placesOf(lead.leadId)) {
      const answer = await page.goto(rig.url + path);
      if (answer?.status() !== 200) wrong.push(`${path}: ${answer?.status()}`);
      wrong.push(...(await lookAround(page)));
    }
    expect(wrong).toEqual([]);
    expect(incidents).toEqual([]);
  }, 300_000);

  test('the list comes back by itself and shows what came meanwhile when everything was killed', async () => {
    const port = String(await freePort());
    const env = {
      ...rig.landing.env,
      NATS_URL: rig.broker.url,
      PORT: port,
      HOST: '127.0.0.1',
      CONSOLE_URL: `http://127.0.0.1:${port}`,
      CONSOLE_SECRET: 'a-secret-for-tests-of-32-characters',
    };
    const first = await startServiceProcess({ entry: 'services/console/src/main.ts', env });
    const page = await comeIn('owner', 1440, first.url);
    await page.goto(`${first.url}/leads`);
    await page.evaluate('globalThis.sameVisit = true');

    await Promise.all([first.kill(), store.kill(), rig.broker.kill()]);
    await rig.broker.start();
    // Nobody kills these.
    const services = await Promise.all([
      startServiceHere(consoleApp, env),
      startServiceHere(leadStore, storeEnv()),
    ]);
    onTestFinished(async () => void (await Promise.all(services.map((each) => each.stop()))));
    await waitFor(() => bus.isConnected(), { timeoutMs: PATIENCE_MS, what: 'the broker again' });
    await publishLead(bus, { name: 'Сауле Ертай' });
    await page.getByRole('link', { name: 'Сауле Ертай' }).waitFor({ timeout: 60_000 });
    expect(await page.evaluate('globalThis.sameVisit')).toBe(true);
  }, 180_000);
});

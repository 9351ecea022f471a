/** Who has a lead: told at the broker, seen in the list, on the lead's page and in Отчёты, also on a phone. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Lead } from '@leadwire/shared/contract/events';
import { derivedId } from '@leadwire/shared/contract/ids';
import { openTestBus } from '@leadwire/testing/bus';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { waitFor } from '@leadwire/testing/wait-for';
import type { Browser, Page } from 'playwright-core';
import { PASSWORD, addressOf, startRig, type Rig } from '../../services/console/test/rig.ts';
import { publishLead } from '../../services/console/test/work.ts';
import { app as leadStore } from '../../services/lead-store/src/app.ts';
import { graveFindings } from './access.ts';
import { describeInBrowser, launchChromium } from './chromium.ts';

const PATIENCE_MS = 60_000;
const NOWHERE = {
  TRIPWIRE_SUPABASE_URL: 'http://127.0.0.1:9',
  TRIPWIRE_SERVICE_ROLE_KEY: 'sb_secret_of_a_project_that_is_away',
};

let rig: Rig;
let bus: Bus;
let store: ServiceHere;
let browser: Browser;
let taken: Lead;

async function comeIn(role: 'owner' | 'sales', width: number): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale: 'ru-RU' });
  // A page that stays asks again and again for what is new.
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(rig.url);
  await page.getByLabel('Почта').fill(addressOf(role));
  await page.getByLabel('Пароль').fill(PASSWORD);
  await page.getByRole('button', { name: 'Войти' }).click();
  await page.getByRole('heading', { name: 'Сегодня' }).waitFor();
  return page;
}

/** Of a lead, `minutes` after it came. */
const assign = ({ leadId, receivedAt }: Lead, staffId: string | null, minutes: number) => {
  const at = new Date(Date.parse(receivedAt) + minutes * 60_000).toISOString();
  const id = derivedId('assigned', leadId, String(staffId), at);
  return publishEvent(bus, 'lead.assigned.v1', { leadId, staffId, at }, { id });
};

const isCut = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

describeInBrowser('a lead that somebody has taken', () => {
  beforeAll(async () => {
    [rig, browser] = await Promise.all([startRig(), launchChromium()]);
    const { sql } = rig.landing.landing;
    await sql(`update staff set name = 'Дана Ахметова' where role = 'sales'`);
    // One who has left, after they had taken leads.
    await sql(`update staff set name = 'Ерлан Серик', active = false where role = 'viewer'`);
    bus = await openTestBus(rig.broker, 'test');
    const env = { ...rig.landing.env, ...NOWHERE, NATS_URL: rig.broker.url };
    store = await startServiceHere(leadStore, env);
    taken = await publishLead(bus, { name: 'Мадина Сапар', utm: { source: 'facebook' } });
    const left = await publishLead(bus, { name: 'Данияр Сапар', utm: { source: 'google' } });
    await publishLead(bus, { name: 'Бота Сапар', utm: { source: 'google' } });
    const { sales, viewer } = rig.ids;
    // Handed over once; what is older comes last.
    await assign(taken, sales, 3);
    await assign(taken, viewer, 1);
    await assign(left, viewer, 2);
    const stored = async () => {
      const rows = await sql(`select 1 as found from landing_leads where manager_id is not null`);
      const all = await sql(`select 1 as found from landing_leads where name is not null`);
      return rows.length === 2 && all.length === 3;
    };
    await waitFor(stored, { timeoutMs: 120_000, what: 'the leads with who has them' });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await store?.stop();
    await bus?.drain();
    await rig?.close();
  });

  test('shows to a manager on a phone whose it is, and is found by them', async () => {
    const page = await comeIn('sales', 360);
    await page.goto(`${rig.url}/leads`);
    const row = (name: string) => page.locator('tr[data-row]').filter({ hasText: name });
    await expect
      .poll(() => row('Мадина').innerText(), { timeout: PATIENCE_MS })
      .toContain('Дана Ахметова');
    expect(await row('Данияр').innerText()).toContain('Ерлан Серик');
    expect(await row('Бота').innerText()).not.toContain('работу');
    expect([await isCut(page), await graveFindings(page)]).toEqual([false, []]);

    const filter = page.getByRole('group', { name: 'Фильтры' });
    await filter.locator('summary', { hasText: 'Менеджер' }).click();
    await filter.getByText('Дана Ахметова').click();
    await filter.getByRole('button', { name: 'Показать' }).filter({ visible: true }).click();
    await page.locator('summary.is-set', { hasText: 'Дана Ахметова' }).waitFor();
    expect(await page.locator('tr[data-row]').count()).toBe(1);
    // No address holds what was chosen.
    expect(page.url()).not.toContain(rig.ids.sales);

    await row('Мадина').getByRole('link', { name: 'Мадина Сапар' }).click();
    await page.getByRole('heading', { name: 'Взята в работу' }).waitFor();
    const facts = await page.locator('section[aria-labelledby=h-who]').innerText();
    expect(facts).toMatch(/Менеджер\s+Дана Ахметова\s+с \S/);
    expect([await isCut(page), await graveFindings(page)]).toEqual([false, []]);
  }, 240_000);

  test('counts in reports as theirs: a row for each manager, also who has left, and for nobody', async () => {
    const page = await comeIn('owner', 1_280);
    await page.goto(`${rig.url}/reports`);
    await page.getByRole('link', { name: 'Менеджер', exact: true }).click();
    const rows = page.locator('table.report tbody tr');
    await expect.poll(() => rows.count(), { timeout: PATIENCE_MS }).toBe(3);
    const names = (await rows.locator('th').allInnerTexts()).map((text) => text.trim()).sort();
    expect(names).toEqual(['Без менеджера', 'Дана Ахметова', 'Ерлан Серик']);
    await page.getByRole('link', { name: 'Ерлан Серик' }).click();
    await page.locator('.chip.is-set', { hasText: 'Менеджер: Ерлан Серик' }).waitFor();
    expect(await rows.allInnerTexts()).toEqual([expect.stringMatching(/Google[^]*1/)]);
    const file = await page.request.get(page.url().replace('/reports?', '/reports/csv?'));
    expect(await file.text()).toMatch(/google;;1;1;/);
    await page.locator('.chip.is-set', { hasText: 'Менеджер' }).click();
    await page.getByRole('link', { name: 'Без менеджера' }).click();
    await page.locator('.chip.is-set', { hasText: 'Менеджер: без менеджера' }).waitFor();
    expect(await rows.count()).toBe(1);
    await page.setViewportSize({ width: 360, height: 800 });
    expect([await isCut(page), await graveFindings(page)]).toEqual([false, []]);
  }, 240_000);
});

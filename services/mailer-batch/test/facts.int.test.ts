/** From what the providers and people tell, over landing-api, to the rows: all of it with real parts. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { app as landingApiApp } from '@leadwire/landing-api/app';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { unsubscribeToken } from '@leadwire/shared/delivery/unsubscribe-token';
import { openTestBus } from '@leadwire/testing/bus';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { waitFor } from '@leadwire/testing/wait-for';
import { ADMIN_TOKEN, UNSUBSCRIBE_SECRET } from '@leadwire/testing/settings';
import { people, useRig } from './rig.ts';

const RESEND_WEBHOOK_SECRET = `whsec_${randomBytes(24).toString('base64')}`;
const MOBIZON_WEBHOOK_SECRET = 'the-secret-part-of-the-address';

let api: ServiceHere;
let folder: string | undefined;
let bus: Bus;

// Before the rig's own: the broker goes last.
afterAll(async () => {
  await Promise.all([api?.stop(), bus?.drain()]);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});
const rig = useRig();

beforeAll(async () => {
  bus = await openTestBus(rig.broker(), 'test');
  folder = await mkdtemp(path.join(tmpdir(), 'leadwire-facts-'));
  api = await startServiceHere(landingApiApp, {
    NATS_URL: rig.broker().url,
    ADMIN_TOKEN,
    JOURNAL_DIR: path.join(folder, 'journal'),
    RESEND_WEBHOOK_SECRET,
    MOBIZON_WEBHOOK_SECRET,
    UNSUBSCRIBE_SECRET,
  });
  await rig.control().resend.set({ sentAfterMs: 10, deliveredAfterMs: 20 });
  await tellBadly({ duplicates: 2 });
  const url = `${api.url}/api/webhooks/mobizon/${MOBIZON_WEBHOOK_SECRET}`;
  await rig.control().mobizon.set({ webhooks: [{ url, trouble: { duplicates: 2 } }] });
}, 180_000);

/** How Resend's webhooks come from now on. */
async function tellBadly(trouble: { duplicates?: number; reorder?: boolean }): Promise<void> {
  const url = `${api.url}/api/webhooks/resend`;
  await rig.control().resend.set({
    webhooks: [{ url, secrets: [RESEND_WEBHOOK_SECRET], trouble }],
  });
}

/** The copies of a campaign once `isThere` holds for its rows. */
const rowsWhen = (
  id: string,
  isThere: (rows: Awaited<ReturnType<typeof rig.recipients>>) => boolean,
) =>
  waitFor(
    async () => {
      const rows = await rig.recipients(id);
      return isThere(rows) ? rows : undefined;
    },
    { timeoutMs: 90_000, what: 'the facts in the rows' },
  );

async function suppressions(): Promise<Record<string, unknown>[]> {
  return rig.supabase().landing.sql('select channel, contact, reason, source from suppressions');
}

describe('what becomes of a campaign’s mails', () => {
  test('is in their rows, though each webhook comes three times and out of order', async () => {
    // Also in pairs the wrong way round.
    await tellBadly({ duplicates: 2, reorder: true });
    await rig.startMailer();
    const list = [
      ...people(4, 100),
      { contact: 'bounced@resend.dev' },
      // Two of them: an odd number of webhooks would leave one waiting for its pair.
      ...[{ contact: 'complained@resend.dev' }, { contact: 'complained+2@resend.dev' }],
    ];
    const id = await rig.launch(list);
    const rows = await rowsWhen(id, (all) =>
      all.every((row) => row.bouncedAt !== null || row.deliveredAt !== null),
    );
    const of = (contact: string) => rows.find((row) => row.contact === contact);
    expect(of('bounced@resend.dev')).toMatchObject({ status: 'sent', deliveredAt: null });
    const counts = { sent: 7, bounced: 1, failed: 0, unknown: 0, audience: 7 };
    expect((await rig.campaign(id)).counts).toMatchObject(counts);

    await tellBadly({ duplicates: 2 });
    const [first] = rows;
    await rig.control().resend.emailEvent(first?.providerId ?? '', 'opened');
    const [mail] = await rig.control().mails(first?.contact ?? '');
    const hrefs = [...(mail?.html ?? '').matchAll(/<a\b[^>]*?href="([^"]*)"/g)].map(
      ([, href]) => href,
    );
    const ways = hrefs.find((href) => href?.includes('/u/')) ?? '';
    for (const link of ['https://leadwire.kz/s/b4Tz9Rc', ways]) {
      const click = { link, userAgent: 'Mozilla/5.0 (iPhone) Safari/604.1' };
      await rig.control().resend.emailEvent(first?.providerId ?? '', 'clicked', { click });
    }
    const opened = await rowsWhen(id, (all) =>
      // So soon after the delivery, a click is a scanner's.
      all.some((row) => row.openedAt !== null && (row.clickedAt ?? row.programClickedAt) !== null),
    );
    expect(opened.filter((row) => row.openedAt !== null).map(({ id: row }) => row)).toEqual([
      first?.id,
    ]);
    // Told three times each, and by the names that the text has for them, not by a person's own address.
    const links = await waitFor(
      async () => {
        const found = await rig
          .supabase()
          .landing.sql('select link from campaign_clicks where campaign_id = $1 order by link', [
            id,
          ]);
        return found.length >= 2 ? found.map(({ link }) => link) : undefined;
      },
      { timeoutMs: 60_000, what: 'the clicks' },
    );
    expect(links).toEqual(['https://leadwire.kz/s/b4Tz9Rc', 'unsubscribe']);
    const suppressed = await waitFor(
      async () => {
        const all = await suppressions();
        return all.length >= 3 ? all : undefined;
      },
      { timeoutMs: 90_000, what: 'the suppressions' },
    );
    expect(suppressed).toHaveLength(3);
    expect(suppressed).toEqual(
      expect.arrayContaining([
        {
          channel: 'email',
          contact: 'bounced@resend.dev',
          reason: 'bounced',
          source: `resend:${id}`,
        },
        expect.objectContaining({ contact: 'complained@resend.dev', reason: 'complained' }),
      ]),
    );
  });

  test('people who unsubscribe get no copy that is not sent yet, and get the next one when they have come back', async () => {
    const [reader, ...others] = people(3, 200);
    const first = await rig.launch([reader!]);
    await rig.startMailer();
    await rig.until(first, 'finished', 90_000);
    // Started already, and not sent yet.
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const second = await rig.launch([reader!, ...others], { scheduledFor: inAnHour });
    const [row] = await rig.recipients(first);
    const link = `${api.url}/u/${unsubscribeToken(row?.id ?? '', UNSUBSCRIBE_SECRET)}`;
    for (let click = 1; click <= 2; click += 1)
      expect((await fetch(link, { method: 'POST' })).status).toBe(200);
    await waitFor(
      async () => (await suppressions()).some(({ contact }) => contact === reader?.contact),
      { timeoutMs: 60_000, what: 'the suppression' },
    );
    await rig.store().patch(second, { scheduledFor: new Date().toISOString() });
    await rig.until(second, 'finished', 90_000);
    expect((await rig.reached(second)).sort()).toEqual(others.map(({ contact }) => contact).sort());

    // On second thoughts.
    expect((await fetch(`${link}/restore`, { method: 'POST' })).status).toBe(200);
    await waitFor(
      async () => (await suppressions()).every(({ contact }) => contact !== reader?.contact),
      { timeoutMs: 60_000, what: 'the restoration' },
    );
    const third = await rig.launch([reader!]);
    await rig.until(third, 'finished', 90_000);
    expect(await rig.reached(third)).toEqual([reader?.contact]);
  });

  test('a link of a recipient that is not there is a dead letter, not a forgotten wish', async () => {
    await rig.startMailer();
    const link = `${api.url}/u/${unsubscribeToken(newId(), UNSUBSCRIBE_SECRET)}`;
    expect((await fetch(link, { method: 'POST' })).status).toBe(200);
    const died = await waitFor(
      () => bus.lastUnder('DEAD_LETTERS', subjects.dead('mailer-suppressions', '>')),
      { timeoutMs: 60_000, what: 'the dead letter' },
    );
    expect(died.header('App-Error')).toContain('there is no such recipient');
  });
});

describe('what becomes of SMS', () => {
  const numbers = ['+77051110001', '+77051110002', '+77051110003'];

  test('is asked of Mobizon, whatever a report says: forged data under a good signature changes nothing', async () => {
    const url = `${api.url}/api/webhooks/mobizon/${MOBIZON_WEBHOOK_SECRET}`;
    await rig.control().mobizon.set({
      outcomes: { '77051110002': 'UNDELIV' },
      statusStepMs: 100,
      // Each report says the opposite of the truth.
      webhooks: [{ url, secret: 'an old secret', trouble: { signature: 'forged', duplicates: 2 } }],
    });
    await rig.startMailer();
    const id = await rig.launch(
      numbers.map((contact) => ({ contact })),
      { channel: 'sms' },
    );
    const rows = await rowsWhen(id, (all) =>
      all.every((row) => row.deliveredAt !== null || row.bouncedAt !== null),
    );
    expect(rows.filter((row) => row.bouncedAt !== null).map(({ contact }) => contact)).toEqual([
      '+77051110002',
    ]);
    // A phone that was off today may be on tomorrow.
    expect((await suppressions()).filter(({ channel }) => channel === 'sms')).toEqual([]);
  });
});

/** A campaign that the provider stops, as its people see it: told in the admin group's Telegram, and over when it goes on. */
import { expect, onTestFinished, test } from 'vitest';
import { app as telegramRelayApp } from '@leadwire/telegram-relay/app';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import { openTestBus } from '@leadwire/testing/bus';
import { startServiceHere } from '@leadwire/testing/service-here';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { waitFor } from '@leadwire/testing/wait-for';
import { variables } from '../../services/mailer-batch/test/api-rig.ts';
import { people, useRig } from '../../services/mailer-batch/test/rig.ts';

const CONSOLE_URL = 'https://console.leadwire-sample.kz';
/** What the campaign is about is still to come: nobody goes on with one that is over. */
const soon = () => new Date(Date.now() + 7 * 24 * 3_600_000).toISOString();
const PATIENCE = { timeoutMs: 60_000 };

const rig = useRig();

/** The relay runs, and a group of admins is activated as its administrator does it. */
async function startAdminGroup(): Promise<string> {
  const relay = await startServiceHere(telegramRelayApp, {
    NATS_URL: rig.broker().url,
    CONSOLE_URL,
    TELEGRAM_BASE_URL: `${rig.sandbox().url}/telegram`,
    TELEGRAM_LEADS_BOT_TOKEN: sandboxTokens.leads,
    TELEGRAM_ADMIN_BOT_TOKEN: sandboxTokens.admin,
  });
  onTestFinished(async () => {
    await relay.stop();
  });
  const { telegram } = rig.control();
  const { id } = await telegram.addGroup({ title: 'Админы', bots: ['admin'] });
  const bus = await openTestBus(rig.broker(), 'test');
  const { code } = await createTelegramCodes(bus).make({ kind: 'group', bot: 'admin' });
  await bus.drain();
  await telegram.say(id, `/activate ${code}`);
  await waitFor(async () => (await telegram.shown(id)).length > 1, PATIENCE);
  return id;
}

test('campaign_paused-: a revoked key pauses the campaign, Telegram says so, and that it is resolved once it goes on', async () => {
  const chatId = await startAdminGroup();
  const shown = async (words: string) => {
    const texts = (await rig.control().telegram.shown(chatId)).map(({ text }) => text);
    return texts.filter((text) => text.includes(words));
  };
  const mailer = await rig.startMailer();
  await rig.control().resend.set({ suspendedKeys: ['re_sandbox_key'] });
  onTestFinished(async () => {
    await rig.control().resend.set({ suspendedKeys: [] });
  });
  const id = await rig.launch(people(3), { variables: { ...variables, newDate: soon() } });

  const raised = 'Рассылка остановилась сама и ждёт решения';
  const [told = ''] = await waitFor(
    async () => {
      const texts = await shown(raised);
      return texts.length > 0 ? texts : undefined;
    },
    { ...PATIENCE, what: 'the alert in Telegram' },
  );
  expect(told).toContain('Рассылка «Эфир перенесён»: сервис отправки не принимает ничего');
  expect(told).toContain('Консоль: эта рассылка');
  expect(await rig.campaign(id)).toMatchObject({ status: 'paused', counts: { pending: 3 } });
  expect(await shown('С рассылкой решено')).toEqual([]);

  await rig.control().resend.set({ suspendedKeys: [] });
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const resumed = await fetch(`${mailer.url}/api/campaigns/${id}/resume`, {
    method: 'POST',
    headers,
  });
  expect(resumed.status).toBe(200);
  await waitFor(async () => (await shown('С рассылкой решено')).length > 0, {
    ...PATIENCE,
    what: 'its end in Telegram',
  });
  expect((await rig.until(id, 'finished')).counts.sent).toBe(3);
  expect(await shown(raised)).toHaveLength(1);
}, 240_000);

import { describe, expect, test } from 'vitest';
import { createAlerts, type AlertText } from '@leadwire/shared/coordination/alerts';
import { makeEvent } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const rig = useRig();
const { startRelay, telegram, shownIn } = rig;

const alerts = () => createAlerts(rig.bus());
let count = 0;
/** About something of its own in each test. */
const someAlert = (more: Partial<AlertText> = {}): AlertText => {
  count += 1;
  const what = `sample-${count}_stopped` as const;
  return { severity: 'critical', what, message: 'Mobizon: the balance is used up', ...more };
};
/** So that alerts of one test are not told in the groups of the next. */
const handled = () =>
  waitFor(
    async () => {
      const info = await (await rig.bus().manager()).consumers.info('ALERTS', 'telegram-alerts');
      return info.num_pending === 0 && info.num_ack_pending === 0;
    },
    { timeoutMs: 30_000, what: 'every alert to be handled' },
  );
const told = (chatId: string, what: string) =>
  waitFor(
    async () => {
      const found = (await shownIn(chatId)).filter((text) => text.includes(what));
      return found.length > 0 ? found : undefined;
    },
    { timeoutMs: 30_000, what: `${what} to be told` },
  );

describe('an alert', () => {
  test('is told at once in every admin group, by one of two replicas; its end as well', async () => {
    await rig.startTwo();
    const [one, other] = [
      await rig.activeGroup('Админы', { bot: 'admin' }),
      await rig.activeGroup('Разработка', { bot: 'admin' }),
    ];
    const sales = await rig.activeGroup('Отдел продаж');
    const alert = someAlert();
    await alerts().raise(alert);
    for (const { chatId } of [one, other]) {
      const [text = '', ...more] = await told(chatId, 'sample-');
      expect(more).toEqual([]);
      expect(text).toMatch(`🔴 Остановлено: sample-${count}\nСамо не пройдёт`);
      expect(text).toMatch('Подробно: Mobizon: the balance is used up');
    }
    await alerts().resolve(alert.what, 'notifier-sms works again');
    await told(one.chatId, '🟢 Снова работает');
    await handled();
    expect(await shownIn(one.chatId)).toHaveLength(2);
    expect(await shownIn(other.chatId)).toHaveLength(2);
    expect(await shownIn(sales.chatId)).toEqual([]);
  });

  test('that comes with hundreds of others is no storm: five hundred dead letters are two messages', async () => {
    await rig.startTwo();
    const { chatId } = await rig.activeGroup('Админы', { bot: 'admin' });
    const alert = someAlert({ severity: 'warning', what: 'notifier-email_dead_letters' });
    await Promise.all(
      Array.from({ length: 500 }, (_, n) => alerts().report(alert, `dead:${alert.what}:${n}`)),
    );
    await alerts().raise(someAlert());
    await told(chatId, 'sample-');
    await handled();
    const texts = (await shownIn(chatId)).join('\n\n');
    expect(texts.match(/Не удалось обработать: письма \(Resend\)/g)).toHaveLength(1);
    expect((await shownIn(chatId)).length).toBeLessThanOrEqual(2);
  });

  test('with nobody to tell piles nothing up; a group that is activated hears what is still open', async () => {
    await startRelay();
    const [open, over] = [someAlert(), someAlert()];
    await alerts().raise(open);
    await alerts().raise(over);
    await handled();
    await alerts().resolve(over.what, 'works');
    await handled();
    const { chatId } = await rig.activeGroup('Админы', { bot: 'admin' });
    const [text = ''] = await told(chatId, open.what.replace('_stopped', ''));
    expect(text).toContain(`Остановлено: ${open.what.replace('_stopped', '')}`);
  });

  test('of yesterday, read late, is not told', async () => {
    await startRelay();
    const { chatId } = await rig.activeGroup('Админы', { bot: 'admin' });
    const { what, ...text } = someAlert();
    const at = new Date(Date.now() - 24 * 60 * 60_000).toISOString();
    const data = { what, ...text, at };
    const event = makeEvent('alert.raised.v1', { source: 'test', subject: what, data });
    await rig.bus().publish(subjects.alert('critical', what), event);
    const fresh = someAlert();
    await alerts().raise(fresh);
    await told(chatId, fresh.what.replace('_stopped', ''));
    expect((await shownIn(chatId)).join()).not.toContain(what.replace('_stopped', '\n'));
  });

  test('reaches the group after it has moved, and the others when one is gone', async () => {
    await startRelay();
    const moved = await rig.activeGroup('Админы', { bot: 'admin' });
    const gone = await rig.activeGroup('Бывшие', { bot: 'admin' });
    const { id } = await telegram().migrate(moved.chatId);
    await telegram().kick(gone.chatId, 'admin');
    const alert = someAlert();
    await alerts().raise(alert);
    await told(String(id), alert.what.replace('_stopped', ''));
    await waitFor(async () => (await rig.groups().byId(gone.groupId))?.state === 'deactivated');
  });

  test('whose telling was cut off by a crash of Telegram is told all the same', async () => {
    await startRelay();
    const { chatId } = await rig.activeGroup('Админы', { bot: 'admin' });
    await rig.control().addFault({
      provider: 'telegram',
      path: '*/sendMessage',
      count: 2,
      action: { do: 'refuse', status: 502 },
    });
    const alert = someAlert();
    await alerts().raise(alert);
    expect(await told(chatId, alert.what.replace('_stopped', ''))).not.toEqual([]);
  });
});

test('without the admin bot alerts are acknowledged and kept for the day it is there', async () => {
  await startRelay({ TELEGRAM_ADMIN_BOT_TOKEN: '' });
  const { chatId } = await rig.activeGroup('Админы', { bot: 'admin' });
  const alert = someAlert();
  await alerts().raise(alert);
  await handled();
  expect(await shownIn(chatId)).toEqual([]);
  await startRelay();
  await told(chatId, alert.what.replace('_stopped', ''));
});

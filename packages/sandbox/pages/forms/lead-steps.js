/** How far a lead has come on each of its ways: both messages, the deal in AmoCRM, the notices in Telegram. */
import { explain } from './words.js';

/** `{ name, title, status, steps, link }` for each way; `mark` is how a step looks: done, now, skip, fail, warn or todo. */
export function waysOf({ lead, channels, deal, telegram }) {
  return [
    { name: 'email', title: 'Письмо', ...messageWay(channels.email, lead) },
    { name: 'sms', title: 'SMS', ...messageWay(channels.sms, lead) },
    ...(deal ? [{ name: 'deal', title: 'Сделка', ...dealWay(deal, lead) }] : []),
    ...(telegram ? [{ name: 'telegram', title: 'Telegram', ...noticeWay(telegram, lead) }] : []),
  ];
}

const received = (lead) => ({ mark: 'done', title: 'Принята', time: lead.receivedAt });

const messageWay = (channel, lead) => ({ status: channel.status, steps: stepsOf(channel, lead) });

function dealWay({ status, dealId, stage, deleted, error }, lead) {
  const note = error ? explain(error) : undefined;
  const link = dealId ? { href: '/inbox/amocrm', text: 'Открыть CRM' } : undefined;
  const steps = {
    pending: { mark: 'now', title: 'Заводим сделку', note },
    synced: deleted
      ? { mark: 'warn', title: `Сделку ${dealId} удалили в AmoCRM` }
      : { mark: 'done', title: `Сделка ${dealId}`, note: stage ? `Этап «${stage}»` : note },
    failed: { mark: 'fail', title: 'Сделки нет', note },
    skipped: { mark: 'skip', title: 'Сделку не заводим', note },
  };
  return { status, steps: [received(lead), steps[status]], link };
}

/** One step for each group. Without groups nobody is told, which is no fault. */
function noticeWay(notices, lead) {
  const link = { href: '/inbox/telegram', text: 'Открыть Telegram' };
  if (notices.length === 0) {
    const none = {
      mark: 'todo',
      title: 'Групп нет',
      note: 'Добавьте бота в группу, и она узнает о следующей заявке',
    };
    return { status: 'none', steps: [received(lead), none], link };
  }
  const steps = notices.map(({ title, groupId, status, sent_at: time, error }) => {
    const mark =
      { sent: 'done', pending: 'now', skipped: 'skip', failed: 'fail' }[status] ?? 'warn';
    return { mark, title: title ?? groupId, time, note: error ? explain(error) : undefined };
  });
  const states = notices.map(({ status }) => status);
  const status = ['pending', 'failed', 'unknown'].find((each) => states.includes(each));
  return {
    status: status ?? (states.includes('sent') ? 'sent' : 'skipped'),
    steps: [received(lead), ...steps],
    link,
  };
}

/** A message's way as far as it has come. */
function stepsOf({ status, error, sent_at: sentAt, scheduled_for: due }, lead) {
  const taken = received(lead);
  const waited = { mark: 'done', title: 'Время пришло', time: due };
  const note = error ? explain(error) : undefined;
  const isLater = due !== null && Date.parse(due) > Date.now();
  switch (status) {
    case 'sent':
      return [taken, waited, { mark: 'done', title: 'Отправлено', time: sentAt }];
    case 'skipped':
      return [taken, { mark: 'skip', title: 'Не отправляем', note }];
    case 'failed':
      return [taken, waited, { mark: 'fail', title: 'Не отправлено', note }];
    case 'unknown':
      return [
        taken,
        waited,
        {
          mark: 'warn',
          title: 'Неизвестно, ушло ли',
          note,
          hint: 'Второй раз само не отправится',
        },
      ];
    default:
      break;
  }
  const sending = { mark: 'todo', title: 'Отправка' };
  if (due === null) return [taken, { mark: 'now', title: 'Ставим в очередь' }, sending];
  if (isLater) {
    const from = lead.receivedAt;
    return [taken, { mark: 'now', title: 'Ждём до', time: due, countdown: { from, due } }, sending];
  }
  const title = error ? 'Пробуем ещё раз' : 'Отправляем';
  return [taken, waited, { mark: 'now', title, note }];
}

/** Messages that wait at the broker until they are due, and notices that are due at once. */
import type { Bus } from '../broker/bus.ts';
import { makeEvent, type NotificationDue, type TelegramNotice } from '../contract/events.ts';
import type { SequenceDue } from '../contract/sequences.ts';
import { subjects } from '../contract/topology.ts';

/**
 * Has the broker hand the message out when it is due, or at once if that time is over. A second call
 * replaces the first. @throws TransientError when the broker did not confirm.
 */
export async function scheduleDue(bus: Bus, due: NotificationDue['data']): Promise<void> {
  const event = makeEvent('notification.due.v1', {
    source: bus.name,
    subject: due.leadId,
    data: due,
  });
  await bus.schedule(
    {
      pending: subjects.notifyAt(due.channel, due.deliveryId),
      due: subjects.notifyDue(due.channel, due.deliveryId),
      at: new Date(due.dueAt),
    },
    event,
  );
}

/**
 * Has the broker say when a message of a sequence is due. A second call replaces the first.
 * @throws TransientError when the broker did not confirm.
 */
export async function scheduleSequence(
  bus: Pick<Bus, 'schedule' | 'name'>,
  { personId, step }: SequenceDue,
  dueAt: string,
): Promise<void> {
  const data = { personId, step };
  const event = makeEvent('sequence.due.v1', { source: bus.name, subject: personId, data });
  await bus.schedule(
    {
      pending: subjects.sequenceAt(personId, step),
      due: subjects.sequenceDue(personId, step),
      at: new Date(dueAt),
    },
    event,
  );
}

/**
 * Has a notice of a lead sent to a group. `msgId` recognises a repeat within two minutes; beyond that the
 * ledger does. @throws TransientError when the broker did not confirm.
 */
export async function publishNotice(
  bus: Bus,
  chatId: string,
  notice: TelegramNotice['data'],
  msgId?: string,
): Promise<void> {
  const event = makeEvent('telegram.notice.v1', {
    source: bus.name,
    subject: notice.leadId,
    data: notice,
  });
  const subject = subjects.telegramSend(chatId, notice.deliveryId);
  await bus.publish(subject, event, msgId === undefined ? {} : { msgId });
}

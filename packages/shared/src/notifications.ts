/** Messages that wait at the broker until they are due. */
import type { Bus } from './bus.ts';
import { makeEvent, type NotificationDue } from './events.ts';
import { subjects } from './topology.ts';

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

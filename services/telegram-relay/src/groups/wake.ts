/** Notices that wait for a paused group are handed out as soon as it can be reached again. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';

/**
 * Returns a function that has the broker hand out at once what waits for a group; by itself each notice
 * looks again every few minutes. One that is handed out twice is sent once: the ledger decides.
 * @throws TransientError when the broker does not answer.
 */
export function createWake(bus: Pick<Bus, 'manager' | 'lastUnder' | 'schedule'>) {
  const waitingFor = async (chatId: string): Promise<string[]> => {
    const manager = await bus.manager();
    const filter = { subjects_filter: subjects.telegramAt(chatId, '*') };
    const { state } = await manager.streams.info('TELEGRAM', filter);
    return Object.keys(state.subjects ?? {});
  };

  return async ({ chatId, formerChatIds, state }: TelegramGroup): Promise<void> => {
    if (state === 'paused') return;
    for (const chat of [chatId, ...formerChatIds]) {
      for (const pending of await waitingFor(chat)) {
        const waiting = await bus.lastUnder('TELEGRAM', pending);
        const event = eventSchemas['telegram.notice.v1'].safeParse(waiting?.event).data;
        if (!event) continue;
        const due = subjects.telegramSend(chat, event.data.deliveryId);
        await bus.schedule({ pending, due, at: new Date() }, event);
      }
    }
  };
}

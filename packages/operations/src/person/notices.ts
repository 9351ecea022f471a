/** Notices of a person's leads in Telegram groups: their text is replaced, as far as Telegram lets. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { LEDGER_STREAM, parseEntry } from '@leadwire/shared/delivery/ledger';
import type { PersonParts } from './person-parts.ts';

interface Notice {
  chatId: string;
  messageId: number;
  /** Leads in the same message that are not the person's. */
  others: string[];
}

/** How many were made unreadable, and those that a person has to delete by hand, in Russian. */
export interface NoticesEnded {
  edited: number;
  left: string[];
}

/** @throws TransientError when the broker or Telegram fails: the same call again does it once more */
export async function endNotices(
  { bus, editNotice }: Pick<PersonParts, 'bus' | 'editNotice'>,
  leadIds: ReadonlySet<string>,
): Promise<NoticesEnded> {
  const ended: NoticesEnded = { edited: 0, left: [] };
  for (const { chatId, messageId, others } of await noticesOf(bus, leadIds)) {
    const isEdited = await editNotice?.(chatId, messageId, textFor(others));
    if (isEdited === true) ended.edited += 1;
    else ended.left.push(`Telegram, чат ${chatId}: удалите сообщение ${messageId} о заявке.`);
  }
  return ended;
}

async function noticesOf(bus: Bus, leadIds: ReadonlySet<string>): Promise<Notice[]> {
  const notices = new Map<string, { isTheirs: boolean; others: string[] }>();
  for await (const { json } of readStream(bus, LEDGER_STREAM)) {
    const entry = parseEntry(json);
    if (entry?.channel !== 'telegram' || entry.providerId === undefined) continue;
    const notice = notices.get(entry.providerId) ?? { isTheirs: false, others: [] };
    if (leadIds.has(entry.leadId)) notice.isTheirs = true;
    else notice.others.push(entry.leadId);
    notices.set(entry.providerId, notice);
  }
  return [...notices]
    .filter(([, { isTheirs }]) => isTheirs)
    .map(([providerId, { others }]) => {
      const [chatId = '', messageId = ''] = providerId.split(':');
      return { chatId, messageId: Number(messageId), others };
    });
}

function textFor(others: readonly string[]): string {
  const words = 'Данные заявки удалены по просьбе человека.';
  if (others.length === 0) return words;
  const numbers = others.map((leadId) => `#${leadId.slice(-8)}`).join(', ');
  return `${words} Другие заявки из этого сообщения — в консоли: ${numbers}.`;
}

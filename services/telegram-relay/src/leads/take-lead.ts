/** The button under a notice: one manager takes the lead, whoever presses after them reads who has it and since when. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { leadSchema } from '@leadwire/shared/contract/events';
import { derivedId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import type { StaffTelegram } from '@leadwire/shared/delivery/staff-telegram';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { z } from 'zod';
import { clean, cut, oneLine } from '../bot/html.ts';
import type { Button } from '../bot/pace.ts';
import type { Press } from '../bot/update.ts';
import type { PressReply } from '../groups/group-commands.ts';
import { clockIn } from '../russian-words.ts';
import type { LeadOwner, LeadOwners } from './lead-owners.ts';
import { shortNumber, type LeadNews } from './lead-text.ts';

/** `take:` and the lead's id: 41 of 64 bytes. */
const TAKE = /^take:([0-9a-f-]{36})$/;
const SHORT_NAME = 24;
/** A press that is repeated after a crash tells what the first one may not have. Later a manager may have other plans. */
const FRESH_MS = 60_000;
const NOT_TIED = 'Чтобы и сделка стала вашей, привяжите Telegram: консоль → ваше имя.';

const isFresh = (owner: LeadOwner, at: string) => Date.parse(at) - Date.parse(owner.at) < FRESH_MS;

const factSchema = z.object({ data: leadSchema.pick({ receivedAt: true }) });

export interface TakePorts {
  bus: Pick<Bus, 'lastUnder' | 'publish' | 'name'>;
  /** Who of those who work here is who in Telegram. */
  staff: Pick<StaffTelegram, 'byUser'>;
  owners: Pick<LeadOwners, 'take'>;
  timeZone: string;
  /** Told how long after its receipt a lead was taken, in milliseconds, once for each. */
  onTaken: (waitedMs: number) => void;
  now?: () => Date;
}

/** The buttons under a message that tells of these leads. */
export function takeButtons(all: readonly Pick<LeadNews, 'lead'>[]): Button[][] {
  const isOne = all.length === 1;
  return all.map(({ lead: { leadId, name } }) => {
    const which = `${shortNumber(leadId)} ${cut(oneLine(name), SHORT_NAME)}`;
    return [{ text: isOne ? 'Взять в работу' : `Взять ${which}`, data: `take:${leadId}` }];
  });
}

/** Acts on a press of one of them; may be repeated. @throws TransientError when the broker does not answer. */
export function createTakeLead({
  bus,
  staff,
  owners,
  timeZone,
  onTaken,
  now = () => new Date(),
}: TakePorts) {
  const toLabel = ({ name, at }: LeadOwner) =>
    `✅ ${cut(clean(name), SHORT_NAME)} · ${clockIn(timeZone, new Date(at))}`;

  /**
   * Whose the lead is, stored once however often it is told, so that who ties their Telegram later has it by another press.
   * The deal becomes theirs; told twice within moments is told once.
   */
  const tell = async ({ leadId, at }: LeadOwner, staffId: string, isDeal: boolean) => {
    const taken = { leadId, staffId, at };
    await publishEvent(bus, 'lead.assigned.v1', taken, { id: derivedId('assigned', leadId) });
    if (!isDeal) return;
    await publishEvent(bus, 'crm.lead_taken.v1', taken, { id: derivedId('taken', leadId) });
  };

  return async ({ data, by, buttons }: Press, group: TelegramGroup): Promise<PressReply> => {
    const leadId = TAKE.exec(data)?.[1];
    const stored = leadId && (await bus.lastUnder('LEADS', subjects.anyLead(leadId)));
    const lead = stored && factSchema.safeParse(stored.event).data?.data;
    if (!leadId || !lead) return { words: 'Этой заявки больше нет.' };
    const { receivedAt } = lead;
    const at = now().toISOString();
    const wanted = { ...by, leadId, groupId: group.groupId, receivedAt, at };
    const { owner, isNew } = await owners.take(wanted);
    if (isNew) onTaken(Date.parse(at) - Date.parse(receivedAt));
    const isOurs = owner.userId === by.userId;
    const tie = isOurs ? await staff.byUser(by.userId) : undefined;
    if (tie) await tell(owner, tie.staffId, isNew || isFresh(owner, at));
    const label = { text: toLabel(owner), data };
    const shown = buttons.map((row) => row.map((each) => (each.data === data ? label : each)));
    const words = wordsFor(owner, by.userId, isNew, timeZone);
    return { words: isNew && !tie ? `${words} ${NOT_TIED}` : words, buttons: shown };
  };
}

function wordsFor(owner: LeadOwner, userId: string, isNew: boolean, timeZone: string): string {
  if (isNew) return 'Заявка ваша. Остальные видят, что вы её взяли.';
  const time = clockIn(timeZone, new Date(owner.at));
  if (owner.userId === userId) return `Вы уже взяли эту заявку в ${time}.`;
  return `Эту заявку уже взял(а) ${cut(clean(owner.name), SHORT_NAME)} в ${time}.`;
}

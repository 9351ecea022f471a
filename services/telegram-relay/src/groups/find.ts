/** The answer to /find: who has left this number, when, and who has taken them. For groups that are ours alone. */
import { readPhone } from '@leadwire/shared/contacts/phones';
import { withoutLinks } from '@leadwire/shared/contacts/without-links';
import { toError } from '@leadwire/shared/errors';
import { leadKinds } from '@leadwire/shared/contract/events';
import type { Log } from '@leadwire/shared/runtime/log';
import { takesKind, type TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { clean, cut, toHtml, type Line } from '../bot/html.ts';
import type { KnownLead, LeadLookup } from '../leads/lead-lookup.ts';
import type { LeadOwner, LeadOwners } from '../leads/lead-owners.ts';
import { shortNumber } from '../leads/lead-text.ts';
import { dayAndClockIn } from '../russian-words.ts';

const MOST_SHOWN = 5;
const LONGEST_FIELD = 80;

export const HOW_TO_FIND =
  'Напишите телефон после команды, в любом виде: <code>/find +7 700 000 00 00</code>';
const NOBODY = 'Заявок с этим телефоном нет.';
const NO_TABLE = 'Искать сейчас не получается: база заявок не отвечает. Попробуйте через минуту.';

export interface FindPorts {
  lookup: LeadLookup | undefined;
  owners: Pick<LeadOwners, 'find'>;
  timeZone: string;
  log: Log;
}

/** The answer as Telegram's HTML. A group that gets one kind of leads finds those alone. */
export function createFind({ lookup, owners, timeZone, log }: FindPorts) {
  const linesOf = (lead: KnownLead, owner: LeadOwner | undefined): Line[] => {
    const { id, name, source, created_at: at, amocrm_stage: stage } = lead;
    const short = (text: string) =>
      cut(withoutLinks(clean(text)).replace(/\s+/g, ' '), LONGEST_FIELD);
    const facts = [dayAndClockIn(timeZone, at), source, stage && `сделка: ${stage}`];
    const taken = owner && `взял(а) ${owner.name}, ${dayAndClockIn(timeZone, new Date(owner.at))}`;
    const shown = [...facts, taken].flatMap((fact) => (fact ? [short(fact)] : []));
    return [
      [{ text: `${shortNumber(id)} ` }, { text: short(name ?? 'Без имени'), isBold: true }],
      [{ text: shown.join(' · ') }],
    ];
  };

  const find = async (group: TelegramGroup, phone: string): Promise<string> => {
    if (!lookup) return NO_TABLE;
    const isForGroup = ({ kind }: KnownLead) => {
      const known = leadKinds.find((each) => each === kind);
      return group.leadKinds.length === 0 || (known !== undefined && takesKind(group, known));
    };
    const all = (await lookup({ phone })).filter(isForGroup);
    if (all.length === 0) return NOBODY;
    const shown = await Promise.all(
      all.slice(0, MOST_SHOWN).map(async (lead) => linesOf(lead, await owners.find(lead.id))),
    );
    const head: Line = [{ text: `${phone}: заявок — ${all.length}`, isBold: true }];
    return toHtml([head, ...shown.flatMap((lines) => [[], ...lines])]);
  };

  return async (group: TelegramGroup, words: readonly string[]): Promise<string> => {
    const { phone, issue } = readPhone(words.join(' ').slice(0, LONGEST_FIELD));
    if (phone === null || issue !== undefined) return HOW_TO_FIND;
    try {
      return await find(group, phone);
    } catch (thrown) {
      log.warn({ groupId: group.groupId, err: toError(thrown) }, 'nothing could be looked up');
      return NO_TABLE;
    }
  };
}

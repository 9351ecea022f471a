/** The day before, told to each group that gets leads, once, in the morning: how many came from where, and who answered. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { keepFirst } from '@leadwire/shared/coordination/kv';
import { takesKind, type TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { leadSchema, type LeadKind } from '@leadwire/shared/contract/events';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { escapeHtml } from '@leadwire/shared/runtime/html';
import { formOf } from '@leadwire/shared/runtime/russian';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { z } from 'zod';
import { clean, cut, oneLine } from '../bot/html.ts';
import type { BotSender } from '../bot/pace.ts';
import { leadOwnerSchema } from '../leads/lead-owners.ts';
import type { GroupStore } from './group-store.ts';
import { midnightIn } from './today.ts';

const EVERY_MS = 60_000;
/** Later than this after its hour it is no morning's news any more. */
const LATEST_HOURS = 3;
const MOST_SOURCES = 8;
const LONGEST_SOURCE = 40;

/** A lead of the day, and after how many milliseconds somebody took it. */
export interface DayLead {
  kind: LeadKind;
  source: string | undefined;
  takenAfterMs: number | undefined;
}

const payloadSchema = z.object({
  data: leadSchema.pick({ leadId: true, kind: true, utm: true, receivedAt: true }),
});

/** The leads that were received from `from` until before `until`. @throws TransientError when the broker does not answer. */
export async function leadsBetween(bus: Bus, from: Date, until: Date): Promise<DayLead[]> {
  const takenAt = new Map<string, string>();
  for await (const { json } of readStream(bus, 'KV_lead_owners', { since: from })) {
    const owner = leadOwnerSchema.safeParse(json).data;
    if (owner) takenAt.set(owner.leadId, owner.at);
  }
  const leads: DayLead[] = [];
  for await (const { json } of readStream(bus, 'LEADS', {
    subject: 'leads.created.*.*',
    since: from,
  })) {
    const lead = payloadSchema.safeParse(json).data?.data;
    if (!lead) continue;
    const { leadId, kind, utm, receivedAt } = lead;
    const at = Date.parse(receivedAt);
    if (at < from.getTime() || at >= until.getTime()) continue;
    const taken = takenAt.get(leadId);
    const takenAfterMs = taken === undefined ? undefined : Date.parse(taken) - at;
    leads.push({ kind, source: utm.source?.trim().toLowerCase() || undefined, takenAfterMs });
  }
  return leads;
}

const NAMES: Readonly<Record<string, string>> = {
  instagram: 'Instagram',
  facebook: 'Facebook',
  google: 'Google',
  tiktok: 'TikTok',
  yandex: 'Яндекс',
};

/** As a group reads it, in Telegram's HTML: the kinds that it gets. */
export function digestText(all: readonly DayLead[], group: TelegramGroup, day: string): string {
  const leads = all.filter(({ kind }) => takesKind(group, kind));
  const head = `<b>За вчера, ${day}</b>`;
  if (leads.length === 0) {
    return `${head}: ни одной заявки. Если реклама шла, отправьте пробную заявку с сайта.`;
  }
  const counts = new Map<string, number>();
  for (const { source = '' } of leads) counts.set(source, (counts.get(source) ?? 0) + 1);
  const sources = [...counts].sort(([, a], [, b]) => b - a);
  const rest = sources.slice(MOST_SOURCES).reduce((sum, [, count]) => sum + count, 0);
  const lines = sources
    .slice(0, MOST_SOURCES)
    .map(([source, count]) => `${sourceName(source)}: ${count}`);
  if (rest > 0) lines.push(`Остальные: ${rest}`);
  const number = `${leads.length} ${formOf(leads.length, ['заявка', 'заявки', 'заявок'])}`;
  return [`${head}: ${number}`, ...lines, answeredText(leads)].join('\n');
}

const sourceName = (source: string) =>
  source === ''
    ? 'Без меток'
    : (NAMES[source] ?? escapeHtml(cut(oneLine(clean(source)), LONGEST_SOURCE)));

/** The one in the middle: a single lead that lay over night says nothing of the others. */
function answeredText(leads: readonly DayLead[]): string {
  const waited = leads.flatMap(({ takenAfterMs }) => takenAfterMs ?? []).sort((a, b) => a - b);
  const middle = waited[Math.floor((waited.length - 1) / 2)];
  if (middle === undefined)
    return 'В работу никого не взяли: под заявкой есть кнопка «Взять в работу».';
  const minutes = Math.max(1, Math.round(middle / 60_000));
  const time = `${minutes} ${formOf(minutes, ['минуту', 'минуты', 'минут'])}`;
  return `Взяли в работу: ${waited.length} из ${leads.length}, обычно через ${time}`;
}

export interface DigestPorts {
  bus: Bus;
  groups: Pick<GroupStore, 'list'>;
  sender: Pick<BotSender, 'turn' | 'say'>;
  timeZone: string;
  /** From 0 to 23 in that time zone. */
  hour: number;
  log: Log;
  now?: () => Date;
}

/**
 * Sends what is due: nothing but from the hour on for three hours, once for each day and group, whatever is restarted and
 * however many do it. One group that fails is tried again with the next call. @throws TransientError without the broker
 */
export function createDigest(ports: DigestPorts): () => Promise<void> {
  const { bus, groups, sender, timeZone, hour, log, now = () => new Date() } = ports;

  const tell = async (group: TelegramGroup, date: string, html: string): Promise<void> => {
    const key = `digest.${date}.${group.groupId}`;
    const { isOurs } = await keepFirst(bus, { bucket: 'telegram_updates', key }, '{}');
    if (!isOurs) return;
    const { chatId, threadId, groupId } = group;
    try {
      await sender.turn(chatId);
      await sender.say({ chatId, html, threadId });
    } catch (thrown) {
      log.warn({ err: toError(thrown), groupId }, 'the digest was not sent; it is tried again');
      await (await bus.bucket('telegram_updates')).delete(key);
    }
  };

  return async () => {
    const at = now();
    const today = midnightIn(timeZone, at);
    const hours = (at.getTime() - today.getTime()) / 3_600_000;
    if (hours < hour || hours >= hour + LATEST_HOURS) return;
    // A group that came today knows nothing of the day before.
    const wanting = (await groups.list()).filter(
      ({ bot, state, activatedAt }) =>
        bot === 'leads' && state === 'active' && Date.parse(activatedAt) < today.getTime(),
    );
    if (wanting.length === 0) return;
    const from = midnightIn(timeZone, new Date(today.getTime() - 1));
    const leads = await leadsBetween(bus, from, today);
    const day = from.toLocaleDateString('ru-RU', { timeZone, day: 'numeric', month: 'long' });
    const date = from.toISOString().slice(0, 10);
    for (const group of wanting) await tell(group, date, digestText(leads, group, day));
  };
}

export function startDigest(ports: DigestPorts): BackgroundWork {
  const { log } = ports;
  return startPeriodic({
    name: 'telegram-digest',
    everyMs: EVERY_MS,
    work: createDigest(ports),
    onError: (err) => log.warn({ err }, 'the digest is tried again'),
  });
}

/** The answer to /today: what came in and what went out since midnight, counted in the broker's streams. */
import { formOf } from '@leadwire/shared/runtime/russian';
import type { Bus } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { takesKind, type TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { leadKinds, leadSchema, type LeadKind } from '@leadwire/shared/contract/events';
import { escapeHtml } from '@leadwire/shared/runtime/html';
import { z } from 'zod';
import { kindsInWords } from './answers.ts';

export interface Counts {
  /** Leads by kind. */
  leads: Record<LeadKind, number>;
  /** Who they are of, by kind: the same number or address is one person. */
  people: Record<LeadKind, Set<string>>;
  /** Purchases by payment method; what forms send besides the three known ones is `other`. */
  payments: Record<string, number>;
  /** `email.sent`, `sms.failed`, … */
  deliveries: Record<string, number>;
  /** Deals in the CRM: those of one person are one. */
  deals: number;
}

const METHODS = ['kaspi', 'halyk', 'robokassa'];
const payloadSchema = z.object({
  data: leadSchema.pick({
    kind: true,
    paymentMethod: true,
    leadId: true,
    phone: true,
    email: true,
  }),
});
const dealSchema = z.object({ data: z.object({ dealId: z.number() }) });

export const COUNT_FAILED =
  'Сейчас посчитать не получается: хранилище событий не отвечает. Заявки при этом не теряются. Попробуйте, пожалуйста, через минуту.';

/** @throws TransientError when the broker does not answer. */
export async function countSince(bus: Bus, since: Date): Promise<Counts> {
  const counts: Counts = {
    leads: { proftest: 0, purchase: 0, request: 0 },
    people: { proftest: new Set(), purchase: new Set(), request: new Set() },
    payments: {},
    deliveries: {},
    deals: 0,
  };
  const add = (to: Record<string, number>, key: string) => (to[key] = (to[key] ?? 0) + 1);
  for await (const { json } of readStream(bus, 'LEADS', { subject: 'leads.created.*.*', since })) {
    const lead = payloadSchema.safeParse(json).data?.data;
    if (!lead) continue;
    counts.leads[lead.kind] += 1;
    counts.people[lead.kind].add(lead.phone ?? lead.email?.toLowerCase() ?? lead.leadId);
    if (lead.kind !== 'purchase') continue;
    const method = lead.paymentMethod?.toLowerCase() ?? '';
    add(counts.payments, METHODS.includes(method) ? method : 'other');
  }
  const deals = new Set<string>();
  for await (const { subject, json } of readStream(bus, 'DELIVERIES', { since })) {
    const [first, second = '', outcome = ''] = subject.split('.');
    if (first === 'deliveries') add(counts.deliveries, `${second}.${outcome}`);
    else if (first === 'crm' && second === 'synced')
      deals.add(String(dealSchema.safeParse(json).data?.data.dealId ?? outcome));
  }
  return { ...counts, deals: deals.size };
}

/** Midnight of this day there; on the day of a change of clocks it may be an hour off. */
export function midnightIn(timeZone: string, now: Date): Date {
  const part = Object.fromEntries(
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
      .formatToParts(now)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
  const sinceMidnight = ((part.hour * 60 + part.minute) * 60 + part.second) * 1_000;
  return new Date(now.getTime() - sinceMidnight - now.getMilliseconds());
}

/** As a group reads it: only the kinds that it gets. */
export function todayText(
  counts: Counts,
  group: TelegramGroup,
  { now, timeZone }: { now: Date; timeZone: string },
): string {
  const day = now.toLocaleDateString('ru-RU', { timeZone, day: 'numeric', month: 'long' });
  const isAll = group.bot === 'admin' || group.leadKinds.length === 0;
  const wants = (kind: LeadKind) => isAll || takesKind(group, kind);
  const { proftest, purchase, request } = counts.leads;
  const wanted = leadKinds.filter((kind) => wants(kind));
  const total = wanted.reduce((sum, kind) => sum + counts.leads[kind], 0);
  const people = new Set(wanted.flatMap((kind) => [...counts.people[kind]])).size;
  const heading = isAll ? 'заявок' : kindsInWords(group);
  const lines = [
    `<b>Сегодня, ${day}</b>: ${heading} — ${total}`,
    `Обратились: ${peopleInWords(people)}`,
  ];
  if (isAll) {
    lines.push(`Профтест: ${proftest}`, `Покупка курса: ${purchase}`, `С других форм: ${request}`);
  }
  if (wants('purchase') && purchase > 0) lines.push(`Оплата: ${paymentsInWords(counts.payments)}`);
  if (isAll) {
    lines.push(
      `Письма: ${deliveriesInWords(counts, 'email')}`,
      `SMS: ${deliveriesInWords(counts, 'sms')}`,
      `Сделки в AmoCRM: ${counts.deals}`,
    );
  }
  return lines.join('\n');
}

/** `1 человек`, `3 человека`, `12 человек`. */
function peopleInWords(count: number): string {
  return `${count} ${formOf(count, ['человек', 'человека', 'человек'])}`;
}

function paymentsInWords(payments: Record<string, number>): string {
  const words: Record<string, string> = {
    kaspi: 'Kaspi',
    halyk: 'Halyk',
    robokassa: 'Robokassa',
    other: 'другое',
  };
  const all = Object.entries(payments).sort(([, a], [, b]) => b - a);
  return all.map(([method, count]) => `${escapeHtml(words[method] ?? method)} ${count}`).join(', ');
}

function deliveriesInWords({ deliveries }: Counts, channel: string): string {
  const of = (outcome: string) => deliveries[`${channel}.${outcome}`] ?? 0;
  const words = [`отправлено ${of('sent')}`];
  if (of('failed') > 0) words.push(`не ушло ${of('failed')}`);
  if (of('skipped') > 0) words.push(`пропущено ${of('skipped')}`);
  if (of('unknown') > 0) words.push(`неизвестно ${of('unknown')}`);
  return words.join(', ');
}

/** Answers /today; when the broker does not answer, it says so instead. */
export function createToday(options: { bus: Bus; timeZone: string; log: Log; now?: () => Date }) {
  const { bus, timeZone, log, now = () => new Date() } = options;
  return async (group: TelegramGroup): Promise<string> => {
    const at = now();
    try {
      const counts = await countSince(bus, midnightIn(timeZone, at));
      return todayText(counts, group, { now: at, timeZone });
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'the day could not be counted');
      return COUNT_FAILED;
    }
  };
}

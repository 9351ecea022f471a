/** A month of invented leads, the same for the same day: what `npm start -- --demo` shows before anybody has sent a form. */
import { derivedId } from '@leadwire/shared/contract/ids';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Almaty is five hours ahead, without summer time. */
const ALMATY_MS = 5 * HOUR_MS;
const DAYS = 30;

const FIRST_NAMES = [
  'Айгерим',
  'Данияр',
  'Мадина',
  'Ерлан',
  'Әсел',
  'Тимур',
  'Динара',
  'Нурлан',
  'Жанна',
  'Арман',
  'Сауле',
  'Олжас',
  'Камила',
  'Руслан',
];
const LAST_NAMES = [
  'Сапар',
  'Ахмет',
  'Ким',
  'Жұмабай',
  'Оспан',
  'Ибрай',
  'Ли',
  'Серік',
  'Тулеген',
  'Абай',
];
/** Source, its share, and its advertisements. */
const SOURCES = [
  ['instagram', 0.42, ['reels_buh', 'stories_1c']],
  ['facebook', 0.26, ['carousel_a', 'video_b']],
  ['google', 0.16, ['search_kursy']],
  ['tiktok', 0.1, ['clip_3']],
  [null, 0.06, [null]],
] as const;
const STAGES = [
  'Новая заявка',
  'Взят в работу',
  'Встреча назначена',
  'Оплата Kaspi',
  'Успешно реализовано',
  'Закрыто и не реализовано',
];

export type DemoRow = Record<string, unknown>;
export interface DemoHistory {
  leads: DemoRow[];
  deliveries: DemoRow[];
  sales: DemoRow[];
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Rows of `landing_leads`, `scheduled_notifications` and `sales` for thirty days before `now`, up to an hour ago. */
export function makeHistory(now: Date): DemoHistory {
  const history: DemoHistory = { leads: [], deliveries: [], sales: [] };
  const today = Math.floor((now.getTime() + ALMATY_MS) / DAY_MS) * DAY_MS - ALMATY_MS;
  let number = 0;
  for (let day = DAYS; day >= 0; day -= 1) {
    const start = today - day * DAY_MS;
    const dice = createDice(start / DAY_MS);
    // Fewer on Sundays; from nine in the morning to midnight, most in the evening.
    const isSunday = new Date(start + ALMATY_MS).getUTCDay() === 0;
    const times = Array.from({ length: (isSunday ? 5 : 9) + Math.floor(dice() * 6) }, () => {
      return start + (9 + 15 * Math.sqrt(dice())) * HOUR_MS;
    });
    for (const at of times.sort((a, b) => a - b)) {
      number += 1;
      if (at < now.getTime() - HOUR_MS) addLead(history, number, at, dice);
    }
  }
  return history;
}

function pick<T>(from: readonly T[], dice: () => number): T {
  return from[Math.floor(dice() * from.length)] as T;
}

function pickSource(dice: () => number): (typeof SOURCES)[number] {
  let left = dice();
  return SOURCES.find(([, share]) => (left -= share) < 0) ?? SOURCES[0];
}

function addLead(history: DemoHistory, number: number, at: number, dice: () => number): void {
  const id = derivedId('demo', new Date(at).toISOString().slice(0, 10), String(number));
  const kindDice = dice();
  const kind = kindDice < 0.7 ? 'proftest' : kindDice < 0.94 ? 'purchase' : 'request';
  const [source, , ads] = pickSource(dice);
  const stage = pick(STAGES, dice);
  const isPaid = kind === 'purchase';
  const mail = mailOf(at, dice);
  const sms = smsOf(at, dice);
  const email = `person${String(number).padStart(3, '0')}@leadwire-sample.kz`;
  const phone = `+7700000${String(number).padStart(4, '0')}`;
  history.leads.push({
    id,
    kind,
    campaign: number % 3 === 0 ? 'spring_b' : 'spring_a',
    source: isPaid ? 'course_purchase' : `proftest_spring_${number % 3 === 0 ? 'b' : 'a'}`,
    name: `${pick(FIRST_NAMES, dice)} ${pick(LAST_NAMES, dice)}`,
    email,
    phone,
    created_at: iso(at),
    utm_source: source,
    utm_medium: source && 'cpc',
    utm_campaign: source && 'spring',
    utm_content: pick(ads as readonly (string | null)[], dice),
    payment_method: isPaid ? pick(['kaspi', 'halyk', 'robokassa'], dice) : null,
    answers: kind === 'proftest' ? { Опыт: 'нет', Ближе: 'Цифры и порядок' } : {},
    amocrm_synced: true,
    amocrm_synced_at: iso(at + 20_000),
    amocrm_stage: stage,
    ...(kind !== 'request' && { ...mail.ofLead, ...sms.ofLead }),
  });
  if (kind !== 'request') {
    const about = {
      lead_id: id,
      created_at: iso(at),
      planned_at: iso(at),
      scheduled_for: iso(at + 600_000),
    };
    const template = isPaid ? 'course-payment' : 'proftest-result';
    const of = (channel: string) => derivedId('demo-delivery', id, channel);
    history.deliveries.push(
      {
        id: of('email'),
        ...about,
        channel: 'email',
        type: 'email',
        template,
        attempts: 1,
        ...mail.ofDelivery,
      },
      {
        id: of('sms'),
        ...about,
        channel: 'sms',
        type: 'sms',
        template: template.replace(/-.*/, '-sms'),
        attempts: 1,
        ...sms.ofDelivery,
      },
    );
  }
  if (stage === 'Успешно реализовано') {
    const sold = { student_id: `demo-${number}`, lead_id: id, email, phone, product: 'course' };
    const amount = pick([5_000, 5_000, 45_000, 90_000], dice);
    history.sales.push({
      id: derivedId('demo-sale', id),
      ...sold,
      amount,
      sold_at: iso(at + DAY_MS),
    });
  }
}

const iso = (at: number) => new Date(at).toISOString();

interface Ended {
  ofLead: DemoRow;
  ofDelivery: DemoRow;
}

function mailOf(at: number, dice: () => number): Ended {
  const sent = at + 602_000;
  const luck = dice();
  if (luck < 0.02) {
    const bounced = { bounced_at: iso(sent + 4_000), bounce_reason: 'mailbox does not exist' };
    return {
      ofLead: {
        email_status: 'sent',
        email_sent: true,
        email_sent_at: iso(sent),
        email_bounced_at: bounced.bounced_at,
        email_error: bounced.bounce_reason,
      },
      ofDelivery: { status: 'sent', sent_at: iso(sent), ...bounced },
    };
  }
  const delivered_at = iso(sent + 3_000);
  const opened_at = dice() < 0.55 ? iso(sent + 1_800_000 * (1 + dice())) : null;
  const clicked_at = opened_at && dice() < 0.4 ? iso(Date.parse(opened_at) + 40_000) : null;
  return {
    ofLead: {
      email_status: 'sent',
      email_sent: true,
      email_sent_at: iso(sent),
      email_delivered_at: delivered_at,
      email_opened_at: opened_at,
      email_clicked_at: clicked_at,
    },
    ofDelivery: { status: 'sent', sent_at: iso(sent), delivered_at, opened_at, clicked_at },
  };
}

function smsOf(at: number, dice: () => number): Ended {
  const sent = at + 601_000;
  const luck = dice();
  if (luck < 0.02)
    return ended('failed', {
      reason: 'attempts_spent',
      error: 'not enough money on the account',
      failed_at: iso(sent),
    });
  if (luck < 0.03)
    return ended('unknown', { reason: 'no_answer', error: 'no answer from the provider' });
  if (luck < 0.06) return ended('skipped', { reason: 'phone_invalid', skipped_at: iso(at) });
  const delivered_at = iso(sent + 6_000);
  const clicked_at = dice() < 0.3 ? iso(sent + 900_000) : null;
  return {
    ofLead: {
      sms_status: 'sent',
      sms_sent: true,
      sms_sent_at: iso(sent),
      sms_delivered_at: delivered_at,
      sms_clicked_at: clicked_at,
    },
    ofDelivery: { status: 'sent', sent_at: iso(sent), delivered_at, clicked_at },
  };
}

const ended = (status: string, more: DemoRow): Ended => ({
  ofLead: { sms_status: status, sms_error: more['error'] ?? more['reason'] },
  ofDelivery: { status, ...more },
});

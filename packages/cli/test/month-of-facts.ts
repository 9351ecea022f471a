/**
 * Leads and sales of invented people over a month, the same in each run, and their sums counted without Leadwire. With
 * REPORT_FACTS=long there are five times as many, and lead-store is killed seven times instead of once.
 */
import { dayOf, type Grouping, type Touch } from '@leadwire/operations/reports/report';
import type { Lead } from '@leadwire/shared/contract/events';
import { saleIdOf, type Sale } from '@leadwire/shared/contract/sale-facts';
import { someLead } from '@leadwire/testing/lead';

const ZONE = 'Asia/Almaty';
const isLong = process.env['REPORT_FACTS'] === 'long';
export const LEADS = isLong ? 1_000 : 200;
export const PEOPLE = isLong ? 700 : 140;
export const SALES = isLong ? 120 : 40;
export const REFUNDS = isLong ? 10 : 6;
export const KILLS = isLong ? 7 : 1;
const SOURCES = ['facebook', 'Instagram', 'google', undefined];
const START = Date.parse('2026-03-01T17:00:00Z');
const HOUR = 60 * 60_000;
/** The same for everybody: a test of sums that fails can be looked at again. */
let seed = 20_261_129;
export const random = (below: number) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
export const shuffled = <T>(items: readonly T[]): T[] => {
  const copy = [...items];
  for (let n = copy.length - 1; n > 0; n--) {
    const other = random(n + 1);
    [copy[n], copy[other]] = [copy[other] as T, copy[n] as T];
  }
  return copy;
};

interface Fact {
  person: number;
  at: number;
}
export const leads: (Fact & { lead: Lead })[] = [];
export const sales: (Fact & { sale: Sale; isRefunded: boolean })[] = [];

const phoneOf = (person: number) => `+7705900${String(person).padStart(4, '0')}`;
const mailOf = (person: number) => `p${person}@leadwire-sample.kz`;

export function makeFacts(): void {
  for (let n = 0; n < LEADS; n++) {
    // Everybody once, then some again: a few with the mail alone, as people do.
    const person = n < PEOPLE ? n : random(PEOPLE);
    const at = START + random(29 * 24) * HOUR + n;
    const source = SOURCES[random(SOURCES.length)];
    const first =
      random(3) === 0
        ? { utm: { source: SOURCES[random(3)] ?? 'google', campaign: 'early' } }
        : undefined;
    const utm = source === undefined ? {} : { source, campaign: `c${random(3)}` };
    const lead = someLead({
      phone: n >= PEOPLE && random(4) === 0 ? null : phoneOf(person),
      email:
        random(2) === 0
          ? mailOf(person).toUpperCase().replace('LEADWIRE-SAMPLE.KZ', 'leadwire-sample.kz')
          : mailOf(person),
      utm,
      receivedAt: new Date(at).toISOString(),
      ...(first && { attribution: { clickIds: {}, first, last: { utm } } }),
    });
    leads.push({ person, at, lead });
  }
  for (let n = 0; n < SALES; n++) {
    // The last ones never left a lead.
    const person = n < SALES - 4 ? n * 3 : PEOPLE + n;
    const at = START + (8 + random(22)) * 24 * HOUR + n;
    const studentId = `st-${n}`;
    const sale: Sale = {
      saleId: saleIdOf(studentId),
      studentId,
      email: mailOf(person),
      phone: phoneOf(person),
      product: 'Аналитика',
      course: null,
      amount: 5_000 + n,
      at: new Date(at).toISOString(),
    };
    sales.push({ person, at, sale, isRefunded: n < REFUNDS });
  }
}

const sourceOf = ({ lead }: { lead: Lead }, touch: Touch): string => {
  const first = lead.attribution?.first?.utm.source;
  return ((touch === 'first' ? first : undefined) ?? lead.utm.source ?? '').toLowerCase();
};
const keyOf = (fact: { lead: Lead; at: number }, by: Grouping, touch: Touch): string =>
  by === 'day' ? dayOf(new Date(fact.at), ZONE) : sourceOf(fact, touch);

/** Whose sale it is. */
function leadOf({ person, at }: Fact, touch: Touch) {
  const own = leads.filter((fact) => fact.person === person && fact.at <= at + 24 * HOUR);
  own.sort((a, b) => a.at - b.at);
  return touch === 'first' ? own[0] : own.at(-1);
}

/** The Monday of somebody's week in Almaty, which is five hours ahead. */
function mondayOf(at: number): string {
  const local = new Date(at + 5 * HOUR);
  const back = (local.getUTCDay() + 6) % 7;
  return new Date(local.getTime() - back * 24 * HOUR).toISOString().slice(0, 10);
}

/** The cohorts by week, the newest first: counted apart as `countedApart` does. */
export function cohortsApart(touch: Touch) {
  const mondays = [...new Set(leads.map(({ at }) => mondayOf(at)))].sort().reverse();
  return mondays.map((cohort) => {
    const own = leads.filter(({ at }) => mondayOf(at) === cohort);
    const bought = sales.flatMap((sale) => {
      const lead = sale.isRefunded ? undefined : leadOf(sale, touch);
      return lead && own.includes(lead) ? [(sale.at - lead.at) / (24 * HOUR)] : [];
    });
    const within = [7, 14, 30, 60, 90].map((days) => bought.filter((day) => day < days).length);
    return { cohort, leads: own.length, sales: bought.length, within };
  });
}

/** Counted from the facts alone, without a look at what Leadwire made of them. */
export function countedApart(by: Grouping, touch: Touch) {
  const rows = new Map<
    string,
    { leads: number; people: Set<number>; sales: number; refunds: number; revenue: number }
  >();
  const row = (key: string) => {
    const known = rows.get(key) ?? {
      leads: 0,
      people: new Set(),
      sales: 0,
      refunds: 0,
      revenue: 0,
    };
    rows.set(key, known);
    return known;
  };
  for (const fact of leads) {
    const into = row(keyOf(fact, by, touch));
    into.leads += 1;
    into.people.add(fact.person);
  }
  for (const { person, at, sale, isRefunded } of sales) {
    const lead = leadOf({ person, at }, touch);
    const into = row(
      lead ? keyOf(lead, by, touch) : by === 'day' ? dayOf(new Date(at), ZONE) : '∅',
    );
    if (isRefunded) into.refunds += 1;
    else into.sales += 1;
    if (!isRefunded) into.revenue += sale.amount;
  }
  return Object.fromEntries(
    [...rows].map(([key, { people, ...sums }]) => [key, { ...sums, people: people.size }]),
  );
}

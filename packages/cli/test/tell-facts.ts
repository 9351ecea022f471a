/** Leads, sales, refunds and who has a lead, told as the services tell them. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { derivedId, newId } from '@leadwire/shared/contract/ids';
import type { Sale } from '@leadwire/shared/contract/sale-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import { leadCreated } from '@leadwire/testing/lead';
import { leads, sales, shuffled } from './month-of-facts.ts';
import { MANAGERS } from './report-staff.ts';

/** Every lead, sale and refund of the month in any order, some of them told again: each to be told by a call. */
export function everyFact(bus: Bus): (() => Promise<unknown>)[] {
  const each = <Fact>(facts: readonly Fact[], tell: (fact: Fact) => Promise<unknown>) =>
    facts.map((fact) => () => tell(fact));
  const refunded = sales.filter(({ isRefunded }) => isRefunded);
  return shuffled([
    ...each(leads, ({ lead }) => tellLead(bus, lead)),
    ...each(leads.slice(0, 40), ({ lead }) => tellLead(bus, lead, newId())),
    ...each(sales, ({ sale }) => tellSale(bus, sale)),
    ...each(sales.slice(0, 10), ({ sale }) => tellSale(bus, sale, newId())),
    ...each(refunded, ({ sale }) => tellRefund(bus, sale)),
  ]);
}

const tellLead = (bus: Bus, lead: Lead, msgId?: string) =>
  bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead), {
    ...(msgId && { msgId }),
  });

async function tellSale(bus: Bus, sale: Sale, msgId?: string): Promise<void> {
  const event = makeEvent('sale.recorded.v1', {
    source: 'test',
    subject: sale.studentId,
    data: sale,
  });
  await bus.publish(subjects.sale('recorded', sale.studentId, sale.saleId), event, {
    ...(msgId && { msgId }),
  });
}

async function tellRefund(bus: Bus, { saleId, studentId }: Sale): Promise<void> {
  const data = { saleId, studentId, at: '2026-04-01T00:00:00.000Z' };
  const event = makeEvent('sale.refunded.v1', { source: 'test', subject: studentId, data });
  await bus.publish(subjects.sale('refunded', studentId, saleId), event);
}

/**
 * Of the first four leads two stay with the first manager (told twice, and an older word that comes late), one is handed
 * over to the second, one is nobody's again.
 */
export async function handAround(bus: Bus, leadIds: readonly string[]): Promise<void> {
  const [dana, erlan] = MANAGERS;
  const words: [number, string | null, number][] = [
    [0, dana, 1],
    [0, dana, 1],
    [1, dana, 5],
    [1, erlan, 2],
    [2, dana, 1],
    [2, erlan, 3],
    [3, erlan, 1],
    [3, null, 2],
  ];
  for (const [place, staffId, minute] of words) {
    const leadId = leadIds[place] ?? '';
    const at = new Date(Date.parse('2026-04-01T10:00:00Z') + minute * 60_000).toISOString();
    const id = derivedId('assigned', leadId, String(staffId), at);
    await publishEvent(bus, 'lead.assigned.v1', { leadId, staffId, at }, { id });
  }
}

/** Whether lead-store has written everything. */
export async function isHandled(bus: Bus): Promise<boolean> {
  const manager = await bus.manager();
  const ends = await Promise.all(
    [
      ['LEADS', 'lead-store-leads'],
      ['SALES', 'lead-store-sales'],
      ['DELIVERIES', 'lead-store-crm'],
    ].map(([stream = '', durable = '']) => manager.consumers.info(stream, durable)),
  );
  return ends.every(({ num_pending, num_ack_pending }) => num_pending + num_ack_pending === 0);
}

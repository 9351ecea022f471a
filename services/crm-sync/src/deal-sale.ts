/** A deal that a manager moved to a stage of sales is a sale, told once for each deal. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { leadTakenSchema } from '@leadwire/shared/contract/events';
import { saleOfDeal, type Sale } from '@leadwire/shared/contract/sale-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import type { Deal } from './amocrm-records.ts';

/** What is sold where only a deal says so. */
const PRODUCT = 'amocrm';

export interface SaleStages {
  stages: ReadonlySet<number>;
  /** Tenge, for deals without a price. */
  defaultAmount: number;
}

/** `ids` are the leads and students whose deal it is. @throws TransientError when it was not stored */
export type TellSale = (deal: Deal, ids: readonly string[], at: string) => Promise<void>;

/**
 * Only what people do counts: a form that moves a deal proves nothing. A deal without a lead is that of a student, whose
 * sale the platform tells. Moved back it stays a sale: a refund is told by the platform.
 */
export function createTellSale(
  bus: Pick<Bus, 'name' | 'publish' | 'lastUnder'>,
  { stages, defaultAmount }: SaleStages,
): TellSale {
  return async ({ id: dealId, status_id: stageId, price }, ids, at) => {
    if (!stages.has(stageId)) return;
    const lead = await firstLead(bus, ids);
    if (!lead) return;
    const { email, phone } = lead;
    const amount = price !== undefined && price !== null && price > 0 ? price : defaultAmount;
    if (amount <= 0) return;
    const sale = saleOfDeal(dealId);
    const data: Sale = { ...sale, email, phone, product: PRODUCT, course: null, amount, at };
    await publishEvent(bus, 'sale.recorded.v1', data);
  };
}

async function firstLead(bus: Pick<Bus, 'lastUnder'>, ids: readonly string[]) {
  for (const id of ids) {
    const stored = await bus.lastUnder('LEADS', subjects.anyLead(id));
    const lead = leadTakenSchema.safeParse(stored?.event).data?.data;
    if (lead) return lead;
  }
  return undefined;
}

/** How a lead stands in AmoCRM, from what crm-sync has told: as true as the facts, database or no database. */
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { crmOutcomes, eventSchemas, type CrmRecord } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';

export const dealSchema = z.object({
  status: z.enum(['pending', 'synced', 'failed', 'skipped']),
  dealId: z.number().int().nullable(),
  stageId: z.number().int().nullable(),
  stage: z.string().nullable().meta({ description: 'The stage’s name in AmoCRM.' }),
  deleted: z.boolean().meta({ description: 'Somebody has deleted the deal in AmoCRM.' }),
  error: z.string().nullable().meta({
    description: 'Why there is no deal, or what AmoCRM refused and the deal was made without.',
  }),
});
export type DealStatus = z.infer<typeof dealSchema>;

/** Nothing is told yet. */
export const pendingDeal: DealStatus = {
  status: 'pending',
  dealId: null,
  stageId: null,
  stage: null,
  deleted: false,
  error: null,
};

/** The latest word on each: whether there is a deal, and where it is. @throws TransientError without the broker. */
export async function readDeal(bus: Pick<Bus, 'lastUnder'>, leadId: string): Promise<DealStatus> {
  const found = await Promise.all(
    crmOutcomes.map((outcome) => bus.lastUnder('DELIVERIES', subjects.crm(outcome, leadId))),
  );
  const facts = found.flatMap((fact) => {
    const read = eventSchemas['crm.recorded.v1'].safeParse(fact?.event);
    return read.success ? [read.data.data] : [];
  });
  return dealStatus(facts);
}

/** Facts come repeated and late: of those that speak of the same, the one with the latest time counts. */
export function dealStatus(facts: readonly CrmRecord[]): DealStatus {
  const latest = (...outcomes: CrmRecord['outcome'][]) =>
    facts
      .filter(({ outcome }) => outcomes.includes(outcome))
      .reduce<CrmRecord | undefined>(
        (one, other) => (one && one.at > other.at ? one : other),
        undefined,
      );
  const end = latest('synced', 'failed');
  const place = latest('synced', 'moved', 'deleted');
  const isDeleted = place?.outcome === 'deleted';
  return {
    status: latest('synced') ? 'synced' : end ? 'failed' : 'pending',
    dealId: place?.dealId ?? null,
    stageId: isDeleted ? null : (place?.stageId ?? null),
    stage: isDeleted ? null : (place?.stage ?? null),
    deleted: isDeleted,
    error: end?.error ?? end?.reason ?? null,
  };
}

/**
 * What people do in AmoCRM. Its hooks are hints: unsigned, repeated, out of order, and told of our own
 * changes too. So a hint that says something new has the deal read again, and what is read is told.
 */
import { SnoozeError } from '@leadwire/shared/errors';
import type { CrmRecord, DealChanged } from '@leadwire/shared/contract/events';
import type { Leases } from '@leadwire/shared/coordination/leases';
import type { Deal } from './amocrm-records.ts';
import type { Amocrm } from './amocrm.ts';
import type { DealEntry } from './crm-map.ts';
import { newestOpenDeal } from './find-deal.ts';
import type { Ports } from './handler.ts';
import type { TellSale } from './deal-sale.ts';
import type { Responsible } from './responsible.ts';

export const LOCK_PATIENCE_MS = 4_000;
/** A move takes one request. One that is older was begun by a process that died, and may never be repeated. */
const LONGEST_MOVE_MS = 2 * 60_000;

/** What a hint says of a deal. */
interface Hint {
  data: Pick<DealChanged['data'], 'dealId' | 'change' | 'stageId' | 'responsibleId'>;
}
/** Whoever changes what a hook tells of a deal, or looks at it, holds this. */
export const hookLock = (dealId: number) => `crm.hook.${dealId}`;

export type FollowDeal = (event: Hint) => Promise<void>;

export function createFollowDeal(
  ports: Pick<Ports, 'map' | 'facts' | 'stages' | 'plan'> & {
    amocrm: Pick<Amocrm, 'deal' | 'deals' | 'contact'>;
    leases: Leases;
    tellSale: TellSale;
    responsible: Responsible;
    now?: () => number;
  },
): FollowDeal {
  const { map, facts, stages, amocrm, leases, tellSale, responsible, now = Date.now } = ports;

  const tell = async (known: DealEntry, record: Omit<CrmRecord, 'leadId'>): Promise<void> => {
    for (const leadId of known.ids) await facts.tell({ leadId, ...record });
  };

  const stageName = async (stageId: number) => {
    const stage = (await stages.all()).find(({ id }) => id === stageId)?.name;
    return { stageId, ...(stage !== undefined && { stage }) };
  };

  /** The person's other open deal. */
  const survivorFor = async (contactId: number | undefined): Promise<Deal | undefined> => {
    const contact = contactId === undefined ? undefined : await amocrm.contact(contactId);
    if (!contact || contact.is_deleted === true) return undefined;
    return newestOpenDeal(ports, contact);
  };

  /**
   * A deal that is gone was merged into another one of the person, which AmoCRM does not say, or deleted. Its leads
   * go to the other one if there is one; the rest are told that theirs is deleted.
   */
  const partWith = async (dealId: number, ids: readonly string[]): Promise<void> => {
    const at = new Date(now()).toISOString();
    for (const leadId of ids) {
      const lead = await map.lead(leadId);
      if (lead?.dealId !== undefined && lead.dealId !== dealId) continue;
      const survivor = await survivorFor(lead?.contactId);
      if (!survivor) {
        await facts.tell({ leadId, outcome: 'deleted', at, dealId });
        continue;
      }
      const { id, status_id: stageId } = survivor;
      const made = { dealId: id, contactId: lead?.contactId, stageId, problem: undefined };
      await facts.tell({ leadId, outcome: 'moved', at, dealId: id, ...(await stageName(stageId)) });
      await map.record(leadId, [], made);
      await responsible.join(survivor, leadId, at);
      await map.changeDeal(dealId, (before) => ({
        ...before,
        ids: before.ids.filter((each) => each !== leadId),
      }));
    }
  };

  /** Under the deal's lock: hints about one deal come several at once. */
  const look = async (dealId: number): Promise<void> => {
    const known = await map.deal(dealId);
    if (!known) return;
    // Afterwards the map says where we have moved it.
    if (isMoving(known, now())) throw new SnoozeError('we are moving the deal', 2_000);
    const deal = await amocrm.deal(dealId);
    const at = new Date(now()).toISOString();
    if (!deal || deal.is_deleted === true) {
      if (known.isDeleted) return;
      await partWith(dealId, known.ids);
      return map.changeDeal(dealId, (before) => ({ ...before, isDeleted: true }));
    }
    await responsible.follow(deal);
    if (deal.status_id === known.stageId && !known.isDeleted) return;
    await tell(known, { outcome: 'moved', at, dealId, ...(await stageName(deal.status_id)) });
    await tellSale(deal, known.ids, at);
    await map.changeDeal(dealId, ({ isDeleted: _, ...before }) => ({
      ...before,
      stageId: deal.status_id,
    }));
  };

  return async ({ data: { dealId, change, stageId, responsibleId } }) => {
    const known = await map.deal(dealId);
    // A deal that is none of ours, or the echo of what we did ourselves.
    if (!known || known.ids.length === 0) return;
    const isEcho = change === 'moved' && isKnown(known, stageId, now());
    if (isEcho && !(await responsible.isNews(known, responsibleId))) return;
    const lease = await leases.acquire(hookLock(dealId), LOCK_PATIENCE_MS);
    try {
      await look(dealId);
    } finally {
      await lease.release();
    }
  };
}

function isKnown(known: DealEntry, told: number | undefined, now: number): boolean {
  const { stageId, target, isDeleted } = known;
  if (told === undefined || isDeleted) return false;
  return told === stageId || (isMoving(known, now) && told === target);
}

function isMoving({ target, targetAt = 0 }: DealEntry, now: number): boolean {
  return target !== undefined && now - targetAt < LONGEST_MOVE_MS;
}

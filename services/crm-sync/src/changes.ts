/**
 * What people do in AmoCRM. Its hooks are hints: unsigned, repeated, out of order, and told of our own
 * changes too. So a hint that says something new has the deal read again, and what is read is told.
 */
import { SnoozeError } from '@leadwire/shared/errors';
import type { CrmRecord, DealChanged } from '@leadwire/shared/contract/events';
import type { Leases } from '@leadwire/shared/coordination/leases';
import type { Amocrm } from './amocrm.ts';
import type { DealEntry } from './crm-map.ts';
import type { Ports } from './handler.ts';

const PATIENCE_MS = 4_000;
/** A move takes one request. One that is older was begun by a process that died, and may never be repeated. */
const LONGEST_MOVE_MS = 2 * 60_000;

export type FollowDeal = (event: DealChanged) => Promise<void>;

export function createFollowDeal(
  ports: Pick<Ports, 'map' | 'facts' | 'stages'> & {
    amocrm: Pick<Amocrm, 'deal'>;
    leases: Leases;
    now?: () => number;
  },
): FollowDeal {
  const { map, facts, stages, amocrm, leases, now = Date.now } = ports;

  const tell = async (known: DealEntry, record: Omit<CrmRecord, 'leadId'>): Promise<void> => {
    for (const leadId of known.ids) await facts.tell({ leadId, ...record });
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
      await tell(known, { outcome: 'deleted', at, dealId });
      return map.changeDeal(dealId, (before) => ({ ...before, isDeleted: true }));
    }
    if (deal.status_id === known.stageId && !known.isDeleted) return;
    const stage = (await stages.all()).find(({ id }) => id === deal.status_id)?.name;
    const seen = { stageId: deal.status_id, ...(stage !== undefined && { stage }) };
    await tell(known, { outcome: 'moved', at, dealId, ...seen });
    await map.changeDeal(dealId, ({ isDeleted: _, ...before }) => ({
      ...before,
      stageId: deal.status_id,
    }));
  };

  return async ({ data: { dealId, change, stageId } }) => {
    const known = await map.deal(dealId);
    // A deal that is none of ours, or the echo of what we did ourselves.
    if (!known || known.ids.length === 0) return;
    if (change === 'moved' && isKnown(known, stageId, now())) return;
    const lease = await leases.acquire(`crm.hook.${dealId}`, PATIENCE_MS);
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

/**
 * Hooks get lost: AmoCRM gives one up after a few tries, switches it off after too many, or was never told to send it. So
 * once in a while the deals that have changed are listed, and those that are not as we know them are looked at as if a
 * hook had told of them. Deleted deals are in no list; they are noticed when their person comes again.
 */
import { SnoozeError } from '@leadwire/shared/errors';
import type { Leases } from '@leadwire/shared/coordination/leases';
import type { Deal } from './amocrm-records.ts';
import type { Amocrm } from './amocrm.ts';
import type { FollowDeal } from './changes.ts';
import type { CrmMap } from './crm-map.ts';
import type { Responsible } from './responsible.ts';

/** Their clock is not ours, and a change may be listed late. */
const OVERLAP_MS = 10 * 60_000;
/** How far back the first look goes. */
const FIRST_LOOK_MS = 24 * 60 * 60_000;

export interface LookPorts {
  amocrm: Pick<Amocrm, 'changedDeals'>;
  map: Pick<CrmMap, 'deal' | 'lookedUntil' | 'looked'>;
  leases: Leases;
  followDeal: FollowDeal;
  responsible: Pick<Responsible, 'isNews'>;
  /** Milliseconds between two looks of all processes together. */
  everyMs: number;
  now?: () => number;
}

/** One look, unless another process has just had one. Errors are those of the ports: then it is had again whole. */
export function createLook(ports: LookPorts): () => Promise<void> {
  const { amocrm, map, leases, followDeal, responsible, everyMs, now = Date.now } = ports;

  const isNews = async ({ id, status_id, responsible_user_id: userId }: Deal): Promise<boolean> => {
    const known = await map.deal(id);
    if (!known || known.ids.length === 0) return false;
    if (known.stageId !== status_id || known.isDeleted === true) return true;
    return responsible.isNews(known, userId);
  };

  const asHint = ({ id, status_id, responsible_user_id: userId }: Deal) => ({
    data: {
      dealId: id,
      change: 'moved' as const,
      stageId: status_id,
      responsibleId: userId ?? undefined,
    },
  });

  const lookSince = async (since: number): Promise<void> => {
    let from = Math.floor(since / 1_000);
    for (;;) {
      const deals = await amocrm.changedDeals(from);
      for (const deal of deals) if (await isNews(deal)) await followDeal(asHint(deal));
      const last = deals.at(-1)?.updated_at ?? 0;
      // The last ones are listed again, because others may have changed in the same second.
      if (last <= from) return;
      from = last;
    }
  };

  return async () => {
    const lease = await leases.acquire('crm.look', 0).catch((thrown: unknown) => {
      if (thrown instanceof SnoozeError) return undefined;
      throw thrown;
    });
    if (!lease) return;
    try {
      const startedAt = now();
      const until = await map.lookedUntil();
      if (until !== undefined && startedAt - until < everyMs / 2) return;
      await lookSince((until ?? startedAt - FIRST_LOOK_MS) - OVERLAP_MS);
      await map.looked(startedAt);
    } finally {
      await lease.release();
    }
  };
}

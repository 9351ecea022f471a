/**
 * Whose a deal is in AmoCRM, told of its leads. One that we make is of the integration's own user, which says nothing of
 * who works on it; whoever it is given to after that, by a person or by AmoCRM's own rules, has its leads.
 */
import type { PublishPorts } from '@leadwire/shared/broker/publish-event';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { derivedId } from '@leadwire/shared/contract/ids';
import type { Deal } from './amocrm-records.ts';
import type { Amocrm } from './amocrm.ts';
import { createCached } from './cached.ts';
import type { CrmMap, DealEntry } from './crm-map.ts';
import type { StaffUsers } from './staff-users.ts';

/** An integration keeps its user for as long as it is connected. */
const FRESH_MS = 60 * 60_000;

type OwnedDeal = Pick<Deal, 'id' | 'responsible_user_id' | 'updated_at'>;

/** Errors are those of the ports. Each may be repeated at any point. */
export interface Responsible {
  /** Whether this is somebody else than the deal is known to be of. */
  isNews(known: DealEntry, userId: number | null | undefined): Promise<boolean>;
  /** Tells the leads of a deal that has come to somebody else; `except` is the one that was told by who gave it. */
  follow(deal: OwnedDeal, except?: string): Promise<void>;
  /** A lead came to a deal that somebody has: it is theirs from its receipt on (`at`), so that whoever takes it later has it. */
  join(deal: OwnedDeal, leadId: string, at: string): Promise<void>;
}

export interface ResponsiblePorts {
  bus: PublishPorts;
  amocrm: Pick<Amocrm, 'ownUserId'>;
  map: Pick<CrmMap, 'deal' | 'changeDeal'>;
  staffUsers: Pick<StaffUsers, 'staffIdOf'>;
  now?: () => number;
}

export function createResponsible(ports: ResponsiblePorts): Responsible {
  const { bus, amocrm, map, staffUsers, now = Date.now } = ports;
  const ownUser = createCached(() => amocrm.ownUserId(), FRESH_MS, now);

  const isNews = async ({ responsibleId }: DealEntry, userId: number | null | undefined) => {
    if (userId === null || userId === undefined || userId === responsibleId) return false;
    return responsibleId !== undefined || userId !== (await ownUser.get());
  };

  const tell = async (leadIds: readonly string[], userId: number, at: string, time: string) => {
    const staffId = (await staffUsers.staffIdOf(userId)) ?? null;
    for (const leadId of leadIds) {
      const id = derivedId('assigned', leadId, String(userId), time);
      await publishEvent(bus, 'lead.assigned.v1', { leadId, staffId, at }, { id });
    }
  };

  const follow: Responsible['follow'] = async (deal, except) => {
    const { id: dealId, responsible_user_id: userId, updated_at: changedAt } = deal;
    const known = await map.deal(dealId);
    if (!known || typeof userId !== 'number' || !(await isNews(known, userId))) return;
    const others = known.ids.filter((id) => id !== except);
    // AmoCRM does not say since when: since it was seen. By the deal's own time, whole seconds, a repeat is the same fact.
    const change = `${dealId}.${known.responsibleId}.${changedAt}`;
    await tell(others, userId, new Date(now()).toISOString(), change);
    await map.changeDeal(dealId, (before) => ({ ...before, responsibleId: userId }));
  };

  return {
    isNews,
    follow,
    async join(deal, leadId, at) {
      const { id: dealId, responsible_user_id: userId } = deal;
      if (typeof userId !== 'number') return;
      await follow(deal, leadId);
      if ((await map.deal(dealId))?.responsibleId !== userId) return;
      await tell([leadId], userId, at, `${dealId}`);
    },
  };
}

/**
 * A manager took a lead by the button in Telegram: its deal becomes theirs, and where it is wanted they get a task to
 * call. Each step looks first, so that a repeat changes nothing.
 */
import { SnoozeError } from '@leadwire/shared/errors';
import type { EventOf } from '@leadwire/shared/contract/events';
import type { Leases } from '@leadwire/shared/coordination/leases';
import type { Log } from '@leadwire/shared/runtime/log';
import type { Amocrm } from './amocrm.ts';
import { hookLock, LOCK_PATIENCE_MS } from './changes.ts';
import type { CrmMap } from './crm-map.ts';
import type { Responsible } from './responsible.ts';
import type { StaffUsers } from './staff-users.ts';

/** What becomes of the deal of a lead that somebody took. */
export const takenEffects = ['off', 'responsible', 'task'] as const;
export type TakenEffect = (typeof takenEffects)[number];

const TASK_TEXT = 'Связаться: заявка взята в работу в Telegram';
/** A call within the hour is what the button promises. */
const TASK_SECONDS = 60 * 60;
/** The deal is made in seconds; one that could not be made in this time has an alert of its own. */
const PATIENCE_MS = 60 * 60_000;
const LOOK_AGAIN_MS = 5_000;

export interface TakenPorts {
  amocrm: Pick<Amocrm, 'deal' | 'updateDeal' | 'openTasks' | 'addTask'>;
  map: Pick<CrmMap, 'lead'>;
  leases: Leases;
  staffUsers: Pick<StaffUsers, 'userIdOf'>;
  responsible: Pick<Responsible, 'follow'>;
  effect: TakenEffect;
  log: Log;
  now?: () => number;
}

export type GiveDeal = (event: EventOf<'crm.lead_taken.v1'>) => Promise<void>;

/** @throws as `Amocrm`; SnoozeError while there is no deal yet */
export function createGiveDeal(ports: TakenPorts): GiveDeal {
  const { amocrm, map, leases, staffUsers, responsible, effect, log, now = Date.now } = ports;

  const stay = () => Promise.resolve();

  /** Under the deal's lock, so that the hook about it finds that it was told. Undefined: there is no deal any more. */
  const give = async (
    dealId: number,
    userId: number,
    leadId: string,
  ): Promise<true | undefined> => {
    const lease = await leases.acquire(hookLock(dealId), LOCK_PATIENCE_MS);
    try {
      const deal = await amocrm.deal(dealId);
      if (!deal || deal.is_deleted === true) return undefined;
      if (deal.responsible_user_id !== userId) {
        await amocrm.updateDeal(dealId, { responsible_user_id: userId }, stay);
      }
      // The lead itself was told by who took it; others of the deal go with it.
      await responsible.follow({ ...deal, responsible_user_id: userId }, leadId);
      return true;
    } finally {
      await lease.release();
    }
  };

  return async ({ data: { leadId, staffId, at } }) => {
    if (effect === 'off') return;
    const dealId = (await map.lead(leadId))?.dealId;
    if (dealId === undefined) {
      if (now() - Date.parse(at) < PATIENCE_MS)
        throw new SnoozeError('there is no deal yet', LOOK_AGAIN_MS);
      return log.warn({ leadId }, 'a lead was taken that has no deal');
    }
    const userId = await staffUsers.userIdOf(staffId);
    if (userId === undefined) {
      return log.warn(
        { leadId, staffId },
        'AmoCRM has no user with the address of who took the lead',
      );
    }
    if (!(await give(dealId, userId, leadId)) || effect !== 'task') return;
    const tasks = await amocrm.openTasks(dealId);
    if (tasks.some(({ text }) => text === TASK_TEXT)) return;
    const until = Math.floor(now() / 1_000) + TASK_SECONDS;
    await amocrm.addTask({ dealId, userId, text: TASK_TEXT, until });
  };
}

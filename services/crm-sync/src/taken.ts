/**
 * A manager took a lead by the button in Telegram: its deal becomes theirs, and where it is wanted they get a task to
 * call. Each step looks first, so that a repeat changes nothing.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { SnoozeError } from '@leadwire/shared/errors';
import { eventSchemas, type EventOf } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import type { Log } from '@leadwire/shared/runtime/log';
import type { Amocrm } from './amocrm.ts';
import { createCached } from './cached.ts';
import type { CrmMap } from './crm-map.ts';

/** What becomes of the deal of a lead that somebody took. */
export const takenEffects = ['off', 'responsible', 'task'] as const;
export type TakenEffect = (typeof takenEffects)[number];

const TASK_TEXT = 'Связаться: заявка взята в работу в Telegram';
/** A call within the hour is what the button promises. */
const TASK_SECONDS = 60 * 60;
/** The deal is made in seconds; one that could not be made in this time has an alert of its own. */
const PATIENCE_MS = 60 * 60_000;
const LOOK_AGAIN_MS = 5_000;
/** People come and go about once a month. */
const FRESH_MS = 10 * 60_000;

export interface TakenPorts {
  bus: Pick<Bus, 'lastUnder'>;
  amocrm: Pick<Amocrm, 'users' | 'deal' | 'updateDeal' | 'openTasks' | 'addTask'>;
  map: Pick<CrmMap, 'lead'>;
  effect: TakenEffect;
  log: Log;
  now?: () => number;
}

export type GiveDeal = (event: EventOf<'crm.lead_taken.v1'>) => Promise<void>;

/** @throws as `Amocrm`; SnoozeError while there is no deal yet */
export function createGiveDeal(ports: TakenPorts): GiveDeal {
  const { bus, amocrm, map, effect, log, now = Date.now } = ports;
  const users = createCached(() => amocrm.users(), FRESH_MS, now);

  /** AmoCRM's number of them, by their address. */
  const userIdOf = async (staffId: string): Promise<number | undefined> => {
    const stored = await bus.lastUnder('STAFF', subjects.staffChanged(staffId));
    const staff = eventSchemas['staff.changed.v1'].safeParse(stored?.event).data?.data;
    if (!staff?.active) return undefined;
    const isThey = ({ email }: { email: string }) => email.toLowerCase() === staff.email.toLowerCase(); // prettier-ignore
    const known = (await users.get()).find(isThey);
    if (known) return known.id;
    users.forget();
    return (await users.get()).find(isThey)?.id;
  };

  const stay = () => Promise.resolve();

  return async ({ data: { leadId, staffId, at } }) => {
    if (effect === 'off') return;
    const dealId = (await map.lead(leadId))?.dealId;
    if (dealId === undefined) {
      if (now() - Date.parse(at) < PATIENCE_MS) throw new SnoozeError('there is no deal yet', LOOK_AGAIN_MS); // prettier-ignore
      return log.warn({ leadId }, 'a lead was taken that has no deal');
    }
    const userId = await userIdOf(staffId);
    if (userId === undefined) {
      return log.warn({ leadId, staffId }, 'AmoCRM has no user with the address of who took the lead'); // prettier-ignore
    }
    const deal = await amocrm.deal(dealId);
    if (!deal || deal.is_deleted === true) return;
    if (deal.responsible_user_id !== userId) {
      await amocrm.updateDeal(dealId, { responsible_user_id: userId }, stay);
    }
    if (effect !== 'task') return;
    const tasks = await amocrm.openTasks(dealId);
    if (tasks.some(({ text }) => text === TASK_TEXT)) return;
    const until = Math.floor(now() / 1_000) + TASK_SECONDS;
    await amocrm.addTask({ dealId, userId, text: TASK_TEXT, until });
  };
}

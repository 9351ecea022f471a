/** Who of those who work here is who in AmoCRM: the same address is the same person. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { eventSchemas } from '@leadwire/shared/contract/events';
import type { StaffState } from '@leadwire/shared/contract/staff-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import type { User } from './amocrm-records.ts';
import type { Amocrm } from './amocrm.ts';
import { createCached } from './cached.ts';

/** People come and go about once a month. */
const FRESH_MS = 10 * 60_000;

/** Errors are those of `Amocrm`; TransientError when the broker does not answer. */
export interface StaffUsers {
  /** AmoCRM's number of somebody who works here; undefined when it has nobody with their address, or they have left. */
  userIdOf(staffId: string): Promise<number | undefined>;
  /** Who works here, or did, under the address of AmoCRM's user. */
  staffIdOf(userId: number): Promise<string | undefined>;
}

export interface StaffUsersPorts {
  bus: Pick<Bus, 'lastUnder'>;
  amocrm: Pick<Amocrm, 'users'>;
  /** Everybody who has ever worked here, as they are now. */
  everybody: () => Promise<Pick<StaffState, 'staffId' | 'email' | 'active'>[]>;
  now?: () => number;
}

export function createStaffUsers({ bus, amocrm, everybody, now }: StaffUsersPorts): StaffUsers {
  const users = createCached(() => amocrm.users(), FRESH_MS, now);
  const find = async (isMeant: (user: User) => boolean): Promise<User | undefined> => {
    const known = (await users.get()).find(isMeant);
    if (known) return known;
    users.forget();
    return (await users.get()).find(isMeant);
  };
  const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

  return {
    async userIdOf(staffId) {
      const stored = await bus.lastUnder('STAFF', subjects.staffChanged(staffId));
      const staff = eventSchemas['staff.changed.v1'].safeParse(stored?.event).data?.data;
      if (!staff?.active) return undefined;
      return (await find(({ email }) => isSame(email, staff.email)))?.id;
    },
    async staffIdOf(userId) {
      const email = (await find(({ id }) => id === userId))?.email;
      if (!email) return undefined;
      const same = (await everybody()).filter((staff) => isSame(staff.email, email));
      return (same.find(({ active }) => active) ?? same[0])?.staffId;
    },
  };
}

/** As the stream tells it. @throws TransientError when the broker does not answer */
export async function readEverybody(bus: Bus): Promise<StaffState[]> {
  const people = new Map<string, StaffState>();
  for await (const { json } of readStream(bus, 'STAFF', { subject: subjects.staffChanged('*') })) {
    const staff = eventSchemas['staff.changed.v1'].safeParse(json).data?.data;
    if (staff) people.set(staff.staffId, staff);
  }
  return [...people.values()];
}

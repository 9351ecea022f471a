/** Who here somebody in Telegram is: tied by a one-time link that opens the leads bot, kept at the broker. */
import { z } from 'zod';
import type { Bus } from '../broker/bus.ts';
import { readKey } from '../coordination/kv.ts';
import { orOutage } from '../errors.ts';

const UNREADABLE = 'it cannot be read who is who in Telegram';

const tieSchema = z.object({ staffId: z.uuid(), userId: z.string(), at: z.iso.datetime() });
export type StaffTie = z.infer<typeof tieSchema>;
const botSchema = z.object({ username: z.string() });

/** All throw TransientError when the broker does not answer. */
export interface StaffTelegram {
  /** From now on this Telegram account is that person. What either was tied to before is not any more. */
  tie(tie: StaffTie): Promise<void>;
  /** `userId` is Telegram's number of the account. */
  byUser(userId: string): Promise<StaffTie | undefined>;
  byStaff(staffId: string): Promise<StaffTie | undefined>;
  /** The leads bot says what it is called, so that links can lead to it. */
  nameBot(username: string): Promise<void>;
  bot(): Promise<string | undefined>;
}

export function createStaffTelegram(bus: Pick<Bus, 'bucket'>): StaffTelegram {
  const read = <Value>(key: string, schema: z.ZodType<Value>) =>
    orOutage(UNREADABLE, () => readKey(bus, { bucket: 'staff_telegram', key, schema }));
  const write = (key: string, value: unknown) =>
    orOutage(UNREADABLE, async () => {
      await (await bus.bucket('staff_telegram')).put(key, JSON.stringify(value));
    });
  const byStaff = (staffId: string) => read(`staff.${staffId}`, tieSchema);
  /** Both keys have to say so: a tie that was given to somebody else is none. */
  const whole = async (tie: StaffTie | undefined): Promise<StaffTie | undefined> => {
    if (!tie) return undefined;
    const [ofUser, ofStaff] = [
      await read(`user.${tie.userId}`, tieSchema),
      await byStaff(tie.staffId),
    ];
    return ofUser?.staffId === tie.staffId && ofStaff?.userId === tie.userId ? tie : undefined;
  };

  return {
    async tie(tie) {
      await write(`staff.${tie.staffId}`, tie);
      await write(`user.${tie.userId}`, tie);
    },
    byUser: async (userId) => whole(await read(`user.${userId}`, tieSchema)),
    byStaff: async (staffId) => whole(await byStaff(staffId)),
    nameBot: (username) => write('bot', { username }),
    bot: async () => (await read('bot', botSchema))?.username,
  };
}

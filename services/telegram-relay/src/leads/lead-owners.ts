/** Who has taken a lead. Kept at the broker: the first one wins, whatever is restarted meanwhile. */
import { isConflict, type Bus } from '@leadwire/shared/broker/bus';
import { TransientError, orOutage } from '@leadwire/shared/errors';
import { z } from 'zod';

export const leadOwnerSchema = z.object({
  leadId: z.uuid(),
  /** Telegram's number of the person. */
  userId: z.string(),
  /** As Telegram shows it. */
  name: z.string(),
  /** Where the button was pressed. */
  groupId: z.uuid(),
  /** When the lead came, and when it was taken. */
  receivedAt: z.iso.datetime(),
  at: z.iso.datetime(),
});
export type LeadOwner = z.infer<typeof leadOwnerSchema>;

/** All methods throw TransientError when the broker does not answer. */
export interface LeadOwners {
  /** Whose it is from now on: this one, unless somebody was faster. */
  take(owner: LeadOwner): Promise<{ owner: LeadOwner; isNew: boolean }>;
  find(leadId: string): Promise<LeadOwner | undefined>;
}

const UNREADABLE = 'it cannot be read who has taken a lead';

export function createLeadOwners(bus: Pick<Bus, 'bucket'>): LeadOwners {
  const find = (leadId: string) =>
    orOutage(UNREADABLE, async () => {
      const found = await (await bus.bucket('lead_owners')).get(leadId);
      return found?.operation === 'PUT' ? leadOwnerSchema.parse(found.json()) : undefined;
    });

  return {
    find,
    take: (owner) =>
      orOutage(UNREADABLE, async () => {
        const bucket = await bus.bucket('lead_owners');
        try {
          await bucket.create(owner.leadId, JSON.stringify(owner));
          return { owner, isNew: true };
        } catch (thrown) {
          if (!isConflict(thrown)) throw thrown;
        }
        const other = await find(owner.leadId);
        if (!other) throw new TransientError('a lead was let go this moment');
        return { owner: other, isNew: false };
      }),
  };
}

/** Who has taken a lead. Kept at the broker: the first one wins, whatever is restarted meanwhile. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { keepFirst, readKey } from '@leadwire/shared/coordination/kv';
import { orOutage } from '@leadwire/shared/errors';
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
  const at = (leadId: string) => ({ bucket: 'lead_owners', key: leadId }) as const;
  return {
    find: (leadId) =>
      orOutage(UNREADABLE, () => readKey(bus, { ...at(leadId), schema: leadOwnerSchema })),
    take: (owner) =>
      orOutage(UNREADABLE, async () => {
        const { first, isOurs } = await keepFirst(bus, at(owner.leadId), JSON.stringify(owner));
        return { owner: leadOwnerSchema.parse(JSON.parse(first)), isNew: isOurs };
      }),
  };
}

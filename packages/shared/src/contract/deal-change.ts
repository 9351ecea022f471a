/** What AmoCRM tells of a deal by a hook: a hint, to have the deal looked at. */
import { z } from 'zod';

export const dealChangeSchema = z.object({
  dealId: z.number().int(),
  change: z.enum(['moved', 'deleted', 'restored']),
  /** Where the CRM says it is now; it may have moved on since. */
  stageId: z.number().int().optional(),
  /** Whose the CRM says it is now: its number of them. */
  responsibleId: z.number().int().optional(),
  at: z.iso.datetime(),
});

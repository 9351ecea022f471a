/** What a person should look at, and why leads are held: the button under an alert lets them out. */
import { z } from 'zod';

/**
 * Why a lead is held: more came than can be real, a challenge failed, a field was filled in that people do not see.
 * Nobody is contacted and nothing is moved until a person lets it out.
 */
export const quarantineReasons = ['flood', 'challenge', 'honeypot'] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

export const alertSchema = z.object({
  severity: z.enum(['info', 'warning', 'critical']),
  /** What it is about, one token: `notifier-sms_stopped`. Alerts about the same thing share it. */
  what: z.string(),
  message: z.string(),
  at: z.iso.datetime(),
  /** `resolved` says that it is over; `raised` when it is left out. */
  state: z.enum(['raised', 'resolved']).optional(),
  /** What a button under it lets out: the leads held since then, for this reason if there is one. */
  release: z
    .object({ reason: z.enum(quarantineReasons).optional(), since: z.iso.datetime() })
    .optional(),
});
export type Alert = z.infer<typeof alertSchema>;

/** What the learning platform wants people to be told (docs/PLATFORM.md is the contract for those who build it). */
import { z } from 'zod';

export const messageTypes = [
  'welcome',
  'email_changed',
  'password_changed',
  'certificate_issued',
  // Asked for by the service referrals, not by the platform.
  'referral_commission',
] as const;
export type MessageType = (typeof messageTypes)[number];

/**
 * A message as the stream keeps it. The link of its mail is never in here: a one-time link is worth as much as a
 * password, so it waits in a bucket of its own (delivery/secret-links.ts) and is removed when the mail has ended.
 */
export const messageSchema = z.object({
  messageId: z.uuid(),
  type: z.enum(messageTypes),
  to: z.object({
    name: z.string(),
    email: z.string().nullable(),
    /** E.164, or as given when `contactIssues` says `phone_invalid`. */
    phone: z.string().nullable(),
  }),
  contactIssues: z.array(z.enum(['phone_invalid'])),
  /** What the texts of this type speak of. */
  data: z.record(z.string(), z.string()),
  /** Where the link of the mail comes from: the platform gave it, or Supabase Auth makes it at sending. */
  link: z.enum(['given', 'supabase']).optional(),
  /** When it is due. */
  sendAt: z.iso.datetime(),
  receivedAt: z.iso.datetime(),
  /** SHA-256 of what was asked for, without the link: what tells a repeat from another message under the same key. */
  contentHash: z.string(),
});
export type PlatformMessage = z.infer<typeof messageSchema>;

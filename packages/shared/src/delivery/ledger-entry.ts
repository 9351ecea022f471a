/** An entry of the delivery ledger (ledger.ts): what stands in it, what it is called, what it is about. */
import { z } from 'zod';
import { deliverySchema, type Delivery } from '../contract/events.ts';
import { derivedId } from '../contract/ids.ts';

export const settledStates = ['sent', 'failed', 'skipped', 'unknown'] as const;
export type SettledState = (typeof settledStates)[number];

export const entrySchema = deliverySchema.extend({
  state: z.enum(['planned', 'sending', ...settledStates]),
  dueAt: z.iso.datetime(),
  /** Claims so far. */
  attempts: z.number().int(),
  shortLink: z.object({ code: z.string(), url: z.string() }).optional(),
  owner: z.string().optional(),
  leaseUntil: z.iso.datetime().optional(),
  /** When the first claim was made: providers remember a request for a limited time. */
  firstClaimAt: z.iso.datetime().optional(),
  /** When a claim was last made after which something may have been sent. */
  lastClaimAt: z.iso.datetime().optional(),
  /** What goes to the provider, frozen at the first claim: a repeat must be the same to the byte. */
  request: z.unknown().optional(),
  /** Who the last claim was made for, where there are several: an attempt that may have arrived is theirs alone. */
  provider: z.string().optional(),
  providerId: z.string().optional(),
  reason: z.string().optional(),
  error: z.string().optional(),
  settledAt: z.iso.datetime().optional(),
  /** Copies that a person has asked for beyond the first; absent when none. */
  copies: z.number().int().optional(),
  /** The cause that reopened it last, by when the broker stored it; see `reopen`. */
  reopenedFor: z.iso.datetime().optional(),
  /** When the first claim of all was made, of those before it was reopened too: from then on a provider was asked. */
  askedSince: z.iso.datetime().optional(),
});
export type LedgerEntry = z.infer<typeof entrySchema>;

/** An entry as the bucket holds it, or undefined when it is none of this version's. */
export function parseEntry(json: unknown): LedgerEntry | undefined {
  return entrySchema.safeParse(json).data;
}

/** The delivery of these three: its id follows from what it is, so that planning it again finds it. */
export function deliveryOf<
  Wanted extends Pick<Delivery, 'leadId' | 'about' | 'channel' | 'template'>,
>({ leadId, about, channel, template }: Wanted): Wanted & { deliveryId: string } {
  const deliveryId = derivedId('delivery', leadId, channel, template);
  const delivery = { deliveryId, leadId, channel, template, ...(about && { about }) };
  return delivery as Wanted & { deliveryId: string };
}

/** The key of a delivery in the ledger; ids and template names only. */
export function ledgerKey({ leadId, channel, template }: Delivery): string {
  return `${leadId}.${channel}.${template}`;
}

export function isSettled(entry: LedgerEntry): entry is LedgerEntry & { state: SettledState } {
  return (settledStates as readonly string[]).includes(entry.state);
}

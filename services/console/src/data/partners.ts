/** Partners and their commissions as the database answers them to whoever looks. */
import {
  commissionSchema,
  movedSchema,
  type ReferralWriter,
} from '@leadwire/operations/referrals/referrals';
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { readAnswer } from './answers.ts';

const partnerSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  code: z.string(),
  isActive: z.boolean(),
  clicks: z.number(),
  createdAt: z.string(),
  leads: z.number(),
  /** Without those that were taken back. */
  sales: z.number(),
  /** Tenge, like all sums here. */
  held: z.number(),
  heldCount: z.number(),
  pending: z.number(),
  pendingCount: z.number(),
  approved: z.number(),
  approvedCount: z.number(),
  paid: z.number(),
  remarks: z.number(),
});
export type Partner = z.infer<typeof partnerSchema>;

const tierSchema = z.object({
  fromSales: z.number(),
  percent: z.number().nullable(),
  amount: z.number().nullable(),
});
const partnersSchema = z.object({ partners: z.array(partnerSchema), tiers: z.array(tierSchema) });
export type Partners = z.infer<typeof partnersSchema>;

/** All, the newest first, or the one with this id. @throws TransientError when the database is away; ForbiddenError */
export async function readPartners(client: SupabaseClient, id: string | null): Promise<Partners> {
  return readAnswer(partnersSchema, await client.rpc('console_partners', { partner: id }));
}

const remarkSchema = z.object({ kind: z.string(), about: z.string(), createdAt: z.string() });
export type PartnerRemark = z.infer<typeof remarkSchema>;
const casesSchema = z.object({
  commissions: z.array(commissionSchema),
  remarks: z.array(remarkSchema),
});

/** Of one partner, or of all: commissions, the newest first, and what a person should know. @throws as `readPartners` */
export async function readCommissions(client: SupabaseClient, id: string | null) {
  const answer = await client.rpc('console_partner_commissions', { partner: id });
  return readAnswer(casesSchema, answer);
}

/** With the rights of whoever acts. Its methods throw as `readPartners`; ForbiddenError for all but owners. */
export const partnerWriter = (client: SupabaseClient): ReferralWriter => ({
  move: async (ids, wanted) =>
    readAnswer(movedSchema, await client.rpc('console_move_referrals', { ids, wanted })),
  async putTier({ fromSales: from_sales, percent, amount }) {
    const tier = { from_sales, percent, amount };
    readAnswer(z.unknown(), await client.rpc('console_put_referral_tier', tier));
  },
});

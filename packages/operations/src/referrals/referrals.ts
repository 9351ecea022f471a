/**
 * People who bring others and their commissions, as the CLI and the console see and change them. The rules are those of
 * services/referrals, which notices within seconds what is changed here.
 */
import { z } from 'zod';
import { registerReferrer, type NewReferrer } from '@leadwire/shared/delivery/referral-codes';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { ActingParts } from '../acting.ts';
import { MANY, audited } from '../audit/audited.ts';
import { RefusedError } from '../refused-error.ts';

const PAGE = 500;

/** `unknown`: there is no such referrer or commission; `code_taken`: somebody else has the code. */
export class ReferralError extends RefusedError<'unknown' | 'code_taken'> {
  override readonly name = 'ReferralError';
}

const referrerSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  code: z.string(),
  is_active: z.boolean(),
  clicks: z.number(),
  created_at: z.string(),
});
export type ReferrerRow = z.infer<typeof referrerSchema>;

export const commissionStates = ['held', 'pending', 'approved', 'paid', 'reversed'] as const;
/** A row of `referral_conversions`. */
export const commissionSchema = z.object({
  id: z.uuid(),
  referrer_id: z.uuid(),
  student_id: z.string(),
  lead_id: z.uuid().nullable(),
  product: z.string().nullable(),
  amount: z.number(),
  commission: z.number(),
  tier: z.number(),
  status: z.enum(commissionStates),
  reason: z.string().nullable(),
  created_at: z.string(),
});
export type CommissionRow = z.infer<typeof commissionSchema>;

const remarkSchema = z.object({
  kind: z.string(),
  about: z.string(),
  referrer_id: z.uuid().nullable(),
  created_at: z.string(),
});
export type RemarkRow = z.infer<typeof remarkSchema>;

/** Every row of a table, by a unique column. */
async function allRows<Schema extends z.ZodObject>(
  database: Pick<Database, 'rowsAfter'>,
  table: string,
  schema: Schema,
  key: string,
): Promise<z.output<Schema>[]> {
  const rows: z.output<Schema>[] = [];
  let after: string | undefined;
  for (;;) {
    const columns = Object.keys(schema.shape);
    const page = await database.rowsAfter(table, { columns, filters: [], key, after, limit: PAGE });
    if (page.length === 0) return rows;
    rows.push(...page.map((row) => schema.parse(row)));
    after = String(page.at(-1)?.[key]);
  }
}

/** @throws as `Database` */
export const listReferrers = (database: Database) =>
  allRows(database, 'referral_referrers', referrerSchema, 'id');

/** All of them, the oldest first. @throws as `Database` */
export async function listCommissions(database: Database): Promise<CommissionRow[]> {
  const rows = await allRows(database, 'referral_conversions', commissionSchema, 'id');
  return rows.sort((a, b) => a.created_at.localeCompare(b.created_at));
}

/** What a person should know of one referrer's cases. @throws as `Database` */
export async function remarksOf(database: Database, referrerId: string): Promise<RemarkRow[]> {
  const order = { column: 'referrer_id', value: referrerId, order: 'created_at' };
  return z.array(remarkSchema).parse(await database.rowsWith('referral_remarks', order));
}

/** By code or id. @throws ReferralError `unknown`; as `Database` */
export async function findReferrer(database: Database, wanted: string): Promise<ReferrerRow> {
  const text = wanted.trim().toLowerCase();
  const rows = await listReferrers(database);
  const found = rows.find(({ id, code }) => id === text || code.toLowerCase() === text);
  if (found) return found;
  throw new ReferralError('unknown', `There is no referrer with the code or id "${wanted}".`);
}

/** Registered, or known before with the code that they have. @throws ReferralError `code_taken`; TransientError */
export function addReferrer(
  { bus, actor }: ActingParts,
  person: NewReferrer,
): Promise<{ referrerId: string; code: string; isNew: boolean }> {
  const what = { actor, action: 'referrer.added', subject: 'referrer' };
  return audited(
    bus,
    what,
    async () => {
      const outcome = await registerReferrer(bus, person, new Date());
      if (outcome.kind === 'taken') {
        throw new ReferralError('code_taken', `Somebody else has the code "${person.code}".`);
      }
      const { referrerId, code } = outcome;
      return { referrerId, code, isNew: outcome.kind === 'registered' };
    },
    ({ referrerId, isNew }) => ({ referrerId, isNew }),
  );
}

export type Move = 'approved' | 'paid';
/** What may become so: a held one is approved by its own id only, never with all of a referrer. */
const BEFORE: Record<Move, readonly string[]> = {
  approved: ['held', 'pending'],
  paid: ['approved'],
};

/**
 * The commissions that these name and that may become `to`: ids, or codes for all of a referrer.
 * @throws ReferralError `unknown` for what names nothing; as `Database`
 */
export async function commissionsMeant(
  database: Database,
  named: readonly string[],
  to: Move,
): Promise<CommissionRow[]> {
  const [referrers, commissions] = await Promise.all([
    listReferrers(database),
    listCommissions(database),
  ]);
  const meant = new Map<string, CommissionRow>();
  for (const name of named) {
    const one = commissions.find(({ id }) => id === name);
    const owner = referrers.find(({ code }) => code.toLowerCase() === name.toLowerCase());
    if (!one && !owner) {
      throw new ReferralError('unknown', `"${name}" is neither a commission nor a code.`);
    }
    const theirs = commissions.filter(
      ({ referrer_id, status }) => referrer_id === owner?.id && status !== 'held',
    );
    for (const each of one ? [one] : theirs) {
      if (BEFORE[to].includes(each.status)) meant.set(each.id, each);
    }
  }
  return [...meant.values()];
}

export interface Tier {
  /** 1 or more. */
  fromSales: number;
  /** Of the sale. */
  percent: number | null;
  /** Tenge; added where both are given. */
  amount: number | null;
}

/** Who writes: the service key, or somebody with rights of their own. */
export interface ReferralWriter {
  /** Answers the ids that changed. */
  move(ids: readonly string[], to: Move): Promise<string[]>;
  putTier(tier: Tier): Promise<void>;
}
/** What a move answers. */
export const movedSchema = z.array(z.uuid());

/** With the service key. Its methods throw as `Database` does. */
export const referralWriter = (database: Database): ReferralWriter => ({
  move: (ids, wanted) => database.call('leadwire_move_referrals', { ids, wanted }, movedSchema),
  async putTier({ fromSales: from_sales, percent, amount }) {
    await database.call('leadwire_put_referral_tier', { from_sales, percent, amount }, z.unknown());
  },
});

/** Answers the ids that changed; what is not ripe for it stays as it is. @throws as the writer */
export function moveCommissions(
  { bus, actor }: ActingParts,
  writer: ReferralWriter,
  ids: readonly string[],
  to: Move,
): Promise<string[]> {
  const subject = ids.length === 1 ? (ids[0] ?? MANY) : MANY;
  return audited(
    bus,
    { actor, action: `commission.${to}`, subject },
    () => writer.move(ids, to),
    (changed) => ({ count: changed.length, ids: changed.slice(0, 100) }),
  );
}

/** From that many sales on a commission is a share, an amount in tenge, or both together. @throws as the writer */
export function putTier(
  { bus, actor }: ActingParts,
  writer: ReferralWriter,
  tier: Tier,
): Promise<void> {
  const what = { actor, action: 'commission.tier_set', subject: String(tier.fromSales) };
  return audited(bus, { ...what, details: { ...tier } }, () => writer.putTier(tier));
}

/**
 * The database's functions for the batches of a campaign, typed; what they are about at the same moment travels together.
 * All throw as `Database` does: TransientError while the database is away.
 */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { readyBatchSchema, type BatchResult, type ReadyBatch } from '../sending/channel.ts';
import { blocker, claimedSchema, kind } from './campaign-answers.ts';
import { ASK_AFTER_MS } from './policy.ts';
import { together } from './together.ts';

const lookedSchema = z.object({
  frozen: z.unknown(),
  batches: z.array(
    z.union([
      z.object({
        kind: z.literal('ready'),
        ratePerSecond: z.number().nullable(),
        batch: readyBatchSchema.omit({ ratePerSecond: true, frozen: true }),
      }),
      blocker,
    ]),
  ),
});
export type Looked = { kind: 'ready'; batch: ReadyBatch } | z.infer<typeof blocker>;

export interface ClaimRequest {
  owner: string;
  leaseMs: number;
  at: string;
  bodyHash: string;
  /** What the look told: the turn was waited for at this rate. */
  ratePerSecond: number | null;
  /** In the order of the batch. */
  ids: readonly string[];
}

interface Note {
  owner: string;
  leaseMs: number;
  providerRef?: string;
  stage?: string;
}

interface Deferral {
  owner: string;
  waitMs: number;
  error: string;
  wasTried: boolean;
}

interface Settled {
  n: number;
  /** The claim that it was sent under. */
  owner: string;
  results: BatchResult;
}

export type BatchStore = ReturnType<typeof createBatchStore>;

export function createBatchStore(database: Pick<Database, 'call'>) {
  const call = <Schema extends z.ZodType>(
    name: string,
    id: string,
    args: object,
    schema: Schema,
  ): Promise<z.output<Schema>> =>
    database.call(`leadwire_campaign_${name}`, { p_id: id, ...args }, schema);

  const look = together<number, Looked>(async (id, ns) => {
    const { frozen, batches } = await call('look_batches', id, { p_ns: ns }, lookedSchema);
    return batches.map((looked) => {
      if (looked.kind !== 'ready') return looked;
      const { ratePerSecond, batch } = looked;
      return { kind: 'ready', batch: { ...batch, frozen, ratePerSecond } };
    });
  });

  const claim = together(async (id, claims: readonly (ClaimRequest & { n: number })[]) => {
    const leaseMs = Math.min(...claims.map((each) => each.leaseMs));
    const rows = claims.map(({ n, owner, at, bodyHash, ids, ratePerSecond: rate }) => {
      return { n, owner, at, bodyHash, ids, rate };
    });
    const args = { p_lease_ms: leaseMs, p_claims: rows };
    return call('claim_batches', id, args, z.array(claimedSchema));
  });

  const settle = together(async (id, rows: readonly Settled[]) => {
    const args = { p_settled: rows, p_ask_after_ms: ASK_AFTER_MS };
    const answer = await call('settle_batches', id, args, z.object({ open: z.number() }));
    return rows.map(() => answer);
  });

  return {
    /** What would be sent of a batch just now; changes nothing. */
    look,
    claim: (id: string, n: number, request: ClaimRequest) => claim(id, { ...request, n }),
    note: (id: string, n: number, note: Note) =>
      call(
        'note',
        id,
        {
          p_n: n,
          p_owner: note.owner,
          p_lease_ms: note.leaseMs,
          p_provider_ref: note.providerRef ?? null,
          p_stage: note.stage ?? null,
        },
        kind('noted', 'lost'),
      ),
    /**
     * Answers how many batches of the campaign are left. Of a claim that somebody else has taken over only what was sent
     * counts.
     */
    settle: (id: string, settled: Settled) => settle(id, settled),
    /** Puts a claimed batch off. `wasTried`: it may have arrived, the same request is repeated later. */
    defer: (id: string, n: number, deferral: Deferral) =>
      call(
        'defer',
        id,
        {
          p_n: n,
          p_owner: deferral.owner,
          p_wait_ms: deferral.waitMs,
          p_error: deferral.error,
          p_was_tried: deferral.wasTried,
        },
        kind('deferred', 'lost'),
      ),
  };
}

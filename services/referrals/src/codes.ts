/** Codes of referrers whose rows were written by hand, carried to where landing-api looks them up. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readReferralCode } from '@leadwire/shared/contract/referral-facts';
import { claimReferralCode } from '@leadwire/shared/delivery/referral-codes';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { Log } from '@leadwire/shared/runtime/log';

const PAGE = 500;

/** Each call looks at the rows that the ones before have not seen. @throws as `Database` and the broker */
export function createCodeCarrier(
  bus: Pick<Bus, 'bucket'>,
  database: Pick<Database, 'rowsAfter'>,
  log: Log,
): () => Promise<void> {
  const carried = new Set<string>();

  const carry = async (id: string, written: string): Promise<void> => {
    if (carried.has(written)) return;
    carried.add(written);
    const code = readReferralCode(written);
    const owner = code === undefined ? undefined : await claimReferralCode(bus, code, id);
    if (code === undefined) {
      log.error({ referrerId: id }, 'a code has characters that no link can carry');
    } else if (owner !== id) {
      log.error({ referrerId: id, code, owner }, 'a code is registered for somebody else');
    }
  };

  return async () => {
    let after: string | undefined;
    for (;;) {
      const rows = await database.rowsAfter('referral_referrers', {
        columns: ['id', 'code'],
        filters: [],
        key: 'id',
        after,
        limit: PAGE,
      });
      for (const { id, code } of rows) await carry(String(id), String(code));
      if (rows.length === 0) return;
      after = String(rows.at(-1)?.['id']);
    }
  };
}

/**
 * Calls about several batches of one campaign as one: those that come while the one before is under way. So the busier the
 * database is, the fewer calls it has to answer, and nobody waits for others to come.
 */
import { PermanentError } from '@leadwire/shared/errors';
import { createNextBatch } from '@leadwire/shared/runtime/next-batch';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';

/** A call with more takes longer than a claim may: 300 ms on a slow machine. */
const MOST_BATCHES = 8;
/** Campaigns that are remembered; one that is forgotten makes a call of its own once. */
const KEPT_CAMPAIGNS = 20;

/**
 * Returns a function that resolves with its own row's result. What `write` throws is thrown to all of its call; rows that
 * are refused together are written one by one, so that one that cannot be stored takes nobody with it.
 * @param write one result for each row, in their order
 */
export function together<Row, Result>(
  write: (campaignId: string, rows: readonly Row[]) => Promise<readonly Result[]>,
): (campaignId: string, row: Row) => Promise<Result> {
  type Ended = PromiseSettledResult<readonly Result[]>;
  const writeEach = async (campaignId: string, rows: readonly Row[]): Promise<readonly Ended[]> => {
    const ended = await Promise.allSettled([write(campaignId, rows)]);
    const [whole] = ended;
    if (whole.status === 'fulfilled') {
      return whole.value.map((value) => ({ status: 'fulfilled', value: [value] }));
    }
    const isRefused = rows.length > 1 && whole.reason instanceof PermanentError;
    if (!isRefused) return rows.map(() => whole);
    return Promise.allSettled(rows.map((row) => write(campaignId, [row])));
  };

  const campaigns = new Map<string, (row: Row) => Promise<Ended>>();
  const ofCampaign = (campaignId: string) => {
    const known =
      campaigns.get(campaignId) ??
      createNextBatch<Row, Ended>({
        write: (rows) => writeEach(campaignId, rows),
        maxRows: MOST_BATCHES,
      });
    campaigns.set(campaignId, known);
    dropOldest(campaigns, KEPT_CAMPAIGNS);
    return known;
  };

  return async (campaignId, row) => {
    const ended = await ofCampaign(campaignId)(row);
    if (ended.status === 'rejected') throw ended.reason;
    const [result] = ended.value;
    return result as Result;
  };
}

/** Rows are kept for so long and no longer: people are not remembered for ever because nobody asked to be forgotten. */
import type { Database } from '@leadwire/shared/providers/supabase';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { z } from 'zod';
import type { LeadStoreEnv } from './env.ts';

const EVERY_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

const removedSchema = z.object({
  calls: z.number(),
  held: z.number(),
  leads: z.number(),
  sequencePeople: z.number(),
});

/** Removes what is older than the environment says, every hour until stopped. */
export function startRetention(
  env: Pick<
    LeadStoreEnv,
    'RETENTION_LEADS_DAYS' | 'RETENTION_QUARANTINE_DAYS' | 'RETENTION_CALLS_DAYS'
  >,
  database: Pick<Database, 'call'>,
  log: Log,
): BackgroundWork {
  const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
  return startPeriodic({
    name: 'retention',
    everyMs: EVERY_MS,
    onError: (error) => log.warn({ err: error }, 'old rows could not be removed'),
    async work() {
      const from = {
        calls_from: daysAgo(env.RETENTION_CALLS_DAYS),
        held_from: daysAgo(env.RETENTION_QUARANTINE_DAYS),
        leads_from: daysAgo(env.RETENTION_LEADS_DAYS),
      };
      const removed = await database.call('leadwire_keep_rows', from, removedSchema);
      if (Object.values(removed).some((count) => count > 0))
        log.info(removed, 'old rows were removed');
    },
  });
}

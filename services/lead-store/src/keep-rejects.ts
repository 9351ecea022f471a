/** Posts that made no lead are kept as long as their stream keeps them: they hold contacts of people. */
import type { Database } from '@leadwire/shared/providers/supabase';
import { streams } from '@leadwire/shared/contract/topology';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { z } from 'zod';

const EVERY_MS = 60 * 60_000;

/** Removes older ones from `intake_rejects`, every hour until stopped. */
export function startKeepingRejects(database: Pick<Database, 'call'>, log: Log): BackgroundWork {
  return startPeriodic({
    name: 'keep-rejects',
    everyMs: EVERY_MS,
    onError: (error) => log.warn({ err: error }, 'old posts of forms could not be removed'),
    async work() {
      const before = new Date(Date.now() - streams.INTAKE.maxAgeMs).toISOString();
      const removed = await database.call('leadwire_forget_rejects', { before }, z.number());
      if (removed > 0) log.info({ removed }, 'old posts of forms were removed');
    },
  });
}

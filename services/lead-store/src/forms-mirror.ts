/** Carries the rows of `intake_forms` to the broker, every few seconds, whoever changed them. */
import { carryForms } from '@leadwire/operations/forms/form-store';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

/** A form that was added by hand takes leads after this; until then they are taken and flagged. */
const EVERY_MS = 3_000;

/** Goes on until stopped. A row that is no form (a kind that does not exist) is left out and named in the log once. */
export function startFormsMirror(
  bus: Pick<Bus, 'bucket'>,
  database: Database,
  log: Log,
): BackgroundWork {
  const told = new Set<string>();
  return startPeriodic({
    name: 'forms-mirror',
    everyMs: EVERY_MS,
    onError: (error) => log.warn({ err: error }, 'the forms could not be carried to the broker'),
    async work() {
      for (const slug of await carryForms(bus, database)) {
        if (!told.has(slug)) log.error({ slug }, 'a row of intake_forms is no form');
        told.add(slug);
      }
    },
  });
}

/**
 * Carries the rows of `intake_forms` to the broker, where landing-api, which holds no key of the database, reads them.
 * One key holds them all: no reader sees half of a change.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  intakeFormSchema,
  FORMS_KEY,
  type IntakeForm,
} from '@leadwire/shared/contract/intake-forms';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

/** A form that was added in the console takes leads after this; until then they are taken and flagged. */
const EVERY_MS = 3_000;
const PAGE = 500;
const COLUMNS = ['slug', 'kind', 'dialect', 'mapping', 'secret', 'active'];

/** Goes on until stopped. A row that is no form (a kind that does not exist) is left out and named in the log. */
export function startFormsMirror(
  bus: Pick<Bus, 'bucket'>,
  database: Database,
  log: Log,
): BackgroundWork {
  const told = new Set<string>();

  const readRow = (row: Record<string, unknown>): IntakeForm[] => {
    const { data, error } = intakeFormSchema.safeParse(row);
    if (data !== undefined) return [data];
    const [issue] = error.issues;
    const where = `${String(row['slug'])}.${issue?.path.join('.')}`;
    if (!told.has(where))
      log.error({ where, expected: issue?.message }, 'a row of intake_forms is no form');
    told.add(where);
    return [];
  };

  return startPeriodic({
    durable: 'forms-mirror',
    everyMs: EVERY_MS,
    onError: (error) => log.warn({ err: error }, 'the forms could not be carried to the broker'),
    async work() {
      const rows: Record<string, unknown>[] = [];
      for (;;) {
        const after = rows.at(-1)?.['slug'];
        const query = { columns: COLUMNS, filters: [], key: 'slug', limit: PAGE };
        const page = await database.rowsAfter('intake_forms', {
          ...query,
          after: typeof after === 'string' ? after : undefined,
        });
        if (page.length === 0) break;
        rows.push(...page);
      }
      const text = JSON.stringify(rows.flatMap(readRow));
      const bucket = await bus.bucket('intake_forms');
      const held = await bucket.get(FORMS_KEY);
      if (held?.operation !== 'PUT' || held.string() !== text) await bucket.put(FORMS_KEY, text);
    },
  });
}

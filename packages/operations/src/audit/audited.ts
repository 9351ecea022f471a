/** What the audit log keeps of a change: who, what, to what, and how it ended. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import type { AuditRecord } from '@leadwire/shared/contract/staff-facts';
import { RefusedError } from '../refused-error.ts';

/** The subject of a record about several things at once; its details say how many. */
export const MANY = 'many';

type Publisher = Pick<Bus, 'name' | 'publish'>;

/**
 * Does `work` and writes into the audit log how it ended, whether it went well or not.
 * @param detailsOf what the outcome adds to the details; never contact data
 * @throws what `work` throws; TransientError when the log did not take it, which is no undoing of `work`
 */
export async function audited<T>(
  bus: Publisher,
  what: Omit<AuditRecord, 'result' | 'at'>,
  work: () => Promise<T>,
  detailsOf: (outcome: T) => Record<string, unknown> = () => ({}),
): Promise<T> {
  let result: AuditRecord['result'] = 'failed';
  let { details } = what;
  try {
    const outcome = await work();
    result = 'done';
    const found = detailsOf(outcome);
    if (Object.keys(found).length > 0) details = { ...details, ...found };
    return outcome;
  } catch (error) {
    if (error instanceof RefusedError) result = 'refused';
    throw error;
  } finally {
    const { actor, action, subject } = what;
    const about = { actor, action, subject, ...(details && { details }) };
    const data = { ...about, result, at: new Date().toISOString() };
    await publishEvent(bus, 'audit.recorded.v1', data);
  }
}

/** What others hear of a change, and what the audit log keeps of it. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent } from '@leadwire/shared/contract/events';
import type { AuditRecord } from '@leadwire/shared/contract/staff-facts';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import type { StaffMember } from './directory.ts';
import { StaffError } from './staff-error.ts';

type Publisher = Pick<Bus, 'name' | 'publish'>;

/** Tells how somebody is from now on; telling it again is harmless. @throws TransientError */
export async function publishStaffChanged(bus: Publisher, member: StaffMember): Promise<void> {
  const data = { ...member, at: new Date().toISOString() };
  const about = { source: bus.name, subject: member.staffId, data };
  await bus.publish(subjects.staffChanged(member.staffId), makeEvent('staff.changed.v1', about));
}

/**
 * Does `work` and writes into the audit log how it ended, whether it went well or not.
 * @throws what `work` throws; TransientError when the log did not take it, which is no undoing of `work`
 */
export async function audited<T>(
  bus: Publisher,
  what: Omit<AuditRecord, 'result' | 'at'>,
  work: () => Promise<T>,
): Promise<T> {
  let result: AuditRecord['result'] = 'failed';
  try {
    const outcome = await work();
    result = 'done';
    return outcome;
  } catch (error) {
    if (error instanceof StaffError) result = 'refused';
    throw error;
  } finally {
    const id = newId();
    const data = { ...what, result, at: new Date().toISOString() };
    const about = { id, source: bus.name, subject: what.subject, data };
    await bus.publish(subjects.audit(what.action, id), makeEvent('audit.recorded.v1', about));
  }
}

/** What the other services hear of a change. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import type { StaffMember } from './directory.ts';

/** Tells how somebody is from now on; telling it again is harmless. @throws TransientError */
export async function publishStaffChanged(
  bus: Pick<Bus, 'name' | 'publish'>,
  member: StaffMember,
): Promise<void> {
  const data = { ...member, at: new Date().toISOString() };
  const about = { source: bus.name, subject: member.staffId, data };
  await bus.publish(subjects.staffChanged(member.staffId), makeEvent('staff.changed.v1', about));
}

/** What the other services hear of a change. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import type { StaffMember } from './directory.ts';

/** Tells how somebody is from now on; telling it again is harmless. @throws TransientError */
export async function publishStaffChanged(
  bus: Pick<Bus, 'name' | 'publish'>,
  member: StaffMember,
): Promise<void> {
  const data = { ...member, at: new Date().toISOString() };
  await publishEvent(bus, 'staff.changed.v1', data);
}

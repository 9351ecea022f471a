/** Carries one person into one project as they are now, and notes what came of it. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { eventSchemas, type StaffChanged } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { changeKey } from '@leadwire/shared/coordination/kv';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Log } from '@leadwire/shared/runtime/log';
import { carryStaff, type StaffProject } from '@leadwire/operations/staff/projects';
import {
  noteKey,
  noteSchema,
  readStaffSync,
  type StaffNote,
} from '@leadwire/operations/staff/staff-sync';

export interface Ports {
  project: StaffProject;
  bus: Bus;
  alerts: Pick<Alerts, 'report' | 'resolve'>;
  log: Log;
}

export type CarryOne = (event: StaffChanged) => Promise<void>;

const TRIES = 20;

/**
 * What is carried is the newest word about the person, whatever the event says: so an old event that comes again changes
 * nothing. The function it answers may be repeated. @throws as `carryStaff`
 */
export function createCarryOne({ project, bus, alerts, log }: Ports): CarryOne {
  const tellIfNoneLeft = async (): Promise<void> => {
    if ((await readStaffSync(bus)).conflicts.length > 0) return;
    await alerts.resolve('staff_conflict', 'Все сотрудники перенесены.');
  };

  return async (event) => {
    const { staffId } = event.data;
    const stored = await bus.lastUnder('STAFF', subjects.staffChanged(staffId));
    const { id: eventId, data } =
      eventSchemas['staff.changed.v1'].safeParse(stored?.event).data ?? event;
    const problem = await carryStaff(project, data);
    const at = new Date().toISOString();
    const note: StaffNote = { eventId, at, ...(problem !== undefined && { problem }) };
    const key = noteKey(project.name, staffId);
    const { before } = await changeKey(
      bus,
      { bucket: 'staff_sync', key, schema: noteSchema },
      () => note,
      { tries: TRIES, busy: `the note of ${key} is being written by others` },
    );
    const about = { project: project.name, staffId, problem };
    if (problem === undefined) {
      log.info(about, 'somebody is there as they are');
      if (before?.problem !== undefined) await tellIfNoneLeft();
      return;
    }
    log.warn(about, 'somebody is left as they are: a person has to decide');
    if (before?.problem === problem) return;
    const message = `${project.name}: ${problem} (${staffId}); leadwire staff conflicts`;
    await alerts.report({ severity: 'warning', what: 'staff_conflict', message }, `${key}:${at}`);
  };
}

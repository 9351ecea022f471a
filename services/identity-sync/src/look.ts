/**
 * Looks whether everybody has arrived in a project, and carries those who have not: the project was not configured when
 * they were told of, or a person has cleared away what stood in their way. Notes how the project stands.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { staffProjects, type StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { checkStaffProject, type StaffProject } from '@leadwire/operations/staff/projects';
import {
  noteKey,
  projectKey,
  readStaffNow,
  readStaffSync,
  type ProjectNote,
} from '@leadwire/operations/staff/staff-sync';
import { z } from 'zod';
import type { CarryOne } from './handler.ts';

export interface LookPorts {
  bus: Bus;
  projects: Map<StaffProjectName, StaffProject>;
  carry: Map<StaffProjectName, CarryOne>;
  log: Log;
}

/** One look at every project; one that fails keeps nothing from the others. @throws TransientError of the broker */
export async function lookAtAll(ports: LookPorts): Promise<void> {
  const bucket = await ports.bus.bucket('staff_sync');
  for (const name of staffProjects) {
    const note = { ...(await lookAt(name, ports)), at: new Date().toISOString() };
    await bucket.put(projectKey(name), JSON.stringify(note));
  }
}

/** Undefined where the schema is older than the question: that is no reason to leave people out. */
async function unprotectedIn({ name, database }: StaffProject): Promise<string[] | undefined> {
  // Of the landing project `leadwire audit` asks itself.
  if (name === 'landing') return undefined;
  return database.call('leadwire_unprotected', {}, z.array(z.string())).catch(() => undefined);
}

async function lookAt(
  name: StaffProjectName,
  { bus, projects, carry, log }: LookPorts,
): Promise<Omit<ProjectNote, 'at'>> {
  const project = projects.get(name);
  const carryOne = carry.get(name);
  if (!project || !carryOne) return { state: 'off' };
  try {
    await checkStaffProject(project);
    const { notes } = await readStaffSync(bus);
    for (const event of await readStaffNow(bus)) {
      const note = notes.get(noteKey(name, event.data.staffId));
      if (note?.eventId === event.id && note.problem === undefined) continue;
      await carryOne(event);
    }
    return { state: 'ok', unprotected: await unprotectedIn(project) };
  } catch (thrown) {
    const { message } = toError(thrown);
    log.warn({ project: name, err: thrown }, 'a project could not be looked at');
    return { state: 'broken', told: message };
  }
}

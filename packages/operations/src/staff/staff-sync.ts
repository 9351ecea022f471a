/** How far the people who work here have come into each project: what identity-sync notes, and what is read of it. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { eventSchemas, type StaffChanged } from '@leadwire/shared/contract/events';
import { staffProjects, type StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import { z } from 'zod';

export const noteSchema = z.object({
  /** What of the person was carried; an older one is out of date. */
  eventId: z.string(),
  /** What stands in the way until a person decides. */
  problem: z.string().optional(),
  at: z.iso.datetime(),
});
export type StaffNote = z.infer<typeof noteSchema>;

const projectSchema = z.object({
  state: z.enum(['off', 'ok', 'broken']),
  /** What is wrong, in the words of the project. */
  told: z.string().optional(),
  /** Tables there without row level security; missing where it could not be asked. */
  unprotected: z.array(z.string()).optional(),
  at: z.iso.datetime(),
});
export type ProjectNote = z.infer<typeof projectSchema>;

/** A person whom a project does not have as they are. */
export interface StaffConflict {
  project: StaffProjectName;
  staffId: string;
  problem: string;
  at: string;
}

export const noteKey = (project: StaffProjectName, staffId: string): string =>
  `${project}.${staffId}`;
export const projectKey = (project: StaffProjectName): string => `project.${project}`;

/** Everybody as they were last told of. @throws TransientError */
export async function readStaffNow(bus: Bus): Promise<StaffChanged[]> {
  const last = new Map<string, StaffChanged>();
  for await (const { json } of readStream(bus, 'STAFF', { subject: 'staff.changed.*' })) {
    const event = eventSchemas['staff.changed.v1'].safeParse(json).data;
    if (event) last.set(event.data.staffId, event);
  }
  return [...last.values()];
}

/** What was noted, by project and person, and how the projects stand. @throws TransientError */
export async function readStaffSync(bus: Bus): Promise<{
  projects: Map<StaffProjectName, ProjectNote>;
  notes: Map<string, StaffNote>;
  conflicts: StaffConflict[];
}> {
  const projects = new Map<StaffProjectName, ProjectNote>();
  const notes = new Map<string, StaffNote>();
  const conflicts: StaffConflict[] = [];
  for await (const { subject, json } of readStream(bus, 'KV_staff_sync')) {
    const [, , place = '', id = ''] = subject.split('.');
    const project = staffProjects.find((name) => name === (place === 'project' ? id : place));
    if (project === undefined) continue;
    if (place === 'project') {
      const found = projectSchema.safeParse(json).data;
      if (found) projects.set(project, found);
      continue;
    }
    const note = noteSchema.safeParse(json).data;
    if (!note) continue;
    notes.set(noteKey(project, id), note);
    const { problem, at } = note;
    if (problem !== undefined) conflicts.push({ project, staffId: id, problem, at });
  }
  return { projects, notes, conflicts };
}

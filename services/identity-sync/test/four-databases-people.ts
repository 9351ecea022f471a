/** Who works here besides those of the dashboard, and who learns here. */
import type { StaffMember } from '@leadwire/operations/staff/directory';
import { carryStaff, type StaffProject } from '@leadwire/operations/staff/projects';
import { addStaff, type StaffParts } from '@leadwire/operations/staff/staff';
import { PASSWORD, type FourDatabases } from './four-databases-rig.ts';

export const mailOf = (who: string) => `${who}@leadwire-sample.kz`;

/** An owner, and seven targetologists with a tag each. */
export async function addOthers(parts: StaffParts): Promise<void> {
  await addStaff(parts, { email: mailOf('owner'), role: 'owner' });
  for (let n = 1; n <= 7; n++) {
    const wanted = { email: mailOf(`target${n}`), role: 'targetologist' as const };
    await addStaff(parts, { ...wanted, utmSources: [`t${n}`] });
  }
}

/** As identity-sync does, to every project; the owner gets a password there. Returns what went wrong. */
export async function carryEverybody(
  projects: readonly StaffProject[],
  staff: readonly StaffMember[],
): Promise<unknown[]> {
  const problems: unknown[] = [];
  const at = new Date().toISOString();
  const ownerId = staff.find(({ role }) => role === 'owner')?.staffId ?? '';
  await Promise.all(
    projects.map(async (project) => {
      for (const member of staff) problems.push(await carryStaff(project, { ...member, at }));
      const login = { password: PASSWORD, email_confirm: true };
      await project.client.auth.admin.updateUserById(ownerId, login);
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

/** Two students in the main project, the first of them with a login. */
export async function addStudents({ projects, databases }: FourDatabases): Promise<void> {
  const admin = projects.get('main')!.client.auth.admin;
  const student = { email: mailOf('student1'), password: PASSWORD, email_confirm: true };
  await admin.createUser({ ...student, id: '6f0b8a52-6f0e-4a0e-9d51-000000000001' });
  await databases.main.sql(
    `insert into users (id, email) values ('6f0b8a52-6f0e-4a0e-9d51-000000000002', 'student2@leadwire-sample.kz')`,
  );
}

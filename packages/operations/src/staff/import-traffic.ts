/**
 * People of the traffic dashboard become people who work here, with the passwords they have: the bcrypt hash goes from
 * that database into Auth of each project, once, and nowhere else. Whoever is unclear is left for a person to decide.
 */
import { newId } from '@leadwire/shared/contract/ids';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import type { Bus } from '@leadwire/shared/broker/bus';
import { z } from 'zod';
import { audited } from '../audit/audited.ts';
import type { StaffDirectory, StaffMember } from './directory.ts';
import { publishStaffChanged } from './staff-changed.ts';
import type { StaffProject } from './projects.ts';
import { StaffError } from './staff-error.ts';

/** Why somebody is not taken over, as one token. */
export const importProblems = [
  'no_mail',
  'mail_twice',
  'no_hash',
  'hash_not_bcrypt',
  'role_unknown',
  'no_tags',
  'address_taken',
  'other_address',
] as const;
export type ImportProblem = (typeof importProblems)[number];

export interface TrafficRow {
  /** As the dashboard's table has it. */
  key: string;
  email: string;
  name: string;
  role: string;
  utmSources: string[];
  hash: string;
  isActive: boolean;
}

const text = z
  .union([z.string(), z.number().transform(String), z.null()])
  .optional()
  .transform((value) => (value ?? '').trim());
const tags = z
  .union([z.string(), z.array(z.string()), z.null()])
  .optional()
  .transform((value) =>
    [value ?? []]
      .flat()
      .flatMap((one) => one.split(/[\s,;]+/))
      .map((tag) => tag.toLowerCase())
      .filter((tag) => tag !== ''),
  );
const flag = z.boolean().nullish();

/** The dashboard has had several names for the same; the first that is filled counts. */
const rowSchema = z
  .object({
    id: text,
    email: text,
    full_name: text,
    name: text,
    role: text,
    utm_source: tags,
    utm_sources: tags,
    password_hash: text,
    encrypted_password: text,
    password: text,
    is_active: flag,
    active: flag,
  })
  .transform((row): TrafficRow => ({
    key: row.id,
    email: row.email.toLowerCase(),
    name: row.full_name || row.name,
    role: row.role.toLowerCase(),
    utmSources: [...new Set([...row.utm_source, ...row.utm_sources])],
    hash: row.password_hash || row.encrypted_password || row.password,
    isActive: row.is_active ?? row.active ?? true,
  }));

const PAGE = 500;

/** Every row of `traffic_users`. @throws Error in the words of the database */
export async function readTrafficUsers({ client }: StaffProject): Promise<TrafficRow[]> {
  const rows: TrafficRow[] = [];
  for (;;) {
    const query = client.from('traffic_users').select('*').order('id');
    const { data, error } = await query.range(rows.length, rows.length + PAGE - 1);
    if (error) throw new Error(`traffic: ${error.code} ${error.message}`, { cause: error });
    const page = z.array(rowSchema).parse(data);
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}

/** Those whose meaning is beyond doubt. Rights are never guessed: any other needs a word of whoever imports. */
const ROLES: Readonly<Record<string, StaffRole>> = {
  targetologist: 'targetologist',
  target: 'targetologist',
  manager: 'sales',
  sales: 'sales',
  viewer: 'viewer',
};

export type ImportPlan = { row: TrafficRow } & (
  | { outcome: 'import'; member: StaffMember }
  /** Somebody of this address works here already: they keep their password and role. */
  | { outcome: 'known'; member: StaffMember }
  | { outcome: 'left'; problem: ImportProblem }
);

const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const isUuid = (key: string) => z.uuid().safeParse(key).success;

/** @param roles what the dashboard's other roles are here: `{ admin: 'owner' }` */
export function planImport(
  rows: readonly TrafficRow[],
  staff: readonly StaffMember[],
  roles: Readonly<Record<string, StaffRole>> = {},
): ImportPlan[] {
  const counts = new Map<string, number>();
  for (const { email } of rows) counts.set(email, (counts.get(email) ?? 0) + 1);
  const known = new Map(staff.map((member) => [member.email, member]));

  return rows.map((row): ImportPlan => {
    const left = (problem: ImportProblem): ImportPlan => ({ row, outcome: 'left', problem });
    const { email, name, hash, utmSources, isActive: active, key } = row;
    if (!z.email().safeParse(email).success) return left('no_mail');
    if ((counts.get(email) ?? 0) > 1) return left('mail_twice');
    const member = known.get(email);
    if (member) return { row, outcome: 'known', member };
    const role = roles[row.role] ?? ROLES[row.role];
    if (role === undefined) return left('role_unknown');
    if (role === 'targetologist' && utmSources.length === 0) return left('no_tags');
    if (hash === '') return left('no_hash');
    if (!BCRYPT.test(hash)) return left('hash_not_bcrypt');
    const staffId = isUuid(key) ? key : newId();
    return { row, outcome: 'import', member: { staffId, email, name, role, utmSources, active } };
  });
}

export interface ImportParts {
  directory: StaffDirectory;
  /** Every project that is configured, landing among them. */
  projects: readonly StaffProject[];
  bus: Pick<Bus, 'name' | 'publish'>;
  actor: string;
}

/**
 * Takes one person over: Auth user with their password in each project, then the row in `staff`, then the word to all.
 * Resolves with the projects whose Auth has something else under this address or id: nothing is overwritten there.
 * May be repeated. @throws StaffError `address_taken`, `other_address` of the landing project: they are not taken over
 */
export function importOne(
  { directory, projects, bus, actor }: ImportParts,
  { member, row }: ImportPlan & { outcome: 'import' },
): Promise<string[]> {
  const { staffId, email, role } = member;
  const what = { actor, action: 'staff.imported', subject: staffId, details: { role } };
  return audited(bus, what, async () => {
    const refused: string[] = [];
    for (const { name, accounts } of projects) {
      try {
        await accounts.ensure({ staffId, email, passwordHash: row.hash });
        if (!member.active) await accounts.allow(staffId, false);
      } catch (error) {
        if (!(error instanceof StaffError) || name === 'landing') throw error;
        refused.push(name);
      }
    }
    await directory.add(member);
    await publishStaffChanged(bus, member);
    return refused;
  });
}

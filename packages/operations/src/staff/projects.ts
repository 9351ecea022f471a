/**
 * The Supabase projects that know the people who work here. Landing has the original; the others have a copy, under
 * which their own policies decide, and an Auth user of the same id.
 */
import { staffProjects, type StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import type { StaffState } from '@leadwire/shared/contract/staff-facts';
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { baseUrl } from '@leadwire/shared/runtime/env';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { createStaffAccounts, type StaffAccounts } from './accounts.ts';
import { StaffError, type StaffProblem } from './staff-error.ts';

const serviceKey = z.string().min(20, 'expected the service key of the project').optional();

/** Their variables, for a program's own schema. Each project may be left out. */
export const staffProjectEnv = {
  LANDING_SUPABASE_URL: baseUrl('the landing project').optional(),
  LANDING_SUPABASE_SERVICE_KEY: serviceKey,
  TRIPWIRE_SUPABASE_URL: baseUrl('the tripwire project').optional(),
  TRIPWIRE_SERVICE_ROLE_KEY: serviceKey,
  TRAFFIC_SUPABASE_URL: baseUrl('the traffic project').optional(),
  TRAFFIC_SERVICE_ROLE_KEY: serviceKey,
  SUPABASE_URL: baseUrl('the main project').optional(),
  SUPABASE_SERVICE_ROLE_KEY: serviceKey,
};
export type StaffProjectEnv = Partial<Record<keyof typeof staffProjectEnv, string | undefined>>;

const VARIABLES = {
  landing: ['LANDING_SUPABASE_URL', 'LANDING_SUPABASE_SERVICE_KEY'],
  tripwire: ['TRIPWIRE_SUPABASE_URL', 'TRIPWIRE_SERVICE_ROLE_KEY'],
  traffic: ['TRAFFIC_SUPABASE_URL', 'TRAFFIC_SERVICE_ROLE_KEY'],
  main: ['SUPABASE_URL', 'SUPABASE_SERVICE_ROLE_KEY'],
} as const satisfies Record<
  StaffProjectName,
  readonly [keyof StaffProjectEnv, keyof StaffProjectEnv]
>;

/** What writes people into a project; each answers with a problem, or null, for each of them. */
const WRITERS: Record<StaffProjectName, readonly string[]> = {
  landing: [],
  tripwire: ['leadwire_put_staff'],
  traffic: ['leadwire_put_staff', 'leadwire_put_traffic_users'],
  main: ['leadwire_put_staff'],
};

export interface StaffProject {
  name: StaffProjectName;
  client: SupabaseClient;
  database: Database;
  accounts: StaffAccounts;
}

export const variablesOf = (name: StaffProjectName): string => VARIABLES[name].join(' and ');

/**
 * Those that are configured, by their names. One of which half is given is not.
 * @param consoleUrl where links of the landing project lead
 */
export function staffProjectsOf(
  env: StaffProjectEnv,
  consoleUrl = '',
): Map<StaffProjectName, StaffProject> {
  const found = new Map<StaffProjectName, StaffProject>();
  for (const name of staffProjects) {
    const [url, key] = VARIABLES[name].map((variable) => env[variable]);
    if (url === undefined || key === undefined) continue;
    const client = createClient(url, key, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    });
    const database = createDatabase({ project: name, url, serviceKey: key });
    found.set(name, { name, client, database, accounts: createStaffAccounts(client, consoleUrl) });
  }
  return found;
}

/** Writes nothing: key and schema in one. @throws as `Database` */
export async function checkStaffProject({ name, database, client }: StaffProject): Promise<void> {
  for (const writer of WRITERS[name]) await database.call(writer, { rows: [] }, z.unknown());
  const { error } = await client.auth.admin.listUsers({ page: 1, perPage: 1 });
  if (error) throw error;
}

const answersSchema = z.array(z.object({ problem: z.string().nullable() }));

/** Why a project could not have somebody, as one token; nothing there was overwritten. */
export type CarryProblem = StaffProblem | (string & {});

/**
 * Brings somebody into a project as they are: the row, then the Auth user, who may sign in or not. Whoever is there
 * already is left as they are. Resolves with what stands in the way, or undefined. May be repeated.
 * @throws as `Database`
 */
export async function carryStaff(
  { name, database, accounts }: StaffProject,
  member: StaffState,
): Promise<CarryProblem | undefined> {
  for (const writer of WRITERS[name]) {
    const [answer] = await database.call(writer, { rows: [member] }, answersSchema);
    if (answer?.problem) return answer.problem;
  }
  const { staffId, email, active } = member;
  try {
    if (active) await accounts.ensure({ staffId, email });
    await accounts.allow(staffId, active);
    // Where they sign in. Who was added by somebody without the service key has no link yet.
    if (active && name === 'landing') await accounts.invite({ staffId, email });
  } catch (error) {
    if (error instanceof StaffError) return error.problem;
    throw error;
  }
  return undefined;
}

/** A landing project with one person of each role, signed in with a password through the real Auth. */
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { LANDING_MIGRATIONS } from '../src/migrations.ts';
import { startDatabaseProcess, type TestProject } from '@leadwire/testing/database-process';
import { landingKeys } from '@leadwire/testing/supabase';
import type { ProjectOptions } from '../src/project.ts';

export const { serviceKey: SERVICE_KEY, publishableKey: PUBLISHABLE_KEY } = landingKeys;
export const PASSWORD = 'synthetic pass phrase';

/** `stranger` has an Auth user and no row in `staff`; `disabled` was an owner. */
export const people = [
  'owner',
  'sales',
  'targetologist',
  'viewer',
  'disabled',
  'stranger',
] as const;
export type Person = (typeof people)[number];

export const addressOf = (person: Person) => `${person}@leadwire-sample.kz`;

const stateless = {
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
};

export const landingOptions = { ...landingKeys, migrationsDir: LANDING_MIGRATIONS };

/** In memory, in a process of its own. */
export const startLanding = (options: Partial<ProjectOptions> = {}): Promise<TestProject> =>
  startDatabaseProcess({ ...landingOptions, ...options });

export const clientWith = (project: TestProject, key = PUBLISHABLE_KEY) =>
  createClient(project.url, key, stateless);

/** Makes everybody; the targetologist's tag is `facebook`. */
export async function addPeople(project: TestProject): Promise<Record<Person, string>> {
  const admin = clientWith(project, SERVICE_KEY);
  const ids = {} as Record<Person, string>;
  for (const person of people) {
    const id = crypto.randomUUID();
    ids[person] = id;
    const { error } = await admin.auth.admin.createUser({
      id,
      email: addressOf(person),
      password: PASSWORD,
      email_confirm: true,
    });
    if (error) throw error;
    if (person === 'stranger') continue;
    const role = person === 'disabled' ? 'owner' : person;
    await admin
      .from('staff')
      .insert({
        id,
        email: addressOf(person),
        role,
        active: person !== 'disabled',
        utm_sources: person === 'targetologist' ? ['facebook'] : [],
      })
      .throwOnError();
  }
  return ids;
}

/** A client that is this person to the database. @throws AuthError when they may not sign in */
export const signIn = (project: TestProject, person: Person): Promise<SupabaseClient> =>
  signInAs(project, addressOf(person));

export async function signInAs(project: TestProject, email: string): Promise<SupabaseClient> {
  const client = clientWith(project);
  const { data, error } = await client.auth.signInWithPassword({ email, password: PASSWORD });
  if (error) throw error;
  const { access_token: token } = data.session;
  return createClient(project.url, PUBLISHABLE_KEY, { accessToken: () => Promise.resolve(token) });
}

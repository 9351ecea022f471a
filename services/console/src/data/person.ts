/** Whoever is signed in, as the table `staff` knows them at this moment, and the database as they may see it. */
import { staffRoles } from '@leadwire/shared/contract/staff-facts';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import type { Session } from '../auth/accounts.ts';
import { readRows } from './answers.ts';

const TIMEOUT_MS = 10_000;

const personSchema = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: z.enum(staffRoles),
  utm_sources: z.array(z.string()),
});
export type Person = z.infer<typeof personSchema>;

/** Names, phones and addresses are for these two; the database says so as well. */
export const seesContacts = ({ role }: Person) => role === 'owner' || role === 'sales';

/** The database with somebody's own token: row level security decides what is in it. */
export function connectAs(url: string, publishableKey: string, session: Session) {
  return createClient(url, publishableKey, {
    accessToken: () => Promise.resolve(session.accessToken),
    global: {
      fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
    },
  });
}

/** Undefined for somebody who does not work here (any more). @throws TransientError when the database is away */
export async function findPerson(
  client: SupabaseClient,
  { staffId }: Session,
): Promise<Person | undefined> {
  const query = client.from('staff').select('id, email, name, role, utm_sources');
  const rows = readRows(personSchema, await query.eq('id', staffId).eq('active', true));
  return rows[0];
}

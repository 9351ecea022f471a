/** The table `staff`: who works here, as what. The database refuses what the holder of the key or token may not. */
import { staffRoles } from '@leadwire/shared/contract/staff-facts';
import { TransientError } from '@leadwire/shared/errors';
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { StaffError } from './staff-error.ts';

const rowSchema = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role: z.enum(staffRoles),
    utm_sources: z.array(z.string()),
    active: z.boolean(),
  })
  .transform(({ id, utm_sources, ...rest }) => ({ ...rest, staffId: id, utmSources: utm_sources }));

/** Somebody who works here; `email` and `utmSources` in lower case. */
export type StaffMember = z.infer<typeof rowSchema>;
/** What may change about them. The address is the account: it stays. */
export type StaffChange = Partial<Pick<StaffMember, 'name' | 'role' | 'utmSources' | 'active'>>;

const COLUMNS = 'id, email, name, role, utm_sources, active';

/**
 * All methods throw TransientError when the database is not there, StaffError `not_allowed` when the caller may not,
 * `last_owner` when nobody would hold the keys, `exists` for an address that is taken.
 */
export interface StaffDirectory {
  /** Everybody, the active first, by address. */
  list(): Promise<StaffMember[]>;
  find(email: string): Promise<StaffMember | undefined>;
  add(member: StaffMember): Promise<StaffMember>;
  change(staffId: string, change: StaffChange): Promise<StaffMember>;
}

/** @param client with the service key, or with the token of somebody who works here */
export function createStaffDirectory(client: SupabaseClient): StaffDirectory {
  const table = () => client.from('staff');
  return {
    async list() {
      const answer = await table()
        .select(COLUMNS)
        .order('active', { ascending: false })
        .order('email');
      return rowsOf(answer);
    },
    async find(email) {
      return rowsOf(await table().select(COLUMNS).eq('email', email))[0];
    },
    async add({ staffId, utmSources, ...rest }) {
      const row = { ...rest, id: staffId, utm_sources: utmSources };
      return onlyOne(rowsOf(await table().insert(row).select(COLUMNS)));
    },
    async change(staffId, { utmSources, ...rest }) {
      const change = { ...rest, ...(utmSources && { utm_sources: utmSources }) };
      return onlyOne(rowsOf(await table().update(change).eq('id', staffId).select(COLUMNS)));
    },
  };
}

interface Answer {
  data: unknown;
  error: { code: string; message: string } | null;
}

function rowsOf({ data, error }: Answer): StaffMember[] {
  if (error === null) return z.array(rowSchema).parse(data);
  if (/last active owner/.test(error.message)) {
    throw new StaffError('last_owner', 'This is the last active owner: make another one first.');
  }
  if (error.code === '42501') throw notAllowed();
  if (error.code === '23505') throw new StaffError('exists', 'Somebody has this address already.');
  throw new TransientError(`the table staff: ${error.code} ${error.message}`);
}

/** Row level security hides what the caller may not change: no row is a refusal. */
function onlyOne(rows: StaffMember[]): StaffMember {
  const [row] = rows;
  if (row) return row;
  throw notAllowed();
}

function notAllowed(): StaffError {
  return new StaffError('not_allowed', 'Only an owner may do that.');
}

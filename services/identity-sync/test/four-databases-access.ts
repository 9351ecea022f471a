/** What people read and try to write with their own logins, past the console, in the projects that are not landing. */
import type { SupabaseClient } from '@supabase/supabase-js';
import { mailOf } from './four-databases-people.ts';
import type { FourDatabases } from './four-databases-rig.ts';

/** The table of each that is about people or money. */
const TABLES = {
  tripwire: 'tripwire_users',
  traffic: 'traffic_daily_stats',
  main: 'users',
} as const;
type Name = keyof typeof TABLES;
const names = Object.keys(TABLES) as Name[];

/** How many rows they see, or the code of the refusal. */
export async function countOf(client: SupabaseClient, table: string): Promise<number | string> {
  const { data, error } = await client.from(table).select('*');
  return error ? error.code : data.length;
}

/** How many rows of each project somebody with this login sees. */
export async function seenBy(four: FourDatabases, email: string) {
  const counts = names.map(async (name) => {
    const client = await four.as(name, email);
    return [name, await countOf(client, TABLES[name])] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}

/** What may be tempting to change, with the columns that would be. */
const TEMPTING: Readonly<Record<string, Record<string, unknown>>> = {
  traffic_daily_stats: { leads: 1 },
  traffic_users: { role: 'admin' },
  staff: { role: 'owner' },
};

export interface Tried {
  who: string;
  what: string;
  /** Of the refusal; a number of rows, or undefined, where it was done. */
  code: string | number | undefined;
}

/** Everything that nobody may: staff write in the dashboard, users change themselves, and visitors look. */
export async function tryMore(
  four: FourDatabases,
  { staff, users }: { staff: readonly string[]; users: readonly string[] },
): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (const who of staff) {
    const client = await four.as('traffic', mailOf(who));
    for (const [name, row] of Object.entries(TEMPTING)) {
      const table = () => client.from(name);
      const change = await table().update(row).not('id', 'is', null).select('id');
      const added = await table().insert(row);
      const gone = await table().delete().not('id', 'is', null);
      for (const [act, { error }] of Object.entries({ change, added, gone })) {
        tried.push({ who, what: `${name} ${act}`, code: error?.code });
      }
    }
  }
  for (const who of users) {
    const client = await four.as('main', mailOf(who));
    const change = client.from('users').update({ role: 'admin' });
    const { error } = await change.not('id', 'is', null).select('id');
    tried.push({ who, what: 'users change', code: error?.code });
  }
  for (const name of names) {
    const code = await countOf(four.visitor(name), TABLES[name]);
    tried.push({ who: 'a visitor', what: `${name} seen`, code });
  }
  return tried;
}

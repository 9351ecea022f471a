/** Where some bytes of a person stand: in whatever is stored. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { TestSupabase } from '@leadwire/testing/supabase';
import { tableReach } from '../src/person/places.ts';

export interface Stored {
  /** Folders whose files are looked at: of the broker, of the journal. */
  folders: readonly string[];
  /** Every table of every project. */
  supabase: TestSupabase;
  /** Lines of services. */
  logs: readonly unknown[];
}

/** Files, tables (`landing.sales`) and `logs` in which any of the words stands. */
export async function placesWith(
  { folders, supabase, logs }: Stored,
  words: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  const look = (place: string, content: Buffer | string) => {
    if (words.some((word) => content.includes(word))) found.push(place);
  };
  for (const root of folders) {
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      // What the broker writes beside a file is renamed at once; the file itself is looked at.
      if (entry.isFile() && !file.endsWith('.tmp')) look(file, readFileSync(file));
    }
  }
  for (const [project, tables] of Object.entries(tableReach)) {
    for (const table of Object.keys(tables)) {
      const rows = await supabase[project as 'landing'].sql(`select to_jsonb(t) from ${table} t`);
      look(`${project}.${table}`, JSON.stringify(rows));
    }
  }
  look('logs', JSON.stringify(logs));
  return found;
}

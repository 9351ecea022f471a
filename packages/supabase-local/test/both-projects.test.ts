import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  LANDING_MIGRATIONS,
  LANDING_SCHEMAS,
  MAIN_SCHEMAS,
  TRIPWIRE_MIGRATIONS,
  TRIPWIRE_SCHEMAS,
} from '../src/migrations.ts';

// Whichever project REFERRAL_PROJECT names has the tables, and people are erased from both: a change of one copy alone
// would be found by its people.
test.each([
  ['77_referrals.sql', LANDING_SCHEMAS, TRIPWIRE_SCHEMAS],
  ['78_referral_conversions.sql', LANDING_SCHEMAS, TRIPWIRE_SCHEMAS],
  ['20261129208100_referrals.sql', LANDING_MIGRATIONS, TRIPWIRE_MIGRATIONS],
  ['88_person_rows.sql', LANDING_SCHEMAS, TRIPWIRE_SCHEMAS],
  ['20261129215000_person_rows.sql', LANDING_MIGRATIONS, TRIPWIRE_MIGRATIONS],
  ['20261129215200_person_filled.sql', LANDING_MIGRATIONS, TRIPWIRE_MIGRATIONS],
])('%s is the same in both projects', async (file, landing, tripwire) => {
  const [one, other] = await Promise.all(
    [landing, tripwire].map((folder) => readFile(join(folder, file), 'utf8')),
  );
  expect(other).toBe(one);
});

test('accounts of the main project are looked through by the same function', async () => {
  const read = async (folder: string, file: string) => {
    const text = await readFile(join(folder, file), 'utf8');
    return /^create or replace function public\.leadwire_person_rows[^]*?\n\$\$;$/m.exec(text)?.[0];
  };
  const landing = await read(LANDING_SCHEMAS, '88_person_rows.sql');
  expect(landing).toContain('jsonb_build_object');
  expect(await read(MAIN_SCHEMAS, '96_person_rows.sql')).toBe(landing);
});

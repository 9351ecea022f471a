/** What a database is asked on the way of an erasure, which may take minutes between two questions. */
import { PermanentError, TransientError } from '@leadwire/shared/errors';
import { expect, test } from 'vitest';
import type { PersonDatabase } from '../src/person/person-parts.ts';
import { rowsOf } from '../src/person/stored.ts';

/** A database that does not answer the first `failures` calls, and has one row. */
function startDatabase(failures: number, thrown: Error): PersonDatabase & { calls: () => number } {
  let calls = 0;
  const call: PersonDatabase['call'] = (_name, _args, schema) => {
    calls += 1;
    if (calls <= failures) return Promise.reject(thrown);
    const rows = [{ at: '(0,1)', mark: '1', row: { id: 'one' } }];
    return Promise.resolve(schema.parse({ rows, next: null }));
  };
  return { call, calls: () => calls };
}

const idsOf = (database: PersonDatabase) =>
  Array.fromAsync(rowsOf(database, 'landing_leads'), ({ row }) => row['id']);

test('a connection that ended while it was idle is found out by one call, and the next has the rows', async () => {
  const database = startDatabase(1, new TransientError('fetch failed'));
  expect(await idsOf(database)).toEqual(['one']);
  expect(database.calls()).toBe(2);
});

test('a database that stays away ends it, and one that says no is not asked again', async () => {
  const away = startDatabase(99, new TransientError('fetch failed'));
  await expect(idsOf(away)).rejects.toThrow('fetch failed');
  expect(away.calls()).toBe(5);
  const refusing = startDatabase(99, new PermanentError('sql_22000', 'no'));
  await expect(idsOf(refusing)).rejects.toThrow('no');
  expect(refusing.calls()).toBe(1);
});

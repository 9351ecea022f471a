/**
 * Accounts of students, which are the platform's: what they paid for, their lessons and their login hang on them. They are
 * found by the person's contacts, and told to whoever erases; ending one is done there, by hand.
 */
import type { PersonDatabase, PersonParts } from './person-parts.ts';
import { rowsOf } from './stored.ts';
import type { Traces, Wanted } from './traces.ts';

interface AccountTable {
  /** As people call it, in Russian. */
  where: string;
  table: string;
  databaseOf: (parts: PersonParts) => PersonDatabase | undefined;
}

/** Accounts of people who work here (traffic_users) are not among them: no lead and no student has one. */
const ACCOUNT_TABLES: readonly AccountTable[] = [
  {
    where: 'Курс (tripwire)',
    table: 'tripwire_users',
    databaseOf: ({ databases }) => databases.tripwire,
  },
  { where: 'Учебная платформа (main)', table: 'users', databaseOf: ({ main }) => main },
];

/**
 * What is to be done by hand about the person's accounts, in Russian, by ids.
 * @throws what a database throws
 */
export async function accountsLeft(
  parts: PersonParts,
  { traces, wanted }: { traces: Traces; wanted: Wanted },
): Promise<string[]> {
  const { studentIds } = wanted;
  const left = [...studentIds].map(
    (id) => `Учебная платформа: удалите учётную запись ученика ${id}.`,
  );
  for (const { where, table, databaseOf } of ACCOUNT_TABLES) {
    const database = databaseOf(parts);
    if (!database) continue;
    for await (const { row } of rowsOf(database, table)) {
      const { id, user_id: login, email, phone } = row;
      const isTold = [id, login].some((each) => studentIds.has(String(each)));
      // An account is theirs whenever it was made.
      if (isTold || traces.find([email, phone], wanted, undefined) !== 'contact') continue;
      left.push(`${where}: удалите учётную запись ${String(id)} в таблице ${table}.`);
    }
  }
  return left;
}

/**
 * What the sandbox remembers: tables in memory, every change written to one JSONL file before the caller goes on.
 * Promises: a change that was made is on disk for a kill -9 of this process (the kernel has the bytes; a power
 * cut may lose the last ones), a transaction is on disk whole or not at all.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export type Table<Row> = {
  get(id: string): Row | undefined;
  /** In the order in which the ids were first put. */
  all(): Row[];
  put(id: string, row: Row): void;
  remove(id: string): void;
  size(): number;
};

export type Store = {
  table<Row>(name: string): Table<Row>;
  /** Writes all changes made by `work` as one line. `work` must not throw halfway: memory is not rolled back. */
  transaction<Result>(work: () => Result): Result;
  /** Empties every table, and the file. */
  clear(): void;
  close(): void;
};

type Change = [table: string, id: string, row: unknown];
type Rows = Map<string, Map<string, unknown>>;

/** Opens the store in `dataDir`, or one in memory only. Throws what the file system throws. */
export function openStore(dataDir?: string): Store {
  const file = dataDir === undefined ? undefined : join(dataDir, 'sandbox.jsonl');
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
  const tables: Rows = file === undefined ? new Map<string, Map<string, unknown>>() : replay(file);
  if (file !== undefined) rewrite(file, tables);
  let descriptor = file === undefined ? undefined : openSync(file, 'a');
  let open: Change[] | null = null;

  const write = (changes: Change[]): void => {
    if (descriptor !== undefined && changes.length > 0) {
      appendFileSync(descriptor, `${JSON.stringify(changes)}\n`);
    }
  };
  const record = (change: Change): void => {
    if (open === null) write([change]);
    else open.push(change);
  };
  const rowsOf = (name: string): Map<string, unknown> => {
    const rows = tables.get(name) ?? new Map<string, unknown>();
    tables.set(name, rows);
    return rows;
  };

  return {
    table: <Row>(name: string): Table<Row> => ({
      get: (id) => rowsOf(name).get(id) as Row | undefined,
      all: () => [...rowsOf(name).values()] as Row[],
      put: (id, row) => {
        rowsOf(name).set(id, row);
        record([name, id, row]);
      },
      remove: (id) => {
        if (rowsOf(name).delete(id)) record([name, id, null]);
      },
      size: () => rowsOf(name).size,
    }),
    transaction: (work) => {
      if (open !== null) return work();
      open = [];
      try {
        return work();
      } finally {
        const changes: Change[] = open;
        open = null;
        write(changes);
      }
    },
    clear: () => {
      tables.clear();
      if (file === undefined || descriptor === undefined) return;
      closeSync(descriptor);
      writeFileSync(file, '');
      descriptor = openSync(file, 'a');
    },
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Reads the file back. A last line torn by a kill was never answered for, so it is left out. */
function replay(file: string): Rows {
  const tables: Rows = new Map();
  if (!existsSync(file)) return tables;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    for (const [name, id, row] of parseLine(line)) {
      const rows = tables.get(name) ?? new Map<string, unknown>();
      tables.set(name, rows);
      if (row === null) rows.delete(id);
      else rows.set(id, row);
    }
  }
  return tables;
}

function parseLine(line: string): Change[] {
  if (line === '') return [];
  try {
    return JSON.parse(line) as Change[];
  } catch {
    return [];
  }
}

/** Keeps the file as small as its content: statuses change often, and only the last one matters. */
function rewrite(file: string, tables: Rows): void {
  const lines = [...tables].flatMap(([name, rows]) =>
    [...rows].map(([id, row]) => `${JSON.stringify([[name, id, row]])}\n`),
  );
  writeFileSync(`${file}.new`, lines.join(''));
  renameSync(`${file}.new`, file);
}

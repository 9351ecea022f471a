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
  readSync,
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
  if (dataDir === undefined) return new JournaledStore(new Map(), null);
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'sandbox.jsonl');
  const tables = replay(file);
  rewrite(file, tables);
  return new JournaledStore(tables, file);
}

/** What is read of the file at once. */
const CHUNK_BYTES = 1_048_576;

class JournaledStore implements Store {
  readonly #tables: Rows;
  readonly #file: string | null;
  #descriptor: number | null;
  /** The changes of the transaction that is open. */
  #open: Change[] | null = null;

  constructor(tables: Rows, file: string | null) {
    this.#tables = tables;
    this.#file = file;
    this.#descriptor = file === null ? null : openSync(file, 'a');
  }

  table<Row>(name: string): Table<Row> {
    // Looked up each time: `clear` throws the maps away.
    const rows = (): Map<string, unknown> => rowsOf(this.#tables, name);
    return {
      get: (id) => rows().get(id) as Row | undefined,
      all: () => [...rows().values()] as Row[],
      put: (id, row) => {
        rows().set(id, row);
        this.#record([name, id, row]);
      },
      remove: (id) => {
        if (rows().delete(id)) this.#record([name, id, null]);
      },
      size: () => rows().size,
    };
  }

  transaction<Result>(work: () => Result): Result {
    if (this.#open !== null) return work();
    const changes: Change[] = [];
    this.#open = changes;
    try {
      return work();
    } finally {
      this.#open = null;
      this.#write(changes);
    }
  }

  clear(): void {
    this.#tables.clear();
    if (this.#file === null || this.#descriptor === null) return;
    closeSync(this.#descriptor);
    writeFileSync(this.#file, '');
    this.#descriptor = openSync(this.#file, 'a');
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #record(change: Change): void {
    if (this.#open === null) this.#write([change]);
    else this.#open.push(change);
  }

  #write(changes: Change[]): void {
    if (this.#descriptor === null || changes.length === 0) return;
    appendFileSync(this.#descriptor, `${JSON.stringify(changes)}\n`);
  }
}

function rowsOf(tables: Rows, name: string): Map<string, unknown> {
  const rows = tables.get(name) ?? new Map<string, unknown>();
  tables.set(name, rows);
  return rows;
}

/** Reads the file back. A last line torn by a kill was never answered for, so it is left out. */
function replay(file: string): Rows {
  const tables: Rows = new Map();
  if (!existsSync(file)) return tables;
  for (const line of linesOf(file)) {
    for (const [name, id, row] of parseLine(line)) {
      const rows = rowsOf(tables, name);
      if (row === null) rows.delete(id);
      else rows.set(id, row);
    }
  }
  return tables;
}

/** Line by line: ten thousand mails make a file that is longer than a string can be. */
function* linesOf(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const decoder = new TextDecoder();
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = '';
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      const lines = (rest + decoder.decode(chunk.subarray(0, read), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    yield rest;
  } finally {
    closeSync(descriptor);
  }
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
  const descriptor = openSync(`${file}.new`, 'w');
  for (const [name, rows] of tables) {
    for (const [id, row] of rows) {
      appendFileSync(descriptor, `${JSON.stringify([[name, id, row]])}\n`);
    }
  }
  closeSync(descriptor);
  renameSync(`${file}.new`, file);
}

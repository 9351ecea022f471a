/** Everything that is stored about a person, place by place: found, and taken away. */
import { readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readStream, type StoredMessage } from '@leadwire/shared/broker/read-stream';
import { isGone } from '@leadwire/shared/broker/error-codes';
import { TransientError } from '@leadwire/shared/errors';
import { z } from 'zod';
import type { PersonDatabase, PersonParts } from './person-parts.ts';
import {
  bucketReach,
  streamReach,
  tableReach,
  type ProjectName,
  type Reach,
  type TableReach,
} from './places.ts';
import type { Traces, Wanted } from './traces.ts';

/** 8 KiB each, so a part is a megabyte of rows that are not large. */
const BLOCKS = 128;
const MOST_ATTEMPTS = 5;
const JOURNAL_FOLDERS = ['tmp', 'new', 'refused'];

/** One record about the person: `remove` takes it away, and says whether it was still there. */
export interface Found {
  /** `stream LEADS`, `bucket crm_map`, `table landing.sales`, `journal`. */
  place: string;
  remove(): Promise<boolean>;
}

interface Looking {
  traces: Traces;
  wanted: Wanted;
}

/** All there is, one place after the other; empty ones are passed over. @throws TransientError; what a database throws */
export async function* findStored(parts: PersonParts, looking: Looking): AsyncGenerator<Found> {
  const filled = await filledStreams(parts);
  for (const [name, reach] of Object.entries(streamReach)) {
    if (!filled.has(name)) continue;
    yield* inStream(parts, looking, { place: `stream ${name}`, stream: name, reach });
  }
  for (const [name, reach] of Object.entries(bucketReach)) {
    if (!filled.has(`KV_${name}`)) continue;
    yield* inStream(parts, looking, { place: `bucket ${name}`, stream: `KV_${name}`, reach });
  }
  yield* inJournal(parts.journalDir, looking);
  for (const [project, reaches] of Object.entries(tableReach)) {
    const database = parts.databases[project as ProjectName];
    if (!database) continue;
    const args = { in_tables: Object.keys(reaches) };
    const names = await ask(database, 'leadwire_person_filled', args, z.array(z.string()));
    for (const [table, reach] of Object.entries<TableReach>(reaches)) {
      if (!names.includes(table)) continue;
      yield* inTable(database, looking, { place: `table ${project}.${table}`, table, reach });
    }
  }
}

async function filledStreams({ bus }: PersonParts): Promise<Set<string>> {
  const manager = await bus.manager();
  const filled = new Set<string>();
  for await (const { config, state } of manager.streams.list()) {
    if (state.messages > 0) filled.add(config.name);
  }
  return filled;
}

/** Messages of a stream, or keys of a bucket, about the person. */
async function* inStream(
  { bus }: PersonParts,
  { traces, wanted }: Looking,
  { place, stream, reach }: { place: string; stream: string; reach: Reach },
): AsyncGenerator<Found> {
  if (reach === 'keep') return;
  const manager = await bus.manager();
  for await (const message of readStream(bus, stream)) {
    const trace = traceOf(message, traces, wanted);
    if (trace === undefined || (trace === 'id' && reach === 'contact')) continue;
    const remove = async () => {
      try {
        // Overwritten on the disk, not only passed over.
        return await manager.streams.deleteMessage(stream, message.seq, true);
      } catch (thrown) {
        if (isGone(thrown)) return false;
        throw thrown;
      }
    };
    yield { place, remove };
  }
}

function traceOf({ subject, data, json, at }: StoredMessage, traces: Traces, wanted: Wanted) {
  const value = json ?? Buffer.from(data).toString();
  const tokens = subject.split('.');
  const inSubject = tokens.some(
    (token) => wanted.ids.has(token) || wanted.studentIds.has(token) || wanted.contacts.has(token),
  );
  return traces.find(value, wanted, at) ?? (inSubject ? 'id' : undefined);
}

/** Leads that wait on this machine for the broker. */
async function* inJournal(
  dir: string | undefined,
  { traces, wanted }: Looking,
): AsyncGenerator<Found> {
  if (dir === undefined) return;
  for (const folder of JOURNAL_FOLDERS) {
    const files = await readdir(path.join(dir, folder)).catch(() => []);
    for (const name of files) {
      const file = path.join(dir, folder, name);
      const text = await readFile(file, 'utf8').catch(() => '');
      if (traces.find(jsonOf(text), wanted, undefined) === undefined) continue;
      yield { place: 'journal', remove: () => rm(file).then(() => true) };
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const pageSchema = z.object({
  rows: z.array(
    z.object({ at: z.string(), mark: z.string(), row: z.record(z.string(), z.unknown()) }),
  ),
  next: z.number().nullable(),
});
type Page = z.infer<typeof pageSchema>;

/** The rows of a table, whatever it is called. @throws what the database throws */
export async function* rowsOf(
  database: PersonDatabase,
  table: string,
): AsyncGenerator<Page['rows'][number]> {
  let from: number | null = 0;
  while (from !== null) {
    const page: Page = await pageOf(database, table, from);
    yield* page.rows;
    from = page.next;
  }
}

/**
 * Asks again when nothing answered. Streams of months are read between two calls, and the server has ended the idle
 * connection meanwhile, which shows when it is used. Each of the calls may be made twice.
 * @throws what the database throws
 */
async function ask<Schema extends z.ZodType>(
  database: PersonDatabase,
  name: string,
  args: Record<string, unknown>,
  schema: Schema,
): Promise<z.output<Schema>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.call(name, args, schema);
    } catch (thrown) {
      if (!(thrown instanceof TransientError) || attempt === MOST_ATTEMPTS) throw thrown;
      await delay(250 * attempt);
    }
  }
}

function pageOf(database: PersonDatabase, table: string, fromBlock: number): Promise<Page> {
  const args = { in_table: table, from_block: fromBlock, blocks: BLOCKS };
  return ask(database, 'leadwire_person_rows', args, pageSchema);
}

async function* inTable(
  database: PersonDatabase,
  { traces, wanted }: Looking,
  { place, table, reach: { reach, how } }: { place: string; table: string; reach: TableReach },
): AsyncGenerator<Found> {
  if (reach === 'keep') return;
  for await (const { at, mark, row } of rowsOf(database, table)) {
    const trace = traces.find(row, wanted, timeOf(row));
    if (trace === undefined || (trace === 'id' && reach === 'contact')) continue;
    const patch = patchOf(row, how, (value) => traces.scrub(value, wanted));
    if (patch !== null && isIn(row, patch)) continue;
    const args = { in_table: table, row_at: at, mark, patch };
    const remove = async () =>
      (await ask(database, 'leadwire_person_change', args, z.number())) === 1;
    yield { place, remove };
  }
}

/** When the row was made, as far as it says so. */
function timeOf(row: Readonly<Record<string, unknown>>): Date | undefined {
  const at = row['received_at'] ?? row['sold_at'] ?? row['left_at'] ?? row['created_at'];
  return typeof at === 'string' ? new Date(at) : undefined;
}

/** What is written into the row; null when it goes. Columns that this database does not have are left out. */
function patchOf(
  row: Readonly<Record<string, unknown>>,
  how: TableReach['how'],
  scrub: (value: unknown) => unknown,
): Readonly<Record<string, unknown>> | null {
  if (how === 'remove') return null;
  const wanted = how === 'scrub' ? (scrub(row) as Record<string, unknown>) : how(row);
  return Object.fromEntries(Object.entries(wanted).filter(([column]) => column in row));
}

/** Whether nothing of the patch would change the row: it was emptied before. */
function isIn(row: Readonly<Record<string, unknown>>, patch: Readonly<Record<string, unknown>>) {
  return Object.entries(patch).every(
    ([column, value]) => JSON.stringify(row[column]) === JSON.stringify(value),
  );
}

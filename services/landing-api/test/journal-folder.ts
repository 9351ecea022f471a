import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import type { Lead } from '@leadwire/shared/contract/events';
import { contentHash } from '@leadwire/shared/contract/ids';
import { createLog, type Log } from '@leadwire/shared/runtime/log';
import { openJournal, type Journal } from '../src/intake/journal.ts';
import type { LeadFact } from '../src/intake/lead-fact.ts';

type Subfolder = 'tmp' | 'new' | 'refused';

/** A place for a journal, of one test. */
export interface JournalFolder {
  readonly dir: string;
  path: (folder: Subfolder, file?: string) => string;
  /** The names of the files, sorted. */
  files: (folder: Subfolder) => Promise<string[]>;
  /** The lead ids of the entries, in the journal's order. */
  leadIds: () => Promise<string[]>;
  /** A journal on it, as a process of its own would open it. */
  open: () => Promise<Journal>;
  remove: () => Promise<void>;
}

/** The journal itself is not there yet, only the folder that it will be in. */
export async function createFolder(): Promise<JournalFolder> {
  const parent = await mkdtemp(join(tmpdir(), 'leadwire-journal-'));
  const dir = join(parent, 'journal');
  const path = (folder: Subfolder, file = '') => join(dir, folder, file);
  const files = async (folder: Subfolder) => (await readdir(path(folder))).sort();
  return {
    dir,
    path,
    files,
    leadIds: async () => {
      const texts = (await files('new')).map((file) => readFile(path('new', file), 'utf8'));
      return (await Promise.all(texts)).map(
        (text) => (JSON.parse(text) as LeadFact).event.data.leadId,
      );
    },
    open: () => openJournal({ dir, log: createLog('landing-api', 'silent') }),
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}

/** A log, and the lines that were written to it. */
export function readableLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write: (line: Buffer, _encoding, done) => {
      lines.push(line.toString());
      done();
    },
  });
  return { log: createLog('landing-api', 'info', destination), lines };
}

/** A lead as the intake gives it to the journal: with a key, and content of its own, unless told otherwise. */
export function someFact(
  lead: Partial<Lead> = {},
  { isKeyed = true, content }: { isKeyed?: boolean; content?: unknown } = {},
): LeadFact {
  const event = leadCreated(someLead(lead));
  return {
    event,
    isKeyed,
    contentHash: contentHash({ content: content ?? event.subject, ...lead }),
  };
}

/**
 * Leads on this machine's own disk, for when the broker does not take them: one file each,
 *
 *   <dir>/tmp/<any>                    being written; never answered 201
 *   <dir>/new/<order>-<leadId>.json    accepted; goes to the broker in this order
 *   <dir>/refused/<the same>           what the broker cannot be given: for a person to look at
 *
 * What it promises: when `put` returns, the lead survives a power cut; `put` again for the same lead
 * writes nothing. Several processes on one folder do not hurt each other: each file is complete from
 * the moment it has its name, and what another process took away is simply gone.
 *
 * A folder that is missing at the start is made. One that goes missing later is not: it was a disk
 * that somebody took away, and leads written underneath would vanish when it is back.
 */
import { mkdir, readFile, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TransientError, toError } from '@leadwire/shared/errors';
import { newId } from '@leadwire/shared/contract/ids';
import type { Log } from '@leadwire/shared/runtime/log';
import { fileErrorCode, syncFolder, writeDurably, writeSynced } from './durable-file.ts';
import {
  createFileNames,
  decodeEntry,
  encodeEntry,
  entryOf,
  type JournalEntry,
} from './journal-entry.ts';
import type { LeadFact } from './lead-fact.ts';

const FOLDERS = ['tmp', 'new', 'refused'] as const;
const FOLDER_MODE = 0o700;
/** No entry is larger: a body has 32 KiB at most. */
const PROBE_TEXT = ' '.repeat(128 * 1024);
/** A file in tmp/ that is older was left by a crash: no write takes so long. */
const LEFTOVER_MS = 60 * 60 * 1_000;

/** What the disk's answers mean; others are told by their code. */
const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the limit on the size of files is reached',
  EROFS: 'the disk is read-only',
  EACCES: 'the folder is not writable',
  EPERM: 'the folder is not writable',
  ENOENT: 'the folder is missing',
  ENOTDIR: 'there is a file in the place of a folder',
  EIO: 'the disk is failing',
};

export interface Journal {
  /**
   * Resolves when the lead is on the disk, now or from before: `isNew` tells, and `contentHash` is
   * that of the one which is there.
   * @throws TransientError when the disk does not take it; then it is not in the journal.
   */
  put(fact: LeadFact): Promise<{ isNew: boolean; contentHash: string }>;
  /** The lead, if it is still here. */
  find(leadId: string): Promise<LeadFact | undefined>;
  /** How many wait, as of the last look at the folder. */
  depth(): number;
  /** What waits, in order. */
  waiting(): JournalEntry[];
  /** An entry's content, or undefined when somebody else took it away. @throws when it cannot be read. */
  read(file: string): Promise<LeadFact | undefined>;
  /**
   * The broker has it. Not synced: after a power cut it may be back, and is recognised then.
   * @throws when the disk does not let it go.
   */
  remove(file: string): Promise<void>;
  /** Sets it aside for a person. Never throws: what cannot be moved stays, and is told once. */
  refuse(file: string, why: string): Promise<void>;
  /** Looks at the folder: takes up what others put there, sets aside what is no lead. @throws when it cannot. */
  scan(): Promise<void>;
  /** Scans and tries whether the folder would take a lead; `problem` is true to the disk then. */
  check(): Promise<void>;
  /** Why it cannot take leads, in words, or undefined. */
  problem(): string | undefined;
  /** How many files lie in refused/, as of the last check. */
  refused(): number;
}

/**
 * Opens the folder, makes it if it is missing, and reads what is in it. Resolves also when the folder
 * cannot be used: `problem` says why, and `check` finds out when it can.
 */
export async function openJournal({ dir, log }: { dir: string; log: Log }): Promise<Journal> {
  const place = (folder: (typeof FOLDERS)[number], file = '') => join(dir, folder, file);
  const nextFile = createFileNames();
  const entries = new Map<string, JournalEntry>();
  const fileOf = new Map<string, string>();
  const writing = new Map<string, Promise<{ isNew: boolean; contentHash: string }>>();
  const toldOf = new Set<string>();
  let trouble: string | undefined;
  let refusedCount = 0;

  const setTrouble = (thrown: unknown): void => {
    const said = trouble;
    trouble = thrown === undefined ? undefined : wordsFor(thrown);
    if (trouble === said) return;
    if (trouble === undefined) log.info({ dir }, 'the journal takes leads again');
    else log.error({ dir, err: toError(thrown) }, `the journal cannot take leads: ${trouble}`);
  };

  const remember = (file: string, fact: LeadFact): void => {
    const entry = entryOf(file, fact);
    entries.set(file, entry);
    fileOf.set(entry.leadId, file);
  };

  const forget = (file: string): void => {
    const leadId = entries.get(file)?.leadId;
    entries.delete(file);
    if (leadId !== undefined && fileOf.get(leadId) === file) fileOf.delete(leadId);
  };

  const tellOnce = (file: string, why: string, thrown: unknown): void => {
    if (!toldOf.has(file)) log.error({ dir, file, err: toError(thrown) }, why);
    toldOf.add(file);
  };

  const makeFolders = async (): Promise<void> => {
    for (const folder of FOLDERS) {
      await mkdir(place(folder), { mode: FOLDER_MODE }).catch((thrown: unknown) => {
        if (fileErrorCode(thrown) !== 'EEXIST') throw thrown;
      });
    }
    await syncFolder(dir);
  };

  /** Folders inside ours may be made anew at any time; ours may not. */
  const withFolders = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      if (fileErrorCode(thrown) !== 'ENOENT') throw thrown;
      await makeFolders();
      await work();
    }
  };

  const store = async (fact: LeadFact): Promise<void> => {
    const file = nextFile(fact.event.data.leadId);
    const write = () => writeDurably(place('new', file), encodeEntry(fact), place('tmp', newId()));
    try {
      await withFolders(write);
    } catch (thrown) {
      setTrouble(thrown);
      throw new TransientError(`the journal cannot take leads: ${wordsFor(thrown)}`, {
        cause: toError(thrown),
      });
    }
    remember(file, fact);
  };

  const findOrStore = async (fact: LeadFact) => {
    const held = await journal.find(fact.event.data.leadId);
    if (held) return { isNew: false, contentHash: held.contentHash };
    await store(fact);
    return { isNew: true, contentHash: fact.contentHash };
  };

  /** Takes up one file that is not known yet. One that the disk does not give is looked at again. */
  const takeUp = async (file: string): Promise<void> => {
    try {
      const fact = await journal.read(file);
      if (fact) remember(file, fact);
    } catch (thrown) {
      const code = fileErrorCode(thrown);
      const isNoLead = code === undefined || code === 'EISDIR';
      if (isNoLead) await journal.refuse(file, toError(thrown).message);
      else tellOnce(file, 'an entry of the journal cannot be read', thrown);
    }
  };

  const probe = async (): Promise<void> => {
    const file = place('tmp', newId());
    try {
      await withFolders(() => writeSynced(file, PROBE_TEXT));
    } finally {
      await rm(file, { force: true }).catch(() => undefined);
    }
  };

  const countRefused = async (): Promise<void> => {
    await withFolders(async () => {
      refusedCount = (await readdir(place('refused'))).length;
    });
  };

  const removeLeftovers = async (): Promise<void> => {
    for (const file of await readdir(place('tmp'))) {
      const { mtimeMs } = await stat(place('tmp', file));
      if (Date.now() - mtimeMs > LEFTOVER_MS) await rm(place('tmp', file), { force: true });
    }
  };

  const journal: Journal = {
    async put(fact) {
      const { leadId } = fact.event.data;
      const first = writing.get(leadId);
      if (first) return { ...(await first), isNew: false };
      const work = findOrStore(fact);
      writing.set(leadId, work);
      try {
        return await work;
      } finally {
        writing.delete(leadId);
      }
    },

    async find(leadId) {
      const file = fileOf.get(leadId);
      return file === undefined ? undefined : journal.read(file).catch(() => undefined);
    },

    depth: () => entries.size,
    waiting: () => [...entries.values()].sort((a, b) => (a.file < b.file ? -1 : 1)),

    async read(file) {
      try {
        return decodeEntry(await readFile(place('new', file), 'utf8'));
      } catch (thrown) {
        if (fileErrorCode(thrown) !== 'ENOENT') throw thrown;
        forget(file);
        return undefined;
      }
    },

    async remove(file) {
      await unlink(place('new', file)).catch((thrown: unknown) => {
        if (fileErrorCode(thrown) !== 'ENOENT') throw thrown;
      });
      forget(file);
    },

    async refuse(file, why) {
      try {
        await rename(place('new', file), place('refused', file));
        forget(file);
        refusedCount += 1;
        log.error({ dir, file, why }, 'an entry of the journal was set aside in refused/');
      } catch (thrown) {
        if (fileErrorCode(thrown) === 'ENOENT') return;
        tellOnce(file, `an entry of the journal could not be set aside: ${why}`, thrown);
      }
    },

    async scan() {
      const known = [...entries.keys()];
      const present = new Set(await readdir(place('new')));
      for (const file of known) if (!present.has(file)) forget(file);
      for (const file of toldOf) if (!present.has(file)) toldOf.delete(file);
      for (const file of [...present].sort()) if (!entries.has(file)) await takeUp(file);
    },

    async check() {
      // What is there is looked at in any case: a disk that takes nothing still gives.
      const looks = [probe, () => withFolders(() => journal.scan()), countRefused];
      const [failure] = (await Promise.allSettled(looks.map((look) => look()))).flatMap((look) =>
        look.status === 'rejected' ? [look.reason as unknown] : [],
      );
      setTrouble(failure);
    },

    problem: () => trouble && `the journal cannot take leads: ${trouble}`,
    refused: () => refusedCount,
  };

  await makeFolder(dir).catch(setTrouble);
  await journal.check();
  await removeLeftovers().catch((thrown: unknown) => {
    log.warn({ dir, err: toError(thrown) }, 'what a crash left in tmp/ could not be removed');
  });
  return journal;
}

/** With the folders above it, durably: each name is in the folder above. */
async function makeFolder(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let made = resolve(dir); made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

function wordsFor(thrown: unknown): string {
  const code = fileErrorCode(thrown);
  const words = code === undefined ? undefined : WORDS[code];
  return words === undefined ? toError(thrown).message : `${words} (${code})`;
}

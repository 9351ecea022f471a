/** From what a person has of a lead's id to the lead as it is stored. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Bus, StoredEvent } from '@leadwire/shared/broker/bus';
import { subjects } from '@leadwire/shared/contract/topology';
import { LeadError } from './lead-error.ts';

/** Fewer characters fit too many leads. */
export const SHORTEST_ID = 8;
const MOST_CANDIDATES = 10;
const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface LeadPlaces {
  bus: Bus;
  /** landing-api's journal, where it is on this machine. */
  journalDir?: string | undefined;
}

/**
 * Whether it looks like a lead's id, the first eight characters of one or more, or its short number: `#` and the last
 * eight, as Telegram shows it, or the last twelve, as a deal's name ends.
 */
export function isLeadId(id: string): boolean {
  return /^#?[0-9a-f-]{8,36}$/i.test(id);
}

/**
 * The lead's event by a whole id, by its first characters when only one lead begins with them, or by its short number.
 * @throws LeadError in words; TransientError when the broker does not answer
 */
export async function requireLead(places: LeadPlaces, id: string): Promise<StoredEvent> {
  if (!isLeadId(id)) {
    const words = `"${id}" is no lead's id, nor the first ${SHORTEST_ID} characters of one.`;
    throw new LeadError('bad_id', words);
  }
  const wanted = id.toLowerCase();
  const found = await idsLike(places.bus, wanted);
  const [only, ...others] = found;
  if (others.length > 0) {
    const some = found.slice(0, MOST_CANDIDATES).map((each) => `  ${each}`);
    const question = `${found.length} leads begin with ${id}; which one?`;
    throw new LeadError('ambiguous', [question, ...some].join('\n'));
  }
  const stored =
    only === undefined ? undefined : await places.bus.lastUnder('LEADS', subjects.anyLead(only));
  if (stored) return stored;
  const file = await findInJournal(places.journalDir, wanted);
  if (file === undefined) throw new LeadError('unknown', `There is no lead ${id}.`);
  throw new LeadError(
    'in_journal',
    `Lead ${id} is in the journal of landing-api and not at the broker yet: ${file}`,
  );
}

async function idsLike(bus: Bus, wanted: string): Promise<string[]> {
  if (WHOLE_ID.test(wanted)) return [wanted];
  const manager = await bus.manager();
  const { state } = await manager.streams.info('LEADS', { subjects_filter: 'leads.>' });
  const ids = Object.keys(state.subjects ?? {}).map((subject) => subject.split('.').at(-1) ?? '');
  const number = wanted.replace('#', '');
  // A lead may have several facts: one id all the same.
  const all = [...new Set(ids)];
  const beginning = wanted.startsWith('#') ? [] : all.filter((each) => each.startsWith(number));
  return beginning.length > 0 ? beginning : all.filter((each) => each.endsWith(number));
}

/** Where the lead lies in landing-api's journal, if that is on this machine: `new/…json`. */
async function findInJournal(dir: string | undefined, leadId: string): Promise<string | undefined> {
  if (dir === undefined) return undefined;
  for (const folder of ['new', 'refused']) {
    const files = await readdir(path.join(dir, folder)).catch(() => []);
    const file = files.find((name) => name.endsWith(`-${leadId}.json`));
    if (file !== undefined) return path.join(dir, folder, file);
  }
  return undefined;
}

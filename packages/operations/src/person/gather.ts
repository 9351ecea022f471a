/**
 * Who a person is: from one contact to everything of theirs. Another contact is theirs as well when it never stands
 * without one that is; one that does may be somebody else's, whose phone or address was typed by mistake.
 */
import { contactFor } from '@leadwire/shared/contacts/contacts';
import { readStream } from '@leadwire/shared/broker/read-stream';
import type { StreamName } from '@leadwire/shared/contract/streams';
import { z } from 'zod';
import { SHORTEST_ID, isLeadId } from '../leads/find-lead.ts';
import { PersonError } from './person-error.ts';
import type { PersonParts } from './person-parts.ts';
import { rowsOf } from './stored.ts';
import type { Traces } from './traces.ts';

/** Somebody's contacts, said together at one place. */
interface Card {
  /** Of what was said: a lead, a message, a sale, a referrer; none of a student. */
  ids: string[];
  studentId: string | undefined;
  /** As they were said, by their hashes; the phone first. */
  contacts: Map<string, string>;
}

export interface Person {
  /** Theirs, as they were said, by their hashes. */
  contacts: ReadonlyMap<string, string>;
  /** Said together with theirs, and somewhere without: left alone. */
  shared: string[];
  ids: string[];
  studentIds: string[];
}

const CARD_STREAMS: readonly StreamName[] = ['LEADS', 'STUDENTS', 'SALES', 'REFERRALS', 'MESSAGES'];
/** Rows of leads may be older than the streams: the table, and its column with the lead's id. */
const CARD_TABLES = [
  { project: 'landing', table: 'landing_leads', column: 'id' },
  { project: 'tripwire', table: 'lead_tracking', column: 'lead_id' },
] as const;

const text = z.string().nullish();
const saidSchema = z.object({
  leadId: text,
  studentId: text,
  saleId: text,
  messageId: text,
  referrerId: text,
  email: text,
  phone: text,
  to: z.object({ email: text, phone: text }).optional(),
});

/** @throws PersonError `bad_contact`; TransientError; what a database throws */
export async function gatherPerson(
  parts: PersonParts,
  traces: Traces,
  typed: string,
): Promise<Person> {
  const cards: Card[] = [];
  for await (const card of cardsIn(parts, traces)) cards.push(card);
  const contacts = startOf(typed, traces, cards);
  const mine = new Set<Card>();
  for (let size = -1; size !== contacts.size + mine.size;) {
    size = contacts.size + mine.size;
    for (const card of cards) if (hasAny(card, contacts)) mine.add(card);
    for (const [hash, contact] of [...mine].flatMap((card) => [...card.contacts])) {
      if (contacts.has(hash)) continue;
      const isAlone = cards.some((card) => card.contacts.has(hash) && !mine.has(card));
      if (!isAlone) contacts.set(hash, contact);
    }
  }
  const others = [...mine].flatMap((card) => [...card.contacts]);
  const shared = others.filter(([hash]) => !contacts.has(hash)).map(([, contact]) => contact);
  return {
    contacts,
    shared: [...new Set(shared)],
    ids: [...new Set([...mine].flatMap(({ ids }) => ids))],
    studentIds: [...new Set([...mine].flatMap(({ studentId }) => studentId ?? []))],
  };
}

function hasAny({ contacts }: Card, wanted: ReadonlyMap<string, string>): boolean {
  return [...contacts.keys()].some((hash) => wanted.has(hash));
}

/** The contact that was given; of a lead its phone, or its address when there is none. */
function startOf(typed: string, traces: Traces, cards: readonly Card[]): Map<string, string> {
  const isPhone = /^[+\d\s()-]+$/.test(typed);
  if (typed.includes('@') || isPhone) {
    const read = contactFor(isPhone ? 'sms' : 'email', typed);
    if ('contact' in read) return new Map([[traces.hash(read.contact), read.contact]]);
    throw new PersonError('bad_contact', 'This is no phone number and no mail address.');
  }
  if (!isLeadId(typed)) {
    const words = `"${typed}" is no phone, no mail address, no lead's id, nor the first ${SHORTEST_ID} characters of one.`;
    throw new PersonError('bad_contact', words);
  }
  const meant = cards.filter(({ ids }) => ids.some((id) => isIdLike(id, typed)));
  const found = new Set(meant.flatMap(({ ids }) => ids));
  if (found.size > 1) {
    const words = `${found.size} leads have ${typed} at an end of their id: give more of it.`;
    throw new PersonError('bad_contact', words);
  }
  return new Map(meant.flatMap(({ contacts }) => [...contacts]).slice(0, 1));
}

/** Whether somebody may mean this lead by what they typed of its id. */
export function isIdLike(id: string, typed: string): boolean {
  const wanted = typed.toLowerCase().replace('#', '');
  return id.startsWith(wanted) || id.endsWith(wanted);
}

async function* cardsIn(parts: PersonParts, traces: Traces): AsyncGenerator<Card> {
  for (const stream of CARD_STREAMS) {
    for await (const { json } of readStream(parts.bus, stream)) {
      const said = saidSchema.safeParse((json as { data?: unknown } | undefined)?.data).data;
      if (said) yield cardOf(said, traces);
    }
  }
  for (const { project, table, column } of CARD_TABLES) {
    const database = parts.databases[project];
    if (!database) continue;
    for await (const { row } of rowsOf(database, table)) {
      const said = saidSchema.safeParse({ ...row, leadId: row[column] }).data;
      if (said) yield cardOf(said, traces);
    }
  }
}

function cardOf(said: z.infer<typeof saidSchema>, traces: Traces): Card {
  const { leadId, saleId, messageId, referrerId, studentId } = said;
  const contacts = [said.phone ?? said.to?.phone, said.email ?? said.to?.email].filter(isSaid);
  return {
    ids: [leadId, saleId, messageId, referrerId].filter(isSaid),
    studentId: studentId ?? undefined,
    contacts: new Map(contacts.map((contact) => [traces.hash(contact), contact])),
  };
}

function isSaid(text: string | null | undefined): text is string {
  return text !== null && text !== undefined && text !== '';
}

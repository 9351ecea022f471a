/**
 * From a list of people as they were typed to those a campaign writes to, and those it leaves out. What the database
 * knows (suppressions, the standing exclusions, topics) is applied by the database, at the preview and at the start.
 */
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import { contactFor } from '@leadwire/shared/contacts/contacts';
import { readEmails } from '@leadwire/shared/contacts/emails';
import { readPhones } from '@leadwire/shared/contacts/phones';
import type { Channel } from '@leadwire/shared/contract/events';
import type { ReadVariables } from '@leadwire/templates/campaign-templates';
import type { BrokenRow, ListedPerson } from './audience-csv.ts';
import type { LeftOutReason } from './left-out.ts';
import { notePerson, startNotes, type ListNotes } from './list-notes.ts';
import { readName } from './person-name.ts';

/** Somebody who is written to; `contact` is in its normal form, `variables` are checked. */
export interface Person {
  row: number;
  contact: string;
  name: string | null;
  variables: Record<string, unknown>;
}

/** Somebody who is not, and why; `contact` as it was typed. */
export interface LeftOutPerson {
  row: number;
  contact: string | null;
  name: string | null;
  reason: LeftOutReason;
}

/** A whole list, read. With broken rows it must not be used: somebody would be missed. */
export interface Audience {
  people: Person[];
  leftOut: LeftOutPerson[];
  broken: BrokenRow[];
  notes: ListNotes;
}

export interface AudienceOptions {
  channel: Channel;
  /** Contacts of this campaign's own exclusions, as typed; mail addresses and phones exclude on either channel. */
  exclude: readonly string[];
  /** Whether somebody with this contact was erased, ever: a list of before cannot be told from a newer one. */
  isErased?: (contact: string) => boolean;
  /** Checks what a person has of the template's variables. */
  readVariables: (fields: Readonly<Record<string, string>>) => ReadVariables;
  /** Why nobody pays for a message to this contact, or undefined. */
  refusal?: ((contact: string) => LeftOutReason | undefined) | undefined;
  /** What the reader of the list found broken, filled while it is read. */
  broken: BrokenRow[];
}

const LONGEST_CONTACT = 254;

/** Reads the whole list. The first one of several with the same contact is kept. */
export async function readAudience(
  list: AsyncIterable<ListedPerson>,
  { channel, exclude, isErased = () => false, readVariables, refusal, broken }: AudienceOptions,
): Promise<Audience> {
  const people = new Map<string, Person>();
  const leftOut: LeftOutPerson[] = [];
  const excluded = new Set(exclude.flatMap(normalForms));
  const notes = startNotes();

  for await (const listed of list) {
    const { row, fields } = listed;
    const typed = channel === 'email' ? listed.email : listed.phone;
    const { name, isGarbled } = readName(listed.name);
    const leaveOut = (reason: LeftOutReason) =>
      leftOut.push({ row, name, contact: cleanLine(typed, LONGEST_CONTACT) || null, reason });

    const read = contactFor(channel, typed);
    const reason = 'reason' in read ? read.reason : refusal?.(read.contact);
    if (isExcluded(listed, excluded)) leaveOut('excluded_by_campaign');
    else if ([...normalForms(listed.email), ...normalForms(listed.phone)].some(isErased)) {
      leftOut.push({ row, name: null, contact: null, reason: 'erased' });
    } else if (reason !== undefined) leaveOut(reason);
    else if ('contact' in read && people.has(read.contact)) leaveOut('duplicate');
    else if ('contact' in read) {
      const own = readVariables(fields);
      if (own.issues) broken.push({ row, reason: wordsFor(own.issues) });
      else {
        people.set(read.contact, { row, contact: read.contact, name, variables: own.variables });
        notePerson(notes, { row, contact: read.contact, name, isGarbled });
      }
    }
  }
  return { people: [...people.values()], leftOut, broken, notes };
}

/** `link: missing; code: expected …` */
function wordsFor(issues: readonly { path: string; message: string }[]): string {
  return issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

/** Every address and phone in a text in its normal form; what is neither is compared as it was typed, in lower case. */
function normalForms(typed: string): string[] {
  const text = cleanLine(typed, LONGEST_CONTACT).toLowerCase();
  const emails = readEmails(typed).map((email) => email.toLowerCase());
  return [text, ...emails, ...readPhones(typed)].filter((form) => form !== '');
}

function isExcluded({ email, phone }: ListedPerson, excluded: ReadonlySet<string>): boolean {
  if (excluded.size === 0) return false;
  return [...normalForms(email), ...normalForms(phone)].some((form) => excluded.has(form));
}

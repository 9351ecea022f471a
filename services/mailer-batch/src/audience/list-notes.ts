/** What somebody should know of a list before its campaign starts, though nothing of it stops the campaign. */
import { suggestDomain } from '@leadwire/shared/contacts/typos';
import { z } from 'zod';

const count = z.number().int();
/** Rows are examples: the first so many. Domains are nobody's contact data. */
const MOST_EXAMPLES = 100;

export const notesSchema = z.object({
  nameless: count.meta({ description: 'People who are written to and have no name to greet.' }),
  garbledNames: z.object({ count, rows: z.array(count) }).meta({
    description: 'Letters of the name were lost when the list was saved (`Айг?рим`): not greeted.',
  }),
  typos: z
    .object({
      count,
      rows: z.array(z.object({ row: count, domain: z.string(), probably: z.string() })),
    })
    .meta({ description: 'Addresses whose domain is probably a slip (`gamil.com`).' }),
});
export type ListNotes = z.infer<typeof notesSchema>;

export function startNotes(): ListNotes {
  return { nameless: 0, garbledNames: { count: 0, rows: [] }, typos: { count: 0, rows: [] } };
}

/** The notes of a stored campaign; those of a list that was stored before there were notes are empty. */
export function notesOf(source: Readonly<Record<string, unknown>>): ListNotes {
  return notesSchema.catch(startNotes()).parse(source['notes']);
}

/** Adds what is to be noted of somebody who is written to; `contact` is in its normal form. */
export function notePerson(
  notes: ListNotes,
  person: { row: number; contact: string; name: string | null; isGarbled: boolean },
): void {
  const { row, contact, name, isGarbled } = person;
  const { garbledNames, typos } = notes;
  if (name === null) notes.nameless += 1;
  if (isGarbled) {
    garbledNames.count += 1;
    if (garbledNames.rows.length < MOST_EXAMPLES) garbledNames.rows.push(row);
  }
  const domain = contact.slice(contact.lastIndexOf('@') + 1);
  const probably = contact.includes('@') ? suggestDomain(domain) : undefined;
  if (probably === undefined) return;
  typos.count += 1;
  if (typos.rows.length < MOST_EXAMPLES) typos.rows.push({ row, domain, probably });
}

/** The two lists of people who are not written to, as the database's functions keep them. All throw as `Database` does. */
import { channels } from '@leadwire/shared/contract/events';
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';

const contactSchema = z.object({ channel: z.enum(channels), contact: z.string() });
/** A contact in its normal form. */
export type Contact = z.infer<typeof contactSchema>;

const suppressionSchema = contactSchema.extend({
  reason: z.string(),
  source: z.string().nullable(),
  createdAt: z.string(),
});
export type Suppression = z.infer<typeof suppressionSchema>;

const exclusionSchema = contactSchema.extend({
  note: z.string().nullable(),
  createdAt: z.string(),
});
export type Exclusion = z.infer<typeof exclusionSchema>;

/** Which part of a list, the newest first. */
export interface Page {
  offset: number;
  limit: number;
}

export type ContactLists = ReturnType<typeof createContactLists>;

/** Adding what is there, or removing what is not, changes nothing; the answer is how many were changed. */
export function createContactLists(database: Pick<Database, 'call'>) {
  const call = <Schema extends z.ZodType>(name: string, args: object, schema: Schema) =>
    database.call(`leadwire_campaign_${name}`, args, schema);
  const count = (name: string, args: object) => call(name, args, z.number());
  const paged = ({ offset, limit }: Page) => ({ p_offset: offset, p_limit: limit });

  return {
    suppressions: (page: Page) => call('suppressions', paged(page), z.array(suppressionSchema)),
    suppress: (contacts: readonly Contact[], source: string) =>
      count('suppress', { p_rows: contacts, p_source: source }),
    unsuppress: (contacts: readonly Contact[]) => count('unsuppress', { p_rows: contacts }),
    exclusions: (page: Page) => call('exclusions', paged(page), z.array(exclusionSchema)),
    exclude: (contacts: readonly Contact[], note: string | null) =>
      count('exclude', { p_rows: contacts, p_note: note }),
    unexclude: (contacts: readonly Contact[]) => count('unexclude', { p_rows: contacts }),
  };
}

/** The two lists of people who are not written to, as the database's functions keep them. All throw as `Database` does. */
import type { Channel } from '@leadwire/shared/contract/events';
import type { Database } from '@leadwire/shared/providers/supabase';

/** A contact in its normal form. */
export interface Contact {
  channel: Channel;
  contact: string;
}

export interface Suppression extends Contact {
  reason: string;
  source: string | null;
  createdAt: string;
}

export interface Exclusion extends Contact {
  note: string | null;
  createdAt: string;
}

/** Which part of a list, the newest first. */
export interface Page {
  offset: number;
  limit: number;
}

export type ContactLists = ReturnType<typeof createContactLists>;

/** Adding what is there, or removing what is not, changes nothing; the answer is how many were changed. */
export function createContactLists(database: Pick<Database, 'call'>) {
  const call = <Answer>(name: string, args: object): Promise<Answer> =>
    database.call(`leadwire_campaign_${name}`, args) as Promise<Answer>;
  const paged = ({ offset, limit }: Page) => ({ p_offset: offset, p_limit: limit });

  return {
    suppressions: (page: Page) => call<Suppression[]>('suppressions', paged(page)),
    suppress: (contacts: readonly Contact[], source: string) =>
      call<number>('suppress', { p_rows: contacts, p_source: source }),
    unsuppress: (contacts: readonly Contact[]) => call<number>('unsuppress', { p_rows: contacts }),
    exclusions: (page: Page) => call<Exclusion[]>('exclusions', paged(page)),
    exclude: (contacts: readonly Contact[], note: string | null) =>
      call<number>('exclude', { p_rows: contacts, p_note: note }),
    unexclude: (contacts: readonly Contact[]) => call<number>('unexclude', { p_rows: contacts }),
  };
}

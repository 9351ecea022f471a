/** What the migrations offer for campaigns before they start. All throw as `Database` does. */
import type { Database } from '@leadwire/shared/providers/supabase';
import type { Campaign, CampaignWithCounts, NewCampaign } from './campaign-store.ts';

/** A draft with the SHA-256 of the request that makes it, when that can be repeated. */
export type NewDraft = NewCampaign & { requestHash: string | null };

/** People who get the same text: `row` is the first of them. */
export interface AlikePeople {
  row: number;
  name: string | null;
  variables: Record<string, unknown>;
  people: number;
}

export type DraftStore = ReturnType<typeof createDraftStore>;

export function createDraftStore(database: Pick<Database, 'call'>) {
  const call = <Answer>(name: string, args: object): Promise<Answer> =>
    database.call(`leadwire_campaign_${name}`, args) as Promise<Answer>;

  return {
    /** The same id again changes nothing and answers what is there, with the hash of the request that made it. */
    make: (draft: NewDraft) =>
      call<Campaign & { requestHash: string | null }>('create', { p_campaign: draft }),
    /** The newest campaigns whose id begins so. */
    find: (prefix: string, limit: number) =>
      call<CampaignWithCounts[]>('find', { p_prefix: prefix.toLowerCase(), p_limit: limit }),
    /** Of `limit` rows of the list: who gets a text, those together who get the same. `next` is null at the end. */
    texts: (id: string, afterRow: number, limit: number) =>
      call<{ groups: AlikePeople[]; next: number | null }>('texts', {
        p_id: id,
        p_after: afterRow,
        p_limit: limit,
      }),
  };
}

/** Drafts copied, deleted and changed by two people. All throw as `Database` does. */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { kind, missing, notAllowed } from './campaign-answers.ts';
import type { Patch } from './campaign-store.ts';

const patchedSchema = z.union([
  kind('changed', 'stale'),
  notAllowed.extend({ field: z.string() }),
  missing,
]);
const deletedSchema = z.union([kind('deleted'), notAllowed, missing]);
export type CopyStore = ReturnType<typeof createCopyStore>;

export function createCopyStore(database: Pick<Database, 'call'>) {
  return {
    /** `changedAt`: when it was last changed as the writer has read it; null takes it as it is. */
    patch: (id: string, patch: Patch, changedAt: string | null) =>
      database.call(
        'leadwire_campaign_patch_read',
        { p_id: id, p_patch: patch, p_changed_at: changedAt },
        patchedSchema,
      ),
    /** Where a draft's people come from. */
    setSource: (id: string, source: object) =>
      database.call('leadwire_campaign_set_source', { p_id: id, p_source: source }, z.boolean()),
    /** The list of another campaign as that of a draft that has none. */
    copyList: (id: string, from: string) =>
      database.call('leadwire_campaign_copy_list', { p_id: id, p_from: from }, z.boolean()),
    remove: (id: string) => database.call('leadwire_campaign_delete', { p_id: id }, deletedSchema),
  };
}

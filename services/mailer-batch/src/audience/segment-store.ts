/** Saved segments and their people, as the database's functions keep them. All throw as `Database` does. */
import { segmentFilterSchema, type SegmentFilter } from '@leadwire/shared/contract/segments';
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { kind } from '../campaigns/campaign-answers.ts';

export const segmentSchema = z.object({
  id: z.string(),
  name: z.string(),
  filter: segmentFilterSchema,
  createdBy: z.string().nullable(),
  changedAt: z.string(),
});
export type Segment = z.infer<typeof segmentSchema>;

const savedSchema = z.union([
  kind('saved').extend({ segment: segmentSchema }),
  kind('stale', 'name_taken'),
]);
const countedSchema = z.object({ people: z.number(), reachable: z.number() });
const peopleSchema = z.array(z.object({ contact: z.string(), name: z.string().nullable() }));

/** Whom a filter is asked about: addresses or phones, and in which zone its days begin. */
export interface SegmentView {
  channel: 'email' | 'sms';
  timeZone: string;
}

export type SegmentStore = ReturnType<typeof createSegmentStore>;

export function createSegmentStore(database: Pick<Database, 'call'>) {
  const about = (filter: SegmentFilter, { channel, timeZone }: SegmentView) => ({
    p_filter: filter,
    p_channel: channel,
    p_time_zone: timeZone,
  });
  return {
    list: () => database.call('leadwire_segments', {}, z.array(segmentSchema)),
    /** `changedAt`: of the segment as the writer has read it; null for a new one. */
    save: (segment: Omit<Segment, 'changedAt'>, changedAt: string | null) =>
      database.call(
        'leadwire_segment_save',
        { p_segment: segment, p_changed_at: changedAt },
        savedSchema,
      ),
    remove: (id: string) => database.call('leadwire_segment_delete', { p_id: id }, z.boolean()),
    /** `reachable`: without those who have unsubscribed, bounced, or are on the standing list. */
    count: (filter: SegmentFilter, view: SegmentView) =>
      database.call('leadwire_segment_count', about(filter, view), countedSchema),
    /** In the order of their contacts. */
    people: (filter: SegmentFilter, view: SegmentView, after: string, limit: number) =>
      database.call(
        'leadwire_segment_people',
        { ...about(filter, view), p_after: after, p_limit: limit },
        peopleSchema,
      ),
  };
}

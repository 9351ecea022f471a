/** People of a segment as a list: of one that was saved, or of a filter that comes with the draft. */
import { setImmediate as breathe } from 'node:timers/promises';
import { segmentFilterSchema, type SegmentFilter } from '@leadwire/shared/contract/segments';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { MOST_ROWS, type BrokenRow, type ListedPerson } from './audience-csv.ts';
import type { SegmentStore, SegmentView } from './segment-store.ts';

/** Each page asks the database for the whole segment: large ones, few of them. */
const PAGE_SIZE = 5_000;

export const segmentAudienceSchema = z.strictObject({
  kind: z.literal('segment'),
  segmentId: z.uuid('expected the id of a segment').optional(),
  filter: segmentFilterSchema.optional().meta({ description: 'Instead of a saved segment.' }),
});
export type SegmentAudience = z.infer<typeof segmentAudienceSchema>;

/** What a draft keeps of where its people come from. */
export interface SegmentSource {
  kind: 'segment';
  segmentId?: string;
  name?: string;
  filter: SegmentFilter;
}

/** The filter that holds now. @throws RequestError 422 for a segment that is not there, or for none; as `Database`. */
export async function findSegment(
  store: Pick<SegmentStore, 'list'>,
  { segmentId, filter }: SegmentAudience,
): Promise<SegmentSource> {
  if (segmentId === undefined && filter !== undefined) return { kind: 'segment', filter };
  const found = (await store.list()).find(({ id }) => id === segmentId);
  if (found)
    return { kind: 'segment', segmentId: found.id, name: found.name, filter: found.filter };
  // It was deleted since the draft was made of it.
  if (filter !== undefined) return { kind: 'segment', filter };
  const path = `audience.${segmentId === undefined ? 'filter' : 'segmentId'}`;
  throw new RequestError(422, 'there is no such segment', [
    { path, message: 'expected the id of a segment, or a filter' },
  ]);
}

/** Everybody of a segment, numbered from 1. `onBroken` is told when there are more than a campaign takes. */
export async function* readSegment(
  store: Pick<SegmentStore, 'people'>,
  filter: SegmentFilter,
  view: SegmentView,
  onBroken: (row: BrokenRow) => void,
): AsyncGenerator<ListedPerson> {
  let row = 0;
  let after = '';
  for (;;) {
    const page = await store.people(filter, view, after, PAGE_SIZE);
    await breathe();
    for (const { contact, name } of page) {
      row += 1;
      if (row > MOST_ROWS) return onBroken({ row, reason: `more than ${MOST_ROWS} people` });
      const [email, phone] = view.channel === 'email' ? [contact, ''] : ['', contact];
      yield { row, name: name ?? '', email, phone, fields: {} };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_SIZE) return;
    after = last.contact;
  }
}

/** Two subjects, or two texts, tried on a part of a list, as the database's functions keep them. All throw as `Database` does. */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { kind, missing, statusSchema } from './campaign-answers.ts';

export const subjectTestSchema = z.object({
  /** Of the campaign to the rest. */
  id: z.string(),
  aId: z.string(),
  bId: z.string(),
  /** Of two subjects. */
  subjectA: z.string().nullable(),
  subjectB: z.string().nullable(),
  /** Of two texts: their names. */
  templateA: z.string().nullable(),
  templateB: z.string().nullable(),
  /** Null until both were started. */
  decideAt: z.string().nullable(),
  decidedAt: z.string().nullable(),
  winner: z.enum(['a', 'b']).nullable(),
});
export type SubjectTest = z.infer<typeof subjectTestSchema>;

const splitSchema = z.union([
  kind('split', 'count_differs').extend({ audience: z.number() }),
  kind('not_draft').extend({ status: statusSchema }),
  kind('changed'),
  missing,
]);

/** A process that died with a test in its hands gives it back after this time. */
const HOLD_MS = 60_000;

export interface Split {
  aId: string;
  bId: string;
  /** What differs: one of the two is given. */
  subjects: readonly [string, string] | null;
  templates: readonly [string, string] | null;
  /** People who get each of the two. */
  each: number;
  /** Everybody, as a person has confirmed it. */
  expected: number;
  waitHours: number;
}

export type SubjectStore = ReturnType<typeof createSubjectStore>;

export function createSubjectStore(database: Pick<Database, 'call'>) {
  const call = <Schema extends z.ZodType>(name: string, args: object, schema: Schema) =>
    database.call(`leadwire_subject_test${name}`, args, schema);
  return {
    split: (id: string, { aId, bId, subjects, templates, each, expected, waitHours }: Split) =>
      call(
        '_split',
        {
          p_id: id,
          p_a: aId,
          p_b: bId,
          p_subjects: subjects,
          p_templates: templates,
          p_each: each,
          p_expected: expected,
          p_wait_hours: waitHours,
        },
        splitSchema,
      ),
    /** The test that a campaign is a part of. */
    of: (id: string) => call('_of', { p_id: id }, subjectTestSchema.nullable()),
    due: () => call('s_due', { p_hold_ms: HOLD_MS }, z.array(subjectTestSchema)),
    started: (id: string) => call('_started', { p_id: id }, z.unknown()),
    /** The winner's subject or text is the rest's from here on. */
    choose: (id: string) => call('_choose', { p_id: id }, z.object({ winner: z.enum(['a', 'b']) })),
    end: (id: string, isWon: boolean) => call('_end', { p_id: id, p_is_won: isWon }, z.unknown()),
  };
}

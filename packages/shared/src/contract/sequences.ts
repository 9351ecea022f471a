/**
 * Sequences: a message so long after a fact unless another fact came. What one consists of, and the part of the map that
 * belongs to it. docs/EVENTS.md, packages/shared/src/contract/topology.ts put it beside the others.
 */
import { z } from 'zod';

/** The facts that begin a sequence. */
export const sequenceTriggers = ['payment_form', 'test_taken', 'student_joined'] as const;
export type SequenceTrigger = (typeof sequenceTriggers)[number];

/** The other fact: of a purchase any one, or one after the first fact; of a student a completed lesson. */
export const endsWith: Readonly<Record<SequenceTrigger, 'bought_after' | 'bought' | 'lesson'>> = {
  payment_form: 'bought_after',
  test_taken: 'bought',
  student_joined: 'lesson',
};

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const LONGEST_MS = 90 * 86_400_000;
const MOST_STEPS = 10;

/** `1h`, `3d`, `90m` as milliseconds; undefined for anything else, and for more than 90 days. */
export function delayMs(after: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,4})\s*([smhd])$/.exec(after.trim()) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  return ms >= 1_000 && ms <= LONGEST_MS ? ms : undefined;
}

/** Milliseconds as they are typed: in the largest unit that leaves nothing over. */
export function delayText(ms: number): string {
  const fits = (['d', 'h', 'm'] as const).find((unit) => ms % UNITS[unit]! === 0) ?? 's';
  return `${ms / UNITS[fits]!}${fits}`;
}

/** As people give it. */
export const sequenceStepSchema = z.strictObject({
  after: z
    .string()
    .refine((text) => delayMs(text) !== undefined, 'expected 30m, 1h or 3d, and 90d at most')
    .meta({ description: 'From the fact on: 30m, 1h, 3d.' }),
  channel: z.enum(['email', 'sms']),
  text: z.string().min(1).max(120).meta({ description: 'The name of a text.' }),
});
export type SequenceStep = z.infer<typeof sequenceStepSchema>;

export const sequenceSchema = z.strictObject({
  name: z.string().trim().min(1, 'expected a name').max(120),
  trigger: z.enum(sequenceTriggers),
  steps: z.array(sequenceStepSchema).min(1, 'expected a step').max(MOST_STEPS),
  stopOnClick: z.boolean().default(true).meta({
    description: 'Who has followed a link of it gets no more of it.',
  }),
});
export type SequenceDefinition = z.infer<typeof sequenceSchema>;

/** The broker says that a message of a sequence is due; the database decides what becomes of it. */
export const sequenceDueSchema = z.object({
  /** Of the row in `sequence_people`. */
  personId: z.uuid(),
  step: z.number().int().min(1),
});
export type SequenceDue = z.infer<typeof sequenceDueSchema>;

export const sequenceStream = {
  subjects: ['sequences.at.*.*', 'sequences.due.*.*'],
  retention: 'workqueue',
  maxAgeMs: 0,
  schedules: { pending: 'sequences.at.', due: 'sequences.due.' },
  what: 'messages of sequences: waiting (sequences.at.<personId>.<step>) and due (sequences.due.…)',
} as const;

export const sequenceConsumers = {
  'sequence-leads': {
    stream: 'LEADS',
    filters: ['leads.created.*.*', 'leads.released.*.*'],
    concurrency: 16,
    attempts: 10,
    what: 'brings people into sequences',
  },
  'sequence-students': {
    stream: 'STUDENTS',
    filters: ['students.created.*'],
    concurrency: 16,
    attempts: 10,
    what: 'brings students into sequences',
  },
  'sequence-sales': {
    stream: 'SALES',
    filters: ['sales.recorded.*.*'],
    concurrency: 16,
    attempts: 10,
    what: 'takes those who bought out of sequences',
  },
  'sequence-steps': {
    stream: 'SEQUENCES',
    filters: ['sequences.due.*.*'],
    concurrency: 8,
    attempts: 10,
    what: 'hands messages of sequences that are due to campaigns',
  },
} as const;

export const sequenceSubjects = {
  sequenceAt: (personId: string, step: number) => `sequences.at.${personId}.${step}`,
  sequenceDue: (personId: string, step: number) => `sequences.due.${personId}.${step}`,
} as const;

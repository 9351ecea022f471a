/** Sequences as mailer-batch shows them: read by terminal and console alike. */
import { sequenceStepSchema, sequenceTriggers } from '@leadwire/shared/contract/sequences';
import { z } from 'zod';

const count = z.number();
const text = z.string().nullable();

export const sequenceViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  trigger: z.enum(sequenceTriggers),
  steps: z.array(sequenceStepSchema),
  stopOnClick: z.boolean(),
  quietHours: text,
  timeZone: z.string(),
  isOn: z.boolean(),
  onSince: text,
  /** Sent back with a change. */
  changedAt: z.string(),
  waiting: count,
  done: count,
  /** People who were taken out, by the reason. */
  stopped: z.record(z.string(), count),
  /** What became of the messages of each step that had some. */
  sent: z.array(
    z.object({
      step: count,
      pending: count,
      sent: count,
      failed: count,
      skipped: count,
      clicked: count,
      /** Its campaign has paused: by itself, or by a person. */
      paused: z.boolean(),
      /** The newest campaign of the step: its report. */
      campaignId: z.string(),
    }),
  ),
});
export type SequenceView = z.infer<typeof sequenceViewSchema>;

export const sequencePersonViewSchema = z.object({
  id: z.string(),
  leadId: text,
  name: text,
  email: text,
  phone: text,
  state: z.enum(['waiting', 'done', 'stopped']),
  reason: text,
  factAt: z.string(),
  messages: z.array(
    z.object({
      step: count,
      state: z.enum(['waiting', 'handed', 'skipped']),
      reason: text,
      dueAt: z.string(),
      /** Of its copy, once it was handed over. */
      status: text,
      sentAt: text,
    }),
  ),
});
export type SequencePersonView = z.infer<typeof sequencePersonViewSchema>;

/** People who were taken out, for whatever reason. */
export const stoppedIn = ({ stopped }: Pick<SequenceView, 'stopped'>): number =>
  Object.values(stopped).reduce((sum, people) => sum + people, 0);

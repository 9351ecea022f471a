/** Sequences and their people, as the database's functions keep them. All throw as `Database` does. */
import {
  delayText,
  endsWith,
  sequenceTriggers,
  type SequenceTrigger,
} from '@leadwire/shared/contract/sequences';
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { kind, missing } from '../campaigns/campaign-answers.ts';
import type { NewCampaign } from '../campaigns/campaign-store.ts';

const channel = z.enum(['email', 'sms']);
const trigger = z.enum(sequenceTriggers);
const count = z.number();
const text = z.string().nullable();

const stepSchema = z
  .object({ delayMs: z.number(), channel, template: z.string() })
  .transform(({ delayMs, channel: by, template }) => ({
    after: delayText(delayMs),
    channel: by,
    text: template,
  }));

export const storedSequenceSchema = z.object({
  id: z.string(),
  name: z.string(),
  trigger,
  steps: z.array(stepSchema),
  stopOnClick: z.boolean(),
  quietHours: text,
  timeZone: z.string(),
  isOn: z.boolean(),
  onSince: text,
  createdBy: text,
  changedAt: z.string(),
  waiting: count,
  done: count,
  /** People by the reason. */
  stopped: z.record(z.string(), count),
  /** What became of the copies of each step that has some. */
  sent: z.array(
    z.object({
      step: count,
      handed: count,
      pending: count,
      sent: count,
      failed: count,
      skipped: count,
      clicked: count,
      paused: z.boolean(),
      campaignId: z.string(),
    }),
  ),
});
export type StoredSequence = z.output<typeof storedSequenceSchema>;

export const sequencePersonSchema = z.object({
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
      status: text,
      sentAt: text,
    }),
  ),
});

const lookedSchema = z
  .object({
    sequence: z.object({
      id: z.string(),
      name: z.string(),
      trigger,
      stopOnClick: z.boolean(),
      quietHours: text,
      timeZone: z.string(),
    }),
    step: z.object({ channel, template: z.string() }),
    dueAt: z.string(),
    factAt: z.string(),
    studentId: text,
    hasContact: z.boolean(),
    boughtAt: text,
    hasClicked: z.boolean(),
    suppressed: text,
    isExcluded: z.boolean(),
  })
  .nullable();

const plannedSchema = z.array(
  z.object({ personId: z.string(), step: z.number(), dueAt: z.string() }),
);

const savedSchema = kind('saved', 'stale', 'name_taken', 'is_on');
const deletedSchema = z.union([
  kind('deleted').extend({ kept: z.boolean() }),
  kind('is_on'),
  missing,
]);
const switchedSchema = z.union([kind('done').extend({ stopped: count }), kind('already'), missing]);

export interface NewSequence {
  id: string;
  name: string;
  trigger: SequenceTrigger;
  steps: readonly { delayMs: number; channel: 'email' | 'sms'; template: string }[];
  stopOnClick: boolean;
  quietHours: string | null;
  timeZone: string;
  createdBy: string;
}

/** Whom a fact is about. */
export interface FactPerson {
  leadId?: string;
  studentId?: string;
  name: string;
  email: string | null;
  phone: string | null;
  /** When it happened: ISO 8601. */
  at: string;
}

const endedBy = (fact: 'bought' | 'bought_after') =>
  sequenceTriggers.filter((name) => endsWith[name] === fact);

export type SequenceStore = ReturnType<typeof createSequenceStore>;

export function createSequenceStore(database: Pick<Database, 'call'>) {
  const call = <Schema extends z.ZodType>(name: string, args: object, schema: Schema) =>
    database.call(`leadwire_sequence${name}`, args, schema);
  return {
    list: () => call('s', {}, z.array(storedSequenceSchema)),
    people: (id: string, limit: number) =>
      call('_people', { p_id: id, p_limit: limit }, z.array(sequencePersonSchema)),
    /** `changedAt`: as the writer has read it; null for a new one. */
    save: (sequence: NewSequence, changedAt: string | null) =>
      call('_save', { p_sequence: sequence, p_changed_at: changedAt }, savedSchema),
    turn: (id: string, isOn: boolean) => call('_switch', { p_id: id, p_on: isOn }, switchedSchema),
    /** `kept`: it has a history, and is only not shown any more. */
    remove: (id: string) => call('_delete', { p_id: id }, deletedSchema),
    /** Waited for although they were due before that (ISO 8601), the oldest first. */
    overdue: (before: string, limit: number) =>
      call('_overdue', { p_before: before, p_limit: limit }, plannedSchema),
    /** Its schedule was made once more, and is not again. */
    remade: (personId: string, step: number) =>
      call('_remade', { p_person: personId, p_step: step }, z.unknown()),
    /** Answers out of how many sequences they were taken. */
    stop: (id: string | null, contact: string) =>
      call('_stop', { p_id: id, p_contact: contact }, count),
    /** What is to be scheduled; the same again for the same fact. */
    enter: (by: SequenceTrigger, person: FactPerson) =>
      call('_enter', { p_trigger: by, p_person: person }, plannedSchema),
    bought: (buyer: { email: string | null; phone: string | null; at: string }) =>
      call(
        '_bought',
        {
          p_email: buyer.email,
          p_phone: buyer.phone,
          p_at: buyer.at,
          p_ever: endedBy('bought'),
          p_after: endedBy('bought_after'),
        },
        count,
      ),
    /** Null when nobody waits for it any more. */
    look: (personId: string, step: number) =>
      call('_look', { p_person: personId, p_step: step }, lookedSchema),
    end: (personId: string, reason: string) =>
      call('_end', { p_ids: [personId], p_reason: reason }, count),
    skip: (personId: string, step: number, reason: string) =>
      call('_skip', { p_person: personId, p_step: step, p_reason: reason }, z.unknown()),
    /** Makes it a batch of one of a campaign, once. */
    hand: (personId: string, step: number, campaign: NewCampaign, frozen: unknown) =>
      call(
        '_hand',
        { p_person: personId, p_step: step, p_campaign: campaign, p_frozen: frozen },
        kind('handed', 'gone', 'cancelled'),
      ),
  };
}

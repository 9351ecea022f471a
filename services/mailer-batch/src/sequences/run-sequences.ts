/**
 * What moves sequences: facts bring people in and take them out, and the broker's schedules say when a message is due.
 * Each can be repeated at any point: the database knows who is in, and hands each message to a campaign once. From there
 * on it is sent like every other copy, so a crash between any two steps here leaves it waiting, or handed, never both.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import type { EventOf, LeadCreated } from '@leadwire/shared/contract/events';
import { derivedId } from '@leadwire/shared/contract/ids';
import type { SequenceTrigger } from '@leadwire/shared/contract/sequences';
import { subjects } from '@leadwire/shared/contract/topology';
import { scheduleSequence } from '@leadwire/shared/delivery/schedule';
import { PermanentError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { RequestError } from '@leadwire/shared/service/http-problems';
import type { FrozenCampaign } from '@leadwire/templates/frozen-campaign';
import {
  freezeDraft,
  readTexts,
  refuseUnfinished,
  type TextPorts,
} from '../campaigns/campaign-texts.ts';
import type { OwnTexts } from '../campaigns/own-texts.ts';
import { MAX_BOUNCE_PERCENT, MAX_ERROR_PERCENT } from '../campaigns/policy.ts';
import { decide } from './decide.ts';
import type { FactPerson, SequenceStore } from './sequence-store.ts';

export interface SequencePorts {
  bus: Pick<Bus, 'schedule' | 'lastUnder' | 'name'>;
  sequences: Pick<SequenceStore, 'enter' | 'bought' | 'look' | 'end' | 'skip' | 'hand'>;
  texts: Pick<TextPorts, 'templates' | 'own'>;
  ownTexts: Pick<OwnTexts, 'refresh'>;
  log: Log;
  /** There may be a batch to hand out. */
  wakePump: () => void;
  now?: () => number;
}

/** All throw TransientError when the database or the broker is away. */
export interface SequenceRunner {
  onLead: (event: LeadCreated) => Promise<void>;
  onStudent: (event: EventOf<'student.created.v1'>) => Promise<void>;
  onSale: (event: EventOf<'sale.recorded.v1'>) => Promise<void>;
  /** @throws PermanentError when its text cannot be sent: a person mends it and has it tried again. */
  onDue: (event: EventOf<'sequence.due.v1'>) => Promise<void>;
}

const TRIGGER_OF: Readonly<Record<string, SequenceTrigger>> = {
  purchase: 'payment_form',
  proftest: 'test_taken',
};

type Looked = NonNullable<Awaited<ReturnType<SequenceStore['look']>>>;

export function createSequenceRunner(ports: SequencePorts): SequenceRunner {
  const { bus, sequences, texts, log, now = Date.now } = ports;

  const enter = async (trigger: SequenceTrigger, person: FactPerson): Promise<void> => {
    // A second schedule of a message replaces the first; of one that has fired the database knows.
    for (const planned of await sequences.enter(trigger, person)) {
      await scheduleSequence(bus, planned, planned.dueAt);
    }
  };

  const hasStudied = async ({ sequence, studentId }: Looked): Promise<boolean> => {
    if (sequence.trigger !== 'student_joined' || studentId === null) return false;
    return Boolean(await bus.lastUnder('STUDENTS', subjects.lessonCompleted(studentId, '*')));
  };

  /** With the text as it is now. */
  const freeze = async ({ sequence, step }: Looked): Promise<FrozenCampaign> => {
    await ports.ownTexts.refresh();
    try {
      return freezeStep(texts, step, sequence.timeZone);
    } catch (thrown) {
      if (!(thrown instanceof RequestError)) throw thrown;
      throw new PermanentError('cannot_render', `${sequence.name}: ${thrown.message}`);
    }
  };

  const hand = async (personId: string, n: number, looked: Looked): Promise<void> => {
    const { sequence, step } = looked;
    const frozen = await freeze(looked);
    const version = String(frozen.textVersion ?? 0);
    const campaign = {
      // Another text, or another version of it, is another campaign: what was sent stays as it was sent.
      id: derivedId('sequence', sequence.id, String(n), step.channel, step.template, version),
      name: `${sequence.name}: ${n}`,
      channel: step.channel,
      template: step.template,
      variables: {},
      source: { kind: 'sequence', sequenceId: sequence.id, step: n },
      quietHours: sequence.quietHours,
      timeZone: sequence.timeZone,
      maxBouncePercent: MAX_BOUNCE_PERCENT,
      maxErrorPercent: MAX_ERROR_PERCENT,
    };
    const { kind } = await sequences.hand(personId, n, campaign, frozen);
    if (kind === 'cancelled') await sequences.skip(personId, n, 'cancelled');
    if (kind === 'handed') ports.wakePump();
    log.info(
      { personId, step: n, campaignId: campaign.id, kind },
      'a message of a sequence is due',
    );
  };

  return {
    async onLead({ type, time, data: lead }) {
      const trigger = TRIGGER_OF[lead.kind];
      if (trigger === undefined) return;
      const { leadId, name, email, contactIssues, receivedAt } = lead;
      const phone = contactIssues.includes('phone_invalid') ? null : lead.phone;
      // One that was held counts from when it was let out.
      const at = type === 'lead.released.v1' ? time : receivedAt;
      await enter(trigger, { leadId, name, email, phone, at });
    },

    async onStudent({ data: { studentId, name, email, phone, receivedAt } }) {
      await enter('student_joined', { studentId, name, email, phone, at: receivedAt });
    },

    async onSale({ data: { email, phone, at } }) {
      const stopped = await sequences.bought({ email, phone, at });
      if (stopped > 0) log.info({ stopped }, 'a purchase ended sequences');
    },

    async onDue({ data: { personId, step } }) {
      const looked = await sequences.look(personId, step);
      if (looked === null) return;
      const { sequence, ...rest } = looked;
      const known = { ...sequence, ...rest, hasStudied: await hasStudied(looked) };
      const decision = decide(known, now());
      if (decision.kind === 'send') return hand(personId, step, looked);
      const { kind, reason } = decision;
      if (kind === 'stop') await sequences.end(personId, reason);
      else await sequences.skip(personId, step, reason);
      log.info({ personId, step, kind, reason }, 'a message of a sequence is not sent');
    },
  };
}

/** The text of a step as it is now. @throws RequestError 422 when it cannot be sent: it is not there, or lacks something. */
function freezeStep(
  texts: SequencePorts['texts'],
  { channel, template }: Looked['step'],
  timeZone: string,
): FrozenCampaign {
  const draft = { template, channel, variables: {}, timeZone, subject: null };
  readTexts(texts.templates, draft);
  refuseUnfinished(texts.templates, draft);
  return freezeDraft(texts, draft);
}

/** For whoever switches a sequence on. @throws RequestError 422 that names what its texts lack. */
export function checkStepTexts(
  texts: SequencePorts['texts'],
  steps: readonly { channel: 'email' | 'sms'; text: string }[],
  timeZone: string,
): void {
  for (const [index, { channel, text }] of steps.entries()) {
    try {
      freezeStep(texts, { channel, template: text }, timeZone);
    } catch (thrown) {
      if (!(thrown instanceof RequestError)) throw thrown;
      const issues = [{ path: `steps.${index}`, message: thrown.message }];
      throw new RequestError(422, `step ${index + 1}: ${thrown.message}`, issues);
    }
  }
}

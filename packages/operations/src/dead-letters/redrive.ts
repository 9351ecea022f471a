/**
 * Gives the message of a dead letter to its durable once more, and only to that one; or removes the
 * letter. docs/decisions/0008-redrive.md says why it is done this way. A crash at any point, and two
 * people at once, are harmless: the letter goes last, and everything before it happens once.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { isGone } from '@leadwire/shared/broker/error-codes';
import type { Ledger, LedgerEntry, Reopened, SettledState } from '@leadwire/shared/delivery/ledger';
import { consumers, type ConsumerSpec } from '@leadwire/shared/contract/consumers';
import { streams, subjects } from '@leadwire/shared/contract/topology';
import type { DeadLetter } from './dead-letters.ts';

export interface Verdict {
  /** `redrive`: handed out again; `settle`: nothing is left to do; `leave`: a person has to decide. */
  act: 'redrive' | 'settle' | 'leave';
  /** Why, for a person. */
  why: string;
  /** What a person has to know before they decide otherwise. */
  problem?: 'may_have_been_sent' | 'no_such_durable';
}

export interface RedriveOptions {
  bus: Bus;
  ledger: Pick<Ledger, 'reopen'>;
  /** Also deliveries that may have been sent. */
  isUnknownToo: boolean;
}

export interface Redriver {
  /** What `redrive` would do now. Changes nothing. */
  foresee(letter: DeadLetter): Promise<Verdict>;
  redrive(letter: DeadLetter): Promise<Verdict>;
}

/** All methods throw TransientError when the broker fails or somebody else was faster. */
export function createRedriver({ bus, ledger, isUnknownToo }: RedriveOptions): Redriver {
  const judge = async (letter: DeadLetter, isDryRun: boolean): Promise<Verdict> => {
    const spec = specOf(letter.durable);
    if (!spec) {
      const why = `there is no durable ${letter.durable} any more`;
      return { act: 'leave', why, problem: 'no_such_durable' };
    }
    if (!letter.delivery || streams[spec.stream].retention !== 'workqueue') {
      return { act: 'redrive', why: `to ${letter.durable} once more` };
    }
    const from: SettledState[] = isUnknownToo ? ['failed', 'unknown'] : ['failed'];
    const cause = letter.at;
    return judgeDelivery(await ledger.reopen(letter.delivery, { from, cause, isDryRun }));
  };

  return {
    foresee: (letter) => judge(letter, true),
    async redrive(letter) {
      const verdict = await judge(letter, false);
      if (verdict.act === 'redrive') await publishAgain(bus, letter);
      if (verdict.act !== 'leave') await removeLetter(bus, letter);
      return verdict;
    },
  };
}

function judgeDelivery(found: Reopened): Verdict {
  switch (found.kind) {
    case 'missing':
      return { act: 'redrive', why: 'once more, though the ledger does not know it' };
    case 'open':
      return { act: 'redrive', why: `it is still ${found.entry.state}: handed out again` };
    case 'reopened':
      return { act: 'redrive', why: 'it is planned again and tried once more' };
    case 'settled':
      return judgeSettled(found.entry.state, found.isAnswered);
  }
}

function judgeSettled(state: LedgerEntry['state'], isAnswered: boolean): Verdict {
  if (state === 'unknown' && !isAnswered) {
    return { act: 'leave', why: 'it may have been sent', problem: 'may_have_been_sent' };
  }
  const isOver = state === 'sent' || state === 'skipped';
  const what = isOver ? `already ${state}` : `tried again since, ${state} again`;
  return { act: 'settle', why: `nothing to do: ${what}` };
}

async function publishAgain(bus: Bus, letter: DeadLetter): Promise<void> {
  const { seq, at, durable, subject, data } = letter;
  // The time belongs to it: a stream that was made anew counts from one again.
  const id = `${seq}-${at.getTime()}`;
  const stream = specOf(durable)?.stream;
  const isWork = stream !== undefined && streams[stream].retention === 'workqueue';
  const target = isWork ? subject : subjects.redrive(durable, id, subject);
  // Work: one message of this subject waits at a time. Facts: the subject stays and is taken for good.
  await bus.publish(target, data, {
    msgId: `redrive:${id}`,
    onceUnder: target,
    headers: { 'Leadwire-Redriven': id },
  });
}

/** Removes the letter for good; one that is gone already is as good. */
export async function removeLetter(bus: Bus, { seq }: DeadLetter): Promise<void> {
  try {
    await (await bus.manager()).streams.deleteMessage('DEAD_LETTERS', seq);
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown;
  }
}

function specOf(durable: string): ConsumerSpec | undefined {
  return Object.entries<ConsumerSpec>(consumers).find(([name]) => name === durable)?.[1];
}

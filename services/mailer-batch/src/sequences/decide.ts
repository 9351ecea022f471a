/** What becomes of a message of a sequence when it is due: decided here alone, from what is known at that moment. */
import { endsWith, type SequenceTrigger } from '@leadwire/shared/contract/sequences';

/** Later than this, for whatever stood still, it would surprise more than help. */
export const LATEST_MS = 24 * 60 * 60_000;

export interface Known {
  trigger: SequenceTrigger;
  stopOnClick: boolean;
  dueAt: string;
  factAt: string;
  /** False of somebody who was erased. */
  hasContact: boolean;
  /** The newest purchase of theirs that was not paid back. */
  boughtAt: string | null;
  /** Of a student: they have completed a lesson. */
  hasStudied: boolean;
  /** They followed a link of an earlier message of the sequence. */
  hasClicked: boolean;
  /** Why their contact may not be written to, or that they unsubscribed by either contact. */
  suppressed: string | null;
  /** On the standing list of staff and test accounts. */
  isExcluded: boolean;
}

/** `stop` takes the person out, `skip` leaves out this message alone; `reason` is one token. */
export type Decision =
  { kind: 'send' } | { kind: 'stop'; reason: string } | { kind: 'skip'; reason: string };

export function decide(known: Known, now: number): Decision {
  const reason = whyStop(known);
  if (reason !== undefined) return { kind: 'stop', reason };
  if (known.suppressed !== null) return { kind: 'skip', reason: known.suppressed };
  if (now - Date.parse(known.dueAt) > LATEST_MS) return { kind: 'skip', reason: 'stale' };
  return { kind: 'send' };
}

function whyStop(known: Known): string | undefined {
  if (hasOtherFactCome(known)) return known.trigger === 'student_joined' ? 'studied' : 'bought';
  // One channel may fail alone; who says no means all of it.
  if (known.suppressed !== null && known.suppressed !== 'bounced') return known.suppressed;
  if (known.isExcluded) return 'excluded_standing';
  if (known.stopOnClick && known.hasClicked) return 'clicked';
  if (!known.hasContact) return 'erased';
  return undefined;
}

function hasOtherFactCome({ trigger, boughtAt, factAt, hasStudied }: Known): boolean {
  switch (endsWith[trigger]) {
    case 'lesson':
      return hasStudied;
    case 'bought':
      return boughtAt !== null;
    // A course that was bought before is no reason not to ask about this one.
    case 'bought_after':
      return boughtAt !== null && Date.parse(boughtAt) >= Date.parse(factAt);
  }
}

/** What is done to dead letters, to one or to many: redriven or discarded, and written into the audit log as one act. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { subjects } from '@leadwire/shared/contract/topology';
import { toError } from '@leadwire/shared/errors';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import type { ActingParts } from '../acting.ts';
import { MANY, audited } from '../audit/audited.ts';
import type { DeadLetter } from './dead-letters.ts';
import { createRedriver, removeLetter, type Verdict } from './redrive.ts';

/** Of more letters the audit log keeps the number alone. */
const MOST_NAMED = 100;

export interface RedriveWanted {
  /** Also deliveries that may have been sent: the person may get them twice. */
  isUnknownToo?: boolean;
}

/** What became of one letter. `fail`: it is as it was, and the same call again does no harm. */
export interface LetterResult {
  seq: number;
  act: Verdict['act'] | 'drop' | 'fail';
  /** Why, for a person; empty for what was dropped. */
  why: string;
}

type OnResult = (result: LetterResult) => void;

/** What `redriveLetters` would do now with each, in the same order. Changes nothing. @throws TransientError */
export async function foreseeRedrive(
  bus: Bus,
  letters: readonly DeadLetter[],
  { isUnknownToo = false }: RedriveWanted = {},
): Promise<Verdict[]> {
  const redriver = createRedriver({ bus, ledger: createLedger(bus), isUnknownToo });
  const foreseen: Verdict[] = [];
  for (const letter of letters) foreseen.push(await redriver.foresee(letter));
  return foreseen;
}

/**
 * Hands the messages out once more, each to its own durable only; what was sent already is not sent again, and two
 * people at once are as one. One that fails stops none of the others.
 * @throws TransientError when the audit log did not take it
 */
export function redriveLetters(
  { bus, actor }: ActingParts,
  letters: readonly DeadLetter[],
  { isUnknownToo = false }: RedriveWanted = {},
  onResult?: OnResult,
): Promise<LetterResult[]> {
  const redriver = createRedriver({ bus, ledger: createLedger(bus), isUnknownToo });
  const what = { actor, action: 'dead_letter.redriven', ...aboutOf(letters, { isUnknownToo }) };
  const work = () => each(bus, letters, (letter) => redriver.redrive(letter), onResult);
  return audited(bus, what, work, countOf);
}

/** Removes letters for good; one that is gone already is as good. @throws as `redriveLetters` */
export function discardLetters(
  { bus, actor }: ActingParts,
  letters: readonly DeadLetter[],
  onResult?: OnResult,
): Promise<LetterResult[]> {
  const discard = async (letter: DeadLetter) => {
    await removeLetter(bus, letter);
    return { act: 'drop' as const, why: '' };
  };
  const what = { actor, action: 'dead_letter.dropped', ...aboutOf(letters) };
  return audited(bus, what, () => each(bus, letters, discard, onResult), countOf);
}

/** Whoever was told that messages were given up hears when none of them is left. @throws TransientError */
async function resolveAlerts(bus: Bus, letters: readonly DeadLetter[]): Promise<void> {
  const { streams } = await bus.manager();
  const alerts = createAlerts(bus);
  for (const durable of new Set(letters.map((letter) => letter.durable))) {
    const { state } = await streams.info('DEAD_LETTERS', {
      subjects_filter: subjects.dead(durable, '>'),
    });
    if (Object.keys(state.subjects ?? {}).length > 0) continue;
    const message = `nothing that ${durable} gave up is left`;
    await alerts.resolve(`${durable}_dead_letters`, message);
  }
}

async function each(
  bus: Bus,
  letters: readonly DeadLetter[],
  act: (letter: DeadLetter) => Promise<Omit<LetterResult, 'seq'>>,
  onResult: OnResult = () => undefined,
): Promise<LetterResult[]> {
  const results: LetterResult[] = [];
  for (const letter of letters) {
    const { seq } = letter;
    const done = await act(letter).catch((thrown: unknown) => {
      return { act: 'fail' as const, why: toError(thrown).message };
    });
    results.push({ ...done, seq });
    onResult({ ...done, seq });
  }
  await resolveAlerts(bus, letters);
  return results;
}

/** One letter is known by its lead, so that it shows in what happened to it; several are `many`. */
function aboutOf(letters: readonly DeadLetter[], more: object = {}) {
  const [only] = letters;
  const single = letters.length === 1 ? only : undefined;
  const causes = [...new Set(letters.map(({ cause }) => cause))].slice(0, MOST_NAMED);
  const seqs = letters.slice(0, MOST_NAMED).map(({ seq }) => seq);
  return {
    subject: single ? (single.leadId ?? `dead-letter-${single.seq}`) : MANY,
    details: { ...more, letters: letters.length, seqs, causes },
  };
}

function countOf(results: readonly LetterResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { act } of results) counts[act] = (counts[act] ?? 0) + 1;
  return counts;
}

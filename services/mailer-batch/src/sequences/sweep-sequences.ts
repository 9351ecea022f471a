/**
 * Messages of sequences that nobody will hand out: they are overdue, and the broker has neither their schedule nor the
 * message (a stream that was restored, a schedule that was lost). They are scheduled once more, once: the database still
 * decides whether anything is sent, so a repeat by another replica does no harm.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import type { SequenceDue } from '@leadwire/shared/contract/sequences';
import { subjects } from '@leadwire/shared/contract/topology';
import { scheduleSequence } from '@leadwire/shared/delivery/schedule';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { SequenceStore } from './sequence-store.ts';

const EVERY_MS = 10 * 60_000;
/** Late by less is ordinary: a retry, a busy process. */
const GRACE_MS = 2 * 60_000;
/** In one sweep; the next one finds the others. */
const AT_ONCE = 500;

export interface SweepPorts {
  bus: Pick<Bus, 'schedule' | 'lastUnder' | 'name'>;
  sequences: Pick<SequenceStore, 'overdue' | 'remade'>;
  log: Log;
}

/** Goes on until `stop`. */
export function startSequenceSweep({ bus, sequences, log }: SweepPorts): BackgroundWork {
  const isOnItsWay = async ({ personId, step }: SequenceDue, before: number): Promise<boolean> => {
    if (await bus.lastUnder('SEQUENCES', subjects.sequenceDue(personId, step))) return true;
    // One that waits for another try is scheduled for later; one that should have fired long ago never will.
    const waiting = await bus.lastUnder('SEQUENCES', subjects.sequenceAt(personId, step));
    const at = Date.parse(waiting?.header('Nats-Schedule')?.replace('@at ', '') ?? '');
    return at >= before;
  };

  const sweep = async (): Promise<void> => {
    const before = Date.now() - GRACE_MS;
    let remade = 0;
    for (const message of await sequences.overdue(new Date(before).toISOString(), AT_ONCE)) {
      if (await isOnItsWay(message, before)) continue;
      await scheduleSequence(bus, message, message.dueAt);
      await sequences.remade(message.personId, message.step);
      remade += 1;
    }
    if (remade > 0) log.warn({ remade }, 'lost messages of sequences were scheduled once more');
  };

  return startPeriodic({
    name: 'mailer-sequence-sweep',
    work: sweep,
    onError: (err) => log.warn({ err }, 'sequences could not be swept'),
    everyMs: EVERY_MS,
  });
}

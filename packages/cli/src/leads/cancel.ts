/** `leads cancel`: shows what is planned, asks, and takes it back. */
import type { ActingParts } from '@leadwire/operations/acting';
import {
  cancelLeads,
  foreseeCancel,
  type CancelSelection,
} from '@leadwire/operations/leads/cancel';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { answer } from '../answer.ts';
import { UsageError } from '../failure.ts';
import { ALMATY_NOTE, clock, columns, confirm, counted, paint, say } from '../terminal.ts';

/** Older leads have nothing planned any more. */
const DEFAULT_SINCE_MS = 7 * 24 * 60 * 60_000;
const MOST_SHOWN = 20;

export interface CancelFlags {
  phone?: string;
  source?: string;
  since?: Date;
  dryRun?: boolean;
  json?: boolean;
  yes?: boolean;
}

/** @throws UsageError when it is not said which leads are meant, or in two ways */
export function cancelSelection(leadIds: readonly string[], flags: CancelFlags): CancelSelection {
  const { phone, source } = flags;
  const ways = [leadIds.length > 0, phone !== undefined, source !== undefined].filter(Boolean);
  if (ways.length !== 1) {
    throw new UsageError('Which leads? Give their ids, or --phone, or --source with --since.');
  }
  if (leadIds.length > 0) return { leadIds };
  const since = flags.since ?? new Date(Date.now() - DEFAULT_SINCE_MS);
  if (phone !== undefined) return { phone, since };
  if (flags.since === undefined) throw new UsageError('Since when? Give --since, such as 2h.');
  return { source: source ?? '', since };
}

export async function cancel(
  parts: ActingParts,
  selection: CancelSelection,
  flags: CancelFlags,
): Promise<void> {
  const { planned, sending } = await foreseeCancel(parts.bus, selection);
  if (flags.dryRun && flags.json) {
    return answer({ wouldCancel: planned.map(toJson), sending: sending.map(toJson) });
  }
  if (planned.length === 0) {
    return answer(
      { cancelled: [], left: [] },
      'Nothing to do: nothing is planned for these leads.',
    );
  }
  show(planned);
  if (flags.dryRun) return;
  const question = `Take ${counted(planned.length, 'message')} back? They will not be sent.`;
  if (!(await confirm(question, flags.yes ?? false))) return say('Nothing was changed.');
  const { cancelled, left } = await cancelLeads(parts, selection);
  if (flags.json) {
    return answer({ cancelled: cancelled.map(toJson), left: left.map(toJson) });
  }
  say(paint('green', `${counted(cancelled.length, 'message')} taken back.`));
  if (left.length > 0) say(`${counted(left.length, 'message')} had been begun and may be sent.`);
}

function toJson({ leadId, channel, template }: LedgerEntry) {
  return { leadId, channel, template };
}

function show(planned: readonly LedgerEntry[]): void {
  const rows = planned
    .slice(0, MOST_SHOWN)
    .map(({ leadId, channel, template, dueAt }) => [leadId, channel, template, clock(dueAt)]);
  say(...columns(['LEAD', 'CHANNEL', 'TEMPLATE', 'DUE'], rows, '  '));
  if (planned.length > MOST_SHOWN) say(`  and ${planned.length - MOST_SHOWN} more`);
  say(ALMATY_NOTE, '');
}

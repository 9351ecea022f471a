/** `leads release`: shows which leads are held, asks, and lets them out. */
import type { ActingParts } from '@leadwire/operations/acting';
import type { HeldLead, HeldSelection } from '@leadwire/operations/leads/held-leads';
import { foreseeRelease, releaseLeads } from '@leadwire/operations/leads/release';
import type { QuarantineReason } from '@leadwire/shared/contract/alert-facts';
import { answer } from '../answer.ts';
import { UsageError } from '../failure.ts';
import { ALMATY_NOTE, clock, columns, confirm, counted, paint, say } from '../terminal.ts';

/** With a reason alone: what is older was looked at before, or never will be. */
const DEFAULT_SINCE_MS = 24 * 60 * 60_000;
const MOST_SHOWN = 20;

export interface ReleaseFlags {
  reason?: QuarantineReason;
  since?: Date;
  dryRun?: boolean;
  json?: boolean;
  yes?: boolean;
}

/** @throws UsageError when it is not said which leads are meant */
export function heldSelection(leadIds: readonly string[], flags: ReleaseFlags): HeldSelection {
  const { reason, since } = flags;
  const isByTime = reason !== undefined || since !== undefined;
  if (leadIds.length > 0 && !isByTime) return { leadIds };
  if (leadIds.length > 0 || !isByTime) {
    throw new UsageError('Which leads? Give their ids, or --reason and --since.');
  }
  return { since: since ?? new Date(Date.now() - DEFAULT_SINCE_MS), reason };
}

export async function release(
  parts: ActingParts,
  selection: HeldSelection,
  flags: ReleaseFlags,
): Promise<void> {
  const held = await foreseeRelease(parts.bus, selection);
  const ids = held.map(({ lead }) => lead.leadId);
  if (flags.dryRun && flags.json) return answer({ wouldRelease: ids });
  if (held.length === 0) {
    return answer({ released: [] }, 'Nothing to do: none of these leads is held.');
  }
  show(held);
  if (flags.dryRun) return;
  const question = `Let ${counted(held.length, 'lead')} out? Mail, SMS, deals and notices follow.`;
  if (!(await confirm(question, flags.yes ?? false))) return say('Nothing was changed.');
  const report = await releaseLeads(parts, selection);
  if (flags.json) return answer(report);
  say(paint('green', `${counted(report.released.length, 'lead')} let out.`));
}

function show(held: readonly HeldLead[]): void {
  const rows = held
    .slice(0, MOST_SHOWN)
    .map(({ lead, reason, isReachable }) => [
      lead.leadId,
      reason,
      lead.source,
      clock(lead.receivedAt),
      isReachable ? 'good contacts' : '',
    ]);
  say(...columns(['LEAD', 'HELD FOR', 'FORM', 'RECEIVED', ''], rows, '  '));
  if (held.length > MOST_SHOWN) say(`  and ${held.length - MOST_SHOWN} more`);
  say(ALMATY_NOTE, '');
}

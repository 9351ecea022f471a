/**
 * `leads retry`: for deliveries that ended without a dead letter, because what became of them could not
 * be found out. The ledger is opened first; a crash before the message is scheduled leaves a stray,
 * which the sweeper finds.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  createLedger,
  isSettled,
  type LedgerEntry,
  type SettledState,
} from '@leadwire/shared/delivery/ledger';
import { scheduleAgain } from '@leadwire/shared/delivery/rescue';
import { FailedError } from '../failure.ts';
import { clock, columns, confirm, counted, oneLine, paint, say } from '../terminal.ts';

export interface RetryFlags {
  channel?: string;
  unknownToo?: boolean;
  yes?: boolean;
}

/** @throws FailedError when a message cannot be made again. */
export async function retryLead(bus: Bus, lead: unknown, flags: RetryFlags): Promise<void> {
  const { subject: leadId } = lead as { subject: string };
  const from: SettledState[] = flags.unknownToo ? ['failed', 'unknown'] : ['failed'];
  const ledger = createLedger(bus);
  const all = (await ledger.ofLead(leadId)).filter(
    ({ channel }) => flags.channel === undefined || channel === flags.channel,
  );
  const wanted = all.filter((entry) => isSettled(entry) && from.includes(entry.state));
  if (wanted.length === 0) return say(`Nothing to do: ${reasonsOf(all)}.`);

  say(`${counted(wanted.length, 'message')} of lead ${leadId} to be sent:`, '');
  say(...columns(['CHANNEL', 'TEMPLATE', 'STATE', 'ENDED', 'WHY'], wanted.map(toRow), '  '), '');
  if (!(await confirm('Send?', flags.yes ?? false))) return say('Nothing was changed.');
  for (const entry of wanted) {
    const reopened = await ledger.reopen(entry, { from, cause: new Date() });
    if (reopened.kind !== 'reopened') continue;
    if (await scheduleAgain(bus, reopened.entry)) continue;
    throw new FailedError(`The ${entry.channel} cannot be made again: its lead or link is gone.`);
  }
  say(paint('green', `${counted(wanted.length, 'message')} handed out again.`));
}

function toRow({ channel, template, state, settledAt, reason, error }: LedgerEntry): string[] {
  const why = [reason, error].filter((each) => each !== undefined).map(oneLine);
  return [channel, template, state, settledAt ? clock(settledAt) : '-', why.join(', ')];
}

function reasonsOf(entries: readonly LedgerEntry[]): string {
  if (entries.length === 0) return 'no message is planned';
  const words = entries.map(({ channel, state }) => `${channel} is ${state}`);
  const isUnknown = entries.some(({ state }) => state === 'unknown');
  const hint = ' (it may have been sent: --unknown-too sends it all the same)';
  return `${words.join(', ')}${isUnknown ? hint : ''}`;
}

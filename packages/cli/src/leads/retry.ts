/** `leads retry`: shows what failed, asks, and has it sent once more. */
import type { ActingParts } from '@leadwire/operations/acting';
import { foreseeRetry, retryDeliveries } from '@leadwire/operations/deliveries/retry';
import type { Channel } from '@leadwire/shared/contract/events';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { answer } from '../answer.ts';
import { ALMATY_NOTE, clock, columns, confirm, counted, oneLine, paint, say } from '../terminal.ts';

export interface RetryFlags {
  channel?: Channel;
  unknownToo?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

/** @throws DeliveryError when a message cannot be made again. */
export async function retry(parts: ActingParts, leadId: string, flags: RetryFlags): Promise<void> {
  const wanted = { channel: flags.channel, isUnknownToo: flags.unknownToo ?? false };
  const { all, chosen } = await foreseeRetry(parts.bus, leadId, wanted);
  if (chosen.length === 0) return say(`Nothing to do: ${reasonsOf(all)}.`);

  say(`${counted(chosen.length, 'message')} of lead ${leadId} to be sent:`, '');
  say(
    ...columns(['CHANNEL', 'TEMPLATE', 'STATE', 'ENDED', 'WHY'], chosen.map(toRow), '  '),
    ALMATY_NOTE,
    '',
  );
  const wouldSend = chosen.map(toJson);
  if (flags.dryRun) return answer({ leadId, wouldSend }, DRY_RUN);
  if (!(await confirm('Send?', flags.yes ?? false))) return say('Nothing was changed.');
  const retried = await retryDeliveries(parts, leadId, wanted);
  answer(
    { leadId, sent: retried.map(toJson) },
    paint('green', `${counted(retried.length, 'message')} handed out again.`),
  );
}

const DRY_RUN = 'Nothing was changed: this was a dry run.';

function toJson({ channel, template, state }: LedgerEntry) {
  return { channel, template, state };
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

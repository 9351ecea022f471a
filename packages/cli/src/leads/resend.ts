/**
 * `leads resend`: the one way to send a message to somebody who has it already. Loud on purpose: it has
 * no --yes, it asks for the lead's own number, and the sales team's admins hear of it.
 */
import { createInterface } from 'node:readline/promises';
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent } from '@leadwire/shared/contract/events';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { scheduleAgain } from '@leadwire/shared/delivery/rescue';
import { subjects } from '@leadwire/shared/contract/topology';
import { FailedError, UsageError } from '../failure.ts';
import { clock, columns, counted, paint, say } from '../terminal.ts';

const CHANNELS = ['email', 'sms'];
const CONFIRM_LENGTH = 8;

export interface ResendFlags {
  channel: string;
  confirm?: string;
}

/** @throws UsageError when it is not confirmed; FailedError when a message cannot be made again. */
export async function resendMessages(bus: Bus, lead: unknown, flags: ResendFlags): Promise<void> {
  const { channel } = flags;
  if (!CHANNELS.includes(channel)) {
    throw new UsageError(`"${channel}" cannot be sent again. There are: ${CHANNELS.join(', ')}.`);
  }
  const { subject: leadId } = lead as { subject: string };
  const ledger = createLedger(bus);
  const sent = (await ledger.ofLead(leadId)).filter(
    (entry) => entry.channel === channel && entry.state === 'sent',
  );
  if (sent.length === 0) {
    return say(
      `Nothing to do: no ${channel} of this lead was sent. "leads retry" sends what failed.`,
    );
  }
  say(paint('red', `THE PERSON HAS THIS ALREADY and gets it again:`), '');
  say(...columns(['CHANNEL', 'TEMPLATE', 'SENT', 'COPIES'], sent.map(toRow), '  '), '');
  await requireConfirmation(leadId, flags.confirm);
  for (const entry of sent) await resendOne(bus, ledger, entry);
  say(paint('green', `${counted(sent.length, 'message')} handed out again.`));
}

async function resendOne(
  bus: Bus,
  ledger: ReturnType<typeof createLedger>,
  entry: LedgerEntry,
): Promise<void> {
  // Told first: a copy that nobody was told of is worse than a word about one that failed.
  await tell(bus, entry);
  const reopened = await ledger.reopen(entry, { from: ['sent'], cause: new Date(), isCopy: true });
  if (reopened.kind !== 'reopened') throw new FailedError('Somebody else is at it. Look again.');
  if (await scheduleAgain(bus, reopened.entry)) return;
  throw new FailedError(`The ${entry.channel} cannot be made again: its lead or link is gone.`);
}

async function tell(bus: Bus, { leadId, channel, template }: LedgerEntry): Promise<void> {
  const what = 'forced_resend';
  const data = {
    severity: 'warning' as const,
    what,
    message: `By hand: the ${channel} "${template}" of lead ${leadId} is sent once more, although it was sent before.`,
    at: new Date().toISOString(),
  };
  const event = makeEvent('alert.raised.v1', { source: bus.name, subject: what, data });
  await bus.publish(subjects.alert('warning', what), event);
}

function toRow({ channel, template, settledAt, copies = 0 }: LedgerEntry): string[] {
  return [channel, template, settledAt ? clock(settledAt) : '-', String(copies + 1)];
}

/** @throws UsageError */
async function requireConfirmation(leadId: string, given: string | undefined): Promise<void> {
  const expected = leadId.slice(0, CONFIRM_LENGTH);
  const question = `Type the first ${CONFIRM_LENGTH} characters of the lead (${expected}) to send: `;
  const answer = given ?? (process.stdin.isTTY ? await ask(question) : undefined);
  if (answer?.trim() === expected) return;
  throw new UsageError(`Nothing was sent. It takes --confirm ${expected}.`);
}

async function ask(question: string): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await prompt.question(question);
  } finally {
    prompt.close();
  }
}

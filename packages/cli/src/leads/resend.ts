/** `leads resend`: loud on purpose. It has no --yes and asks for the lead's own number. */
import { createInterface } from 'node:readline/promises';
import type { ActingParts } from '@leadwire/operations/acting';
import { foreseeResend, resendDeliveries } from '@leadwire/operations/deliveries/resend';
import type { PersonalChannel } from '@leadwire/shared/contract/events';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { answer, words } from '../answer.ts';
import { UsageError } from '../failure.ts';
import { ALMATY_NOTE, clock, columns, counted, paint, say } from '../terminal.ts';

const CONFIRM_LENGTH = 8;

export interface ResendFlags {
  channel: PersonalChannel;
  confirm?: string;
}

/** @throws UsageError when it is not confirmed; DeliveryError when a message cannot be made again. */
export async function resend(
  parts: ActingParts,
  leadId: string,
  { channel, confirm }: ResendFlags,
): Promise<void> {
  const sent = await foreseeResend(parts.bus, leadId, channel);
  if (sent.length === 0) {
    return say(
      `Nothing to do: no ${channel} of this lead was sent. "leads retry" sends what failed.`,
    );
  }
  say(paint('red', `THE PERSON HAS THIS ALREADY and gets it again:`), '');
  say(
    ...columns(['CHANNEL', 'TEMPLATE', 'SENT', 'COPIES'], sent.map(toRow), '  '),
    ALMATY_NOTE,
    '',
  );
  await requireConfirmation(leadId, confirm);
  const again = await resendDeliveries(parts, leadId, channel);
  answer(
    { leadId, sent: again.map(({ channel: by, template }) => ({ channel: by, template })) },
    paint('green', `${counted(again.length, 'message')} handed out again.`),
  );
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
  const prompt = createInterface({ input: process.stdin, output: words() });
  try {
    return await prompt.question(question);
  } finally {
    prompt.close();
  }
}

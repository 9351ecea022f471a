/**
 * The one way to send a message to somebody who has it already. Loud on purpose: whoever offers it asks for the lead's
 * own number, and the sales team's admins hear of it.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import type { PersonalChannel } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { scheduleAgain } from '@leadwire/shared/delivery/rescue';
import type { ActingParts } from '../acting.ts';
import { audited } from '../audit/audited.ts';
import { DeliveryError } from './delivery-error.ts';

/** What `resendDeliveries` would send now: the person has each of them. Changes nothing. @throws TransientError */
export async function foreseeResend(
  bus: Bus,
  leadId: string,
  channel: PersonalChannel,
): Promise<LedgerEntry[]> {
  return (await createLedger(bus).ofLead(leadId)).filter(
    (entry) => entry.channel === channel && entry.state === 'sent',
  );
}

/**
 * Sends one copy more of everything on this channel that the person has got; resolves with what it was.
 * @throws DeliveryError `busy`, `gone`; TransientError when the broker does not answer
 */
export function resendDeliveries(
  { bus, actor }: ActingParts,
  leadId: string,
  channel: PersonalChannel,
): Promise<LedgerEntry[]> {
  return audited(
    bus,
    { actor, action: 'delivery.resent', subject: leadId, details: { channel } },
    async () => {
      const sent = await foreseeResend(bus, leadId, channel);
      for (const entry of sent) await resendOne(bus, entry);
      return sent;
    },
    (sent) => ({ messages: sent.map((entry) => `${entry.channel}.${entry.template}`) }),
  );
}

async function resendOne(bus: Bus, entry: LedgerEntry): Promise<void> {
  const { channel, template, leadId } = entry;
  // Told first: a copy that nobody was told of is worse than a word about one that failed.
  await createAlerts(bus).report(
    {
      severity: 'warning',
      what: 'forced_resend',
      message: `Заявка ${leadId}: ${channel === 'sms' ? 'SMS' : 'письмо'} «${template}» уже уходило и уйдёт снова.`,
    },
    newId(),
  );
  const ledger = createLedger(bus);
  const reopened = await ledger.reopen(entry, { from: ['sent'], cause: new Date(), isCopy: true });
  if (reopened.kind !== 'reopened') {
    throw new DeliveryError('busy', 'Somebody else is at it. Look again.');
  }
  if (await scheduleAgain(bus, reopened.entry)) return;
  throw new DeliveryError('gone', `The ${channel} cannot be made again: its lead or link is gone.`);
}

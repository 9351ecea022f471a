/** The actions on one lead's messages, for whoever talks to people. */
import { DeliveryError } from '@leadwire/operations/deliveries/delivery-error';
import { resendDeliveries } from '@leadwire/operations/deliveries/resend';
import { retryDeliveries } from '@leadwire/operations/deliveries/retry';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { z } from 'zod';
import { readLead } from './data/leads.ts';
import { NotFoundError, type Route, type Visit } from './http/route.ts';
import { isConfirmed, leadActs, type LeadAct } from './pages/lead-acts.ts';

export function leadActRoutes(bus: Bus): Route[] {
  return leadActs.map((act) => {
    return {
      method: 'POST',
      path: `/leads/:id/${act}`,
      roles: ['owner', 'sales'],
      handle: (visit) => actOn(bus, act, visit),
    };
  });
}

async function actOn(bus: Bus, act: LeadAct, { client, params, form, person }: Visit) {
  const id = z.uuid().safeParse(params['id']).data;
  // Also what this person may see of it: nobody acts on a lead that is hidden from them.
  const lead = id === undefined ? undefined : await readLead(client, id);
  if (!lead) throw new NotFoundError('no such lead');
  const told = (word: string | number) => ({ goTo: `/leads/${lead.id}?done=${word}` });
  if (act.startsWith('resend') && !isConfirmed(lead, form.get('sure'))) return told('number');
  try {
    const sent = await perform(bus, act, lead.id, person.email);
    return told(sent.length);
  } catch (thrown) {
    if (thrown instanceof DeliveryError) return told(thrown.problem);
    throw thrown;
  }
}

/** Everything goes through the operations that the CLI uses: checked again there, and written into the audit log. */
function perform(bus: Bus, act: LeadAct, leadId: string, actor: string): Promise<LedgerEntry[]> {
  switch (act) {
    case 'retry':
      return retryDeliveries({ bus, actor }, leadId, {});
    case 'retry-unknown':
      return retryDeliveries({ bus, actor }, leadId, { isUnknownToo: true });
    case 'resend-email':
      return resendDeliveries({ bus, actor }, leadId, 'email');
    case 'resend-sms':
      return resendDeliveries({ bus, actor }, leadId, 'sms');
  }
}

/** The actions on one lead's messages, for whoever talks to people. */
import { DeliveryError } from '@leadwire/operations/deliveries/delivery-error';
import { resendDeliveries } from '@leadwire/operations/deliveries/resend';
import { retryDeliveries } from '@leadwire/operations/deliveries/retry';
import { cancelLeads } from '@leadwire/operations/leads/cancel';
import { releaseLeads } from '@leadwire/operations/leads/release';
import type { Bus } from '@leadwire/shared/broker/bus';
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
    return told(await perform(bus, act, lead.id, person.email));
  } catch (thrown) {
    if (thrown instanceof DeliveryError) return told(thrown.problem);
    throw thrown;
  }
}

/** Everything goes through the operations that the CLI uses: checked again there, and written into the audit log. */
async function perform(
  bus: Bus,
  act: LeadAct,
  leadId: string,
  actor: string,
): Promise<string | number> {
  const parts = { bus, actor };
  switch (act) {
    case 'release':
      return (await releaseLeads(parts, { leadIds: [leadId] })).released.length > 0
        ? 'released'
        : 0;
    case 'cancel':
      return `cancelled${(await cancelLeads(parts, { leadIds: [leadId] })).cancelled.length}`;
    case 'retry':
      return (await retryDeliveries(parts, leadId, {})).length;
    case 'retry-unknown':
      return (await retryDeliveries(parts, leadId, { isUnknownToo: true })).length;
    case 'resend-email':
      return (await resendDeliveries(parts, leadId, 'email')).length;
    case 'resend-sms':
      return (await resendDeliveries(parts, leadId, 'sms')).length;
  }
}

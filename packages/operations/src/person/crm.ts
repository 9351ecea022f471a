/** What stands in AmoCRM for a person, as crm-sync and its facts have it. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { z } from 'zod';
import type { Certificate } from './certificate.ts';

const madeSchema = z.object({
  leadId: z.string(),
  dealId: z.number().optional(),
  contactId: z.number().optional(),
});

/** Contacts and deals of these leads, with those that were known before. @throws TransientError */
export async function crmOf(
  bus: Bus,
  ids: readonly string[],
  before: Certificate['crm'] = { contactIds: [], dealIds: [] },
): Promise<Certificate['crm']> {
  const wanted = new Set(ids);
  const contactIds = new Set(before.contactIds);
  const dealIds = new Set(before.dealIds);
  for await (const { json } of readStream(bus, 'DELIVERIES', { subject: 'crm.>' })) {
    const made = madeSchema.safeParse((json as { data?: unknown } | undefined)?.data).data;
    if (!made || !wanted.has(made.leadId)) continue;
    if (made.contactId !== undefined) contactIds.add(made.contactId);
    if (made.dealId !== undefined) dealIds.add(made.dealId);
  }
  return { contactIds: [...contactIds], dealIds: [...dealIds] };
}

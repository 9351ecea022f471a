/** What stands in AmoCRM for a person, as crm-sync and its facts have it. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { z } from 'zod';
import { readCertificates, type Certificate } from './certificate.ts';

const madeSchema = z.object({
  leadId: z.string(),
  dealId: z.number().optional(),
  contactId: z.number().optional(),
});
type Made = z.infer<typeof madeSchema>;

/** Numbers in AmoCRM; `shared` are those that are also somebody else's, who was not erased. */
export interface CrmOfPerson {
  contactIds: readonly number[];
  dealIds: readonly number[];
  shared: { contactIds: readonly number[]; dealIds: readonly number[] };
}

/** Contacts and deals of these leads, with those that were known before. @throws TransientError */
export async function crmOf(
  bus: Bus,
  ids: readonly string[],
  before: Certificate['crm'] = { contactIds: [], dealIds: [] },
): Promise<Certificate['crm']> {
  const wanted = new Set(ids);
  const contactIds = new Set(before.contactIds);
  const dealIds = new Set(before.dealIds);
  for await (const made of madeIn(bus)) {
    if (!wanted.has(made.leadId)) continue;
    if (made.contactId !== undefined) contactIds.add(made.contactId);
    if (made.dealId !== undefined) dealIds.add(made.dealId);
  }
  return { ...before, contactIds: [...contactIds], dealIds: [...dealIds] };
}

/** Says which of a certificate's cards are also of leads whose person is not erased. @throws TransientError */
export async function withShared(
  bus: Bus,
  { crm: { contactIds, dealIds }, ids }: Certificate,
): Promise<CrmOfPerson> {
  const erased = new Set([...ids, ...(await readCertificates(bus)).flatMap((each) => each.ids)]);
  const others: Made[] = [];
  for await (const made of madeIn(bus)) if (!erased.has(made.leadId)) others.push(made);
  const isOthers = (key: 'contactId' | 'dealId') => (id: number) =>
    others.some((made) => made[key] === id);
  const shared = {
    contactIds: contactIds.filter(isOthers('contactId')),
    dealIds: dealIds.filter(isOthers('dealId')),
  };
  return { contactIds, dealIds, shared };
}

async function* madeIn(bus: Bus): AsyncGenerator<Made> {
  for await (const { json } of readStream(bus, 'DELIVERIES', { subject: 'crm.>' })) {
    const made = madeSchema.safeParse((json as { data?: unknown } | undefined)?.data).data;
    if (made) yield made;
  }
}

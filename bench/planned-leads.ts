/** Leads whose mails are planned for one instant. */
import type { Lead } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { ExplainedError } from '../scripts/machine/tools.mjs';
import type { DueRig } from './due-rig.ts';

const AT_ONCE = 64;
/** A hundred thousand on a slow machine. */
const PLANNED_MS = 60 * 60_000;

/** With a mail address only: each is one message. */
export function leadsDueAt(dueAt: number, count: number, delayMs: number): Lead[] {
  const receivedAt = new Date(dueAt - delayMs).toISOString();
  return Array.from({ length: count }, () => someLead({ receivedAt, phone: null }));
}

/** As landing-api publishes them; done when the notifiers have planned all. @throws when that is not before `dueAt`. */
export async function plan({ bus, notifications }: DueRig, leads: readonly Lead[], dueAt: number) {
  const { everStored } = await notifications();
  await eachOf(leads, (lead) =>
    bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead)),
  );
  const isPlanned = async () => (await notifications()).everStored >= everStored + leads.length;
  await waitFor(isPlanned, { timeoutMs: PLANNED_MS, what: 'all messages to be planned' });
  if (Date.now() < dueAt) return;
  throw new ExplainedError(
    'Planning took longer than the first messages let expect, and they were due meanwhile: the machine is too busy.',
  );
}

/** As many at once as a busy intake has under way. */
export async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>) {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
  }
}

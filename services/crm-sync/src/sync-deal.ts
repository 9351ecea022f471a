/**
 * One person, one contact, one open deal. `syncDeal` finds or makes them and can be repeated at any
 * point: what was done before is in our map, what may have been done is looked for in AmoCRM.
 *
 * Order: lock the person on all replicas, ask the map, ask AmoCRM, claim, create, record, note.
 */
import { RefusedError } from '@leadwire/shared/providers/amocrm/http';
import { TransientError } from '@leadwire/shared/errors';
import type { Lease } from '@leadwire/shared/coordination/leases';
import type { CrmMap, LeadEntry, Made } from './crm-map.ts';
import { noteMark } from './deal-note.ts';
import type { DealPorts, DesiredDeal } from './desired-deal.ts';
import { createDealFinder, type DealFinder } from './find-deal.ts';
import { foundBy, hasOther, personKeys } from './match.ts';
import { problemOf } from './refused-fields.ts';
import { asGone, createDealWriter, type DealWriter } from './write-deal.ts';

/** How long a lead waits for another one of the same person before it is given back. */
const PATIENCE_MS = 4_000;

export interface Synced {
  dealId: number;
  contactId: number | undefined;
  stageId: number;
  /** What AmoCRM refused and was left out. */
  problem: string | undefined;
  /** What AmoCRM took of a new deal that it may refuse. */
  carried?: readonly string[];
  /** When it was so, ISO. */
  at: string;
  /** Other leads whose deal this is, when it has moved. */
  alsoMoved: string[];
}

export type SyncDeal = (desired: DesiredDeal) => Promise<Synced>;

/** Errors are those of the ports; SnoozeError while somebody else works on the same person. */
export function createSyncDeal(ports: DealPorts): SyncDeal {
  return async (desired) => {
    const keys = personKeys(ports.hashSecret, desired.person, desired.id);
    const held = new Map<string, Lease>();
    const lock = async (key: string) => {
      if (!held.has(key)) held.set(key, await ports.leases.acquire(`crm.${key}`, PATIENCE_MS));
    };
    const renew = async () => {
      for (const lease of held.values()) await lease.renew();
    };
    try {
      for (const key of keys) await lock(key);
      return await sync({ ...ports, amocrm: ports.amocrm.about({ leadId: desired.id }) }, desired, {
        keys,
        lock,
        renew,
      });
    } finally {
      for (const lease of held.values()) await lease.release();
    }
  };
}

interface Hold {
  keys: string[];
  lock: (key: string) => Promise<void>;
  /** Makes sure that nobody has taken over. */
  renew: () => Promise<void>;
}

async function sync(ports: DealPorts, desired: DesiredDeal, hold: Hold): Promise<Synced> {
  const { amocrm, map, now = Date.now } = ports;
  const entry = await map.lead(desired.id);
  const made = await findOrMake(ports, desired, hold, entry);
  const stageId = made.stageId ?? (await amocrm.deal(made.dealId))?.status_id;
  if (stageId === undefined) throw new TransientError('the deal is gone: looking again');

  await map.record(desired.id, hold.keys, { ...made, stageId, problem: made.problem });
  const note =
    entry?.state === 'done' ? undefined : await addNote(ports, desired, hold, made.dealId);
  const problem = made.problem ?? note ?? entry?.problem;
  if (problem !== made.problem)
    await map.record(desired.id, hold.keys, { ...made, stageId, problem });
  const at = new Date(now()).toISOString();
  const deal = { id: made.dealId, responsible_user_id: made.responsibleId };
  await ports.responsible.join(deal, desired.id, desired.cameAt ?? at);
  await map.finish(desired.id, at);

  const alsoMoved = await leadsToTell(map, made.dealId, desired.id);
  return { ...made, stageId, problem, at, alsoMoved };
}

/** The other leads of a deal, when this one has moved it and they have not been told. */
export async function leadsToTell(
  map: Pick<CrmMap, 'deal'>,
  dealId: number,
  movedBy: string,
): Promise<string[]> {
  const deal = await map.deal(dealId);
  return deal?.movedBy === movedBy ? deal.ids.filter((id) => id !== movedBy) : [];
}

async function findOrMake(
  ports: DealPorts,
  desired: DesiredDeal,
  { keys, lock, renew }: Hold,
  entry: LeadEntry | undefined,
): Promise<Made> {
  const { amocrm } = ports;
  const find = createDealFinder(ports, desired, keys);
  const write = createDealWriter(ports, desired, { keys, renew });

  const again = await madeBefore({ amocrm, find, write, lock }, entry);
  if (again) return again;
  await find.awaitOthers(keys);
  const found = await find.contact();
  if (!found) return write.create(undefined, { seen: entry });
  // The same contact may be found by another phone at this moment; so it is read again, under the lock.
  const key = contactKey(found.id);
  await lock(key);
  await find.awaitOthers([key]);
  const contact = (await amocrm.contact(found.id)) ?? found;
  const by = foundBy(contact, desired.person);
  const refused = await write.complete(contact);
  const deal = await find.openDeal(contact);
  const { known, ...made } = deal
    ? { ...(await write.update(deal, { foundBy: by })), contactId: contact.id }
    : await write.create(contact, { seen: entry, alsoFor: [key], foundBy: by });
  const problems = [problemOf(refused), made.problem].filter((problem) => problem !== undefined);
  const problem = problems.length > 0 ? problems.join('; ') : undefined;
  const differs = hasOther(contact, desired.person);
  return { ...made, problem, known: known && { ...known, ...(differs && { differs }) } };
}

/** The deal that this lead has made itself, or was making when a process ended, brought up to date. */
async function madeBefore(
  {
    amocrm,
    find,
    write,
    lock,
  }: Pick<DealPorts, 'amocrm'> & { find: DealFinder; write: DealWriter } & Pick<Hold, 'lock'>,
  entry: LeadEntry | undefined,
): Promise<Made | undefined> {
  if (entry?.dealId !== undefined) {
    // Leads with another phone of the same contact share the deal.
    if (entry.contactId !== undefined) await lock(contactKey(entry.contactId));
    const known = await amocrm.deal(entry.dealId);
    if (known && known.is_deleted !== true) {
      const { contactId, ...made } = await write.update(known, { foundBy: undefined });
      return { ...made, contactId: entry.contactId ?? contactId };
    }
  }
  if (entry?.state !== 'creating') return undefined;
  const earlier = await find.earlier(entry.claimedAt ?? 0);
  return earlier && write.update(earlier, { foundBy: undefined });
}

/** In locks and in our map: next to the hashes of the person's phone and address. */
function contactKey(id: number): string {
  return `contact-${id}`;
}

/**
 * Once: after a try whose end is not known, the deal's notes are looked through first. A note that
 * AmoCRM refuses costs no deal: it is told as a problem.
 */
async function addNote(
  { amocrm, map }: DealPorts,
  desired: DesiredDeal,
  { renew }: Hold,
  dealId: number,
): Promise<string | undefined> {
  if (desired.note === undefined) return undefined;
  const { noteTried, known } = (await map.lead(desired.id)) ?? {};
  if (noteTried) {
    const notes = await amocrm.notes(dealId);
    if (notes.some((text) => text.includes(noteMark(desired.id)))) return undefined;
  }
  const atTurn = async () => {
    await renew();
    await map.noteTried(desired.id);
  };
  try {
    await amocrm.addNote(dealId, desired.note(known), atTurn);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof RefusedError) return problemOf([`the note (${thrown.message})`]);
    return asGone(thrown);
  }
}

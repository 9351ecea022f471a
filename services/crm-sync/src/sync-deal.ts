/**
 * One person, one contact, one open deal. `syncDeal` finds or makes them and can be repeated at any
 * point: what was done before is in our map, what may have been done is looked for in AmoCRM.
 *
 * Order: lock the person on all replicas, ask the map, ask AmoCRM, claim, create, record, note.
 */
import { TransientError } from '@leadwire/shared/errors';
import type { Lease, Leases } from '@leadwire/shared/leases';
import type { Amocrm } from './amocrm.ts';
import type { CrmMap, LeadEntry, Made } from './crm-map.ts';
import type { StagePlan } from './deal-plan.ts';
import { noteMark } from './deal-text.ts';
import { createDealFinder } from './find-deal.ts';
import { missingFields, personKeys, type FieldValues, type Person } from './match.ts';
import type { Stages } from './stages.ts';
import { createDealWriter } from './write-deal.ts';

/** How long a lead waits for another one of the same person before it is given back. */
const PATIENCE_MS = 4_000;

/** What should stand in AmoCRM. */
export interface Wish {
  /** Ours: the lead's, or one derived from the student's. */
  id: string;
  person: Person;
  dealName: string;
  /** Where a new deal begins (undefined: AmoCRM's first stage), and whether an open one moves there. */
  stage: { id: number | undefined; movesOpenDeals: boolean };
  tags: string[];
  fields: FieldValues[];
  note: string | undefined;
}

export interface Synced {
  dealId: number;
  contactId: number | undefined;
  stageId: number;
  /** What AmoCRM refused and was left out. */
  problem: string | undefined;
  /** When it was so, ISO. */
  at: string;
  /** Other leads whose deal this is, when it has moved. */
  alsoMoved: string[];
}

export interface DealPorts {
  amocrm: Amocrm;
  map: CrmMap;
  leases: Leases;
  stages: Stages;
  plan: StagePlan;
  /** The field that holds our id, if there is one. */
  idField: number | undefined;
  /** After this time AmoCRM's search knows what was written. */
  searchLagMs: number;
  now?: () => number;
}

export type SyncDeal = (wish: Wish) => Promise<Synced>;

/** Errors are those of the ports; NotYetError while somebody else works on the same person. */
export function createSyncDeal(ports: DealPorts): SyncDeal {
  return async (wish) => {
    const keys = personKeys(wish.person, wish.id);
    const held: Lease[] = [];
    const lock = async (key: string) => {
      held.push(await ports.leases.acquire(`crm.${key}`, PATIENCE_MS));
    };
    const renew = async () => {
      for (const lease of held) await lease.renew();
    };
    try {
      for (const key of keys) await lock(key);
      return await sync({ ...ports, amocrm: ports.amocrm.about({ leadId: wish.id }) }, wish, {
        ...{ keys, lock, renew },
      });
    } finally {
      for (const lease of held) await lease.release();
    }
  };
}

interface Hold {
  keys: string[];
  lock: (key: string) => Promise<void>;
  /** Makes sure that nobody has taken over. */
  renew: () => Promise<void>;
}

async function sync(ports: DealPorts, wish: Wish, hold: Hold): Promise<Synced> {
  const { amocrm, map, now = Date.now } = ports;
  const entry = await map.lead(wish.id);
  const made = await findOrMake(ports, wish, hold, entry);
  const stageId = made.stageId ?? (await amocrm.deal(made.dealId))?.status_id;
  if (stageId === undefined) throw new TransientError('the deal is gone: looking again');

  const before = await map.deal(made.dealId);
  const problem = made.problem ?? entry?.problem;
  await map.record(wish.id, hold.keys, { ...made, stageId, problem });
  if (entry?.state !== 'done') await addNote(ports, wish, hold, made.dealId);
  const at = new Date(now()).toISOString();
  await map.finish(wish.id, at);

  const isMoved = before?.stageId !== undefined && before.stageId !== stageId;
  const alsoMoved = isMoved ? before.ids.filter((id) => id !== wish.id) : [];
  return { ...made, stageId, problem, at, alsoMoved };
}

async function findOrMake(
  ports: DealPorts,
  wish: Wish,
  { keys, lock, renew }: Hold,
  entry: LeadEntry | undefined,
): Promise<Made> {
  const { amocrm } = ports;
  const find = createDealFinder(ports, wish, keys);
  const write = createDealWriter(ports, wish, { keys, renew });

  if (entry?.dealId !== undefined) {
    const known = await amocrm.deal(entry.dealId);
    const isFirst = entry.state !== 'done';
    if (known && known.is_deleted !== true) return write.update(known, { isFirst });
  }
  if (entry?.state === 'creating') {
    const earlier = await find.earlier(entry.claimedAt ?? 0);
    if (earlier) return write.update(earlier, { isFirst: true });
  }
  await find.awaitOthers();
  const contact = await find.contact();
  if (!contact) return write.create(undefined);
  // The same contact may be found by another phone at this moment.
  await lock(`contact.${contact.id}`);
  const missing = missingFields(contact, wish.person);
  if (missing.length > 0) await amocrm.updateContact(contact.id, missing, renew);
  const deal = await find.openDeal((await amocrm.contact(contact.id)) ?? contact);
  if (!deal) return write.create(contact);
  return { ...(await write.update(deal, { isFirst: true })), contactId: contact.id };
}

/** Once: after a try whose end is not known, the deal's notes are looked through first. */
async function addNote(
  { amocrm, map }: DealPorts,
  wish: Wish,
  { renew }: Hold,
  dealId: number,
): Promise<void> {
  if (wish.note === undefined) return;
  if ((await map.lead(wish.id))?.noteTried) {
    const notes = await amocrm.notes(dealId);
    if (notes.some((text) => text.includes(noteMark(wish.id)))) return;
  }
  await amocrm.addNote(dealId, wish.note, async () => {
    await renew();
    await map.noteTried(wish.id);
  });
}

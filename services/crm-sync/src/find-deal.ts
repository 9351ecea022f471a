/** Looks for what stands in AmoCRM already: the person's contact, their open deal, an earlier create of ours. */
import { SnoozeError } from '@leadwire/shared/errors';
import type { Contact, Deal } from './amocrm-records.ts';
import type { Amocrm } from './amocrm.ts';
import { isOpen, type StagePlan } from './deal-plan.ts';
import { referenceOf } from './deal-text.ts';
import { pickContact, searchTexts } from './match.ts';
import type { DealPorts, DesiredDeal } from './desired-deal.ts';

type FindPorts = Pick<DealPorts, 'amocrm' | 'map' | 'plan' | 'idField' | 'searchLagMs' | 'now'>;

export interface DealFinder {
  /**
   * The deal of an earlier create whose end nobody knows; undefined when it never happened.
   * @throws SnoozeError until AmoCRM's search must show it.
   */
  earlier(claimedAt: number): Promise<Deal | undefined>;
  /** @throws SnoozeError while a create for another lead under these keys may be missing in a search. */
  awaitOthers(claimKeys: readonly string[]): Promise<void>;
  /** The contact that is this person: by our map first, which knows what the search does not yet. */
  contact(): Promise<Contact | undefined>;
  /** The contact's newest deal in our pipeline that may still be worked on. */
  openDeal(contact: Contact): Promise<Deal | undefined>;
}

export function createDealFinder(
  ports: FindPorts,
  desired: DesiredDeal,
  keys: string[],
): DealFinder {
  const { amocrm, map, plan, searchLagMs, now = Date.now } = ports;

  /** The search is fuzzy: the whole id in its field, or the number at the end of the name, decides. */
  const isOurs = (deal: Deal): boolean => {
    const fields = deal.custom_fields_values ?? [];
    const own = fields.find(({ field_id }) => field_id !== undefined && field_id === ports.idField);
    if (own) return own.values.some(({ value }) => value === desired.id);
    return deal.name?.trimEnd().endsWith(referenceOf(desired.id)) ?? false;
  };

  /** By our map, which also knows one whose number a person has corrected since. */
  const knownContact = async (): Promise<Contact | undefined> => {
    const entries = await Promise.all(keys.map((key) => map.person(key)));
    const idsByKey = entries.map((entry) => entry?.contactId);
    const ids = new Set(idsByKey.filter((id) => id !== undefined));
    const contacts = await Promise.all([...ids].map((id) => amocrm.contact(id)));
    const known = contacts.flatMap((one) => (one && one.is_deleted !== true ? [one] : []));
    // A number with a typing error belongs to somebody else, who may come one day: only who gives the
    // same number and address as then is the same person.
    const [first] = known;
    const isWholly = first !== undefined && idsByKey.every((id) => id === first.id);
    return pickContact(known, desired.person) ?? (isWholly ? first : undefined);
  };

  return {
    async earlier(claimedAt) {
      const askedAt = now();
      const reference = referenceOf(desired.id).slice(1);
      for (const text of ports.idField === undefined ? [reference] : [desired.id, reference]) {
        const [found] = (await amocrm.findDeals(text)).filter(isOurs).sort((a, b) => a.id - b.id);
        if (found) return found;
      }
      const waitMs = claimedAt + searchLagMs - askedAt;
      if (waitMs > 0) throw new SnoozeError('AmoCRM may not list the deal yet', waitMs);
      return undefined;
    },

    async awaitOthers(claimKeys) {
      for (const key of claimKeys) {
        const claim = (await map.person(key))?.claim;
        const waitMs = claim && claim.by !== desired.id ? claim.at + searchLagMs - now() : 0;
        if (waitMs > 0) throw new SnoozeError('another lead of this person is open', waitMs);
      }
    },

    async contact() {
      const known = await knownContact();
      if (known) return known;
      for (const text of searchTexts(desired.person)) {
        const found = pickContact(await amocrm.findContacts(text), desired.person);
        if (found) return found;
      }
      return undefined;
    },

    openDeal: (contact) => newestOpenDeal({ amocrm, plan }, contact),
  };
}

/** The contact's newest deal in our pipeline that may still be worked on. Errors are those of `Amocrm.deals`. */
export async function newestOpenDeal(
  { amocrm, plan }: { amocrm: Pick<Amocrm, 'deals'>; plan: StagePlan },
  contact: Contact,
): Promise<Deal | undefined> {
  const ids = (contact._embedded?.leads ?? []).map(({ id }) => id);
  const [newest] = (await amocrm.deals(ids))
    .filter((deal) => deal.is_deleted !== true && deal.pipeline_id === plan.pipelineId)
    .filter(({ status_id }) => isOpen(plan, status_id))
    .sort((a, b) => b.id - a.id);
  return newest;
}

/** Creates deals and moves them; what AmoCRM refuses is left out, as long as a deal remains. */
import { GoneError, RefusedError } from '@leadwire/shared/providers/amocrm/http';
import {
  AmbiguousError,
  ChannelStoppedError,
  SnoozeError,
  PermanentError,
  TransientError,
} from '@leadwire/shared/errors';
import type {
  Contact,
  ContactPatch,
  Deal,
  DealPatch,
  NewContact,
  NewDeal,
} from './amocrm-records.ts';
import type { DealEntry, LeadEntry, Made } from './crm-map.ts';
import { isForward, type Stage } from './deal-plan.ts';
import { isTracked, shownName } from './deal-text.ts';
import type { FoundBy, Known } from './known.ts';
import { contactFields, fillableFields } from './match.ts';
import type { FieldValues } from './amocrm-records.ts';
import { carriedBy, problemOf, withoutRefused } from './refused-fields.ts';
import type { DealPorts, DesiredDeal } from './desired-deal.ts';

/** A pipeline, a stage and fields may be refused one after the other. */
const TRIES_WITHOUT = 5;
/**
 * AmoCRM has no conditional change, so what is known of a deal must be young when its change leaves: a
 * manager may have moved it while we waited for our turn (after a 429 that is five minutes; otherwise seconds).
 */
const LONGEST_KNOWN_MS = 60_000;

const NOTHING: DealPatch = {};

type WritePorts = Pick<DealPorts, 'amocrm' | 'map' | 'stages' | 'plan' | 'idField' | 'now'>;

export interface DealWriter {
  /**
   * A deal for this contact, or for a new one. Claimed in the map, for the person and under `alsoFor`,
   * before it leaves; `seen` is the lead's entry on which the decision rests.
   */
  create(
    contact: Contact | undefined,
    options: { seen: LeadEntry | undefined; alsoFor?: readonly string[]; foundBy?: FoundBy },
  ): Promise<Made>;
  /** Fills what may be filled of the contact's phone and address; what AmoCRM refused of it. */
  complete(contact: Contact): Promise<string[]>;
  /**
   * Moves a deal forward, if who asks for it may. One that was there before (`foundBy`: how its contact was) is also
   * tagged, and tracked if it is not. What a person has set in AmoCRM stays: its manager, its name, its values, its
   * pipeline. What AmoCRM refuses is told as a problem: the deal is the lead's all the same.
   */
  update(deal: Deal, options: { foundBy: FoundBy | undefined }): Promise<Made>;
}

/** `renew` makes sure, right before a request leaves, that nobody has taken the person over. */
export function createDealWriter(
  ports: WritePorts,
  desired: DesiredDeal,
  { keys, renew }: { keys: string[]; renew: () => Promise<void> },
): DealWriter {
  const { amocrm, map, stages, plan, now = Date.now } = ports;

  const withFallback = async <Body extends object, T>(
    first: Body,
    send: (body: Body) => Promise<T>,
  ): Promise<{ result: T | undefined; body: Body; leftOut: string[] }> => {
    let body = first;
    const leftOut: string[] = [];
    for (let attempt = 1; Object.keys(body).length > 0; attempt += 1) {
      try {
        return { result: await send(body), body, leftOut };
      } catch (thrown) {
        if (!(thrown instanceof RefusedError) || attempt > TRIES_WITHOUT) throw thrown;
        const reduced = withoutRefused(body, thrown.fields);
        if (reduced.leftOut.length === 0) throw thrown;
        stages.forget();
        leftOut.push(...reduced.leftOut);
        body = reduced.body;
      }
    }
    return { result: undefined, body, leftOut };
  };

  const newDeal = (): NewDeal => {
    const { idField } = ports;
    const own: FieldValues[] =
      idField === undefined ? [] : [{ field_id: idField, values: [{ value: desired.id }] }];
    return {
      name: desired.dealName,
      pipeline_id: plan.pipelineId,
      ...(desired.stage.id !== undefined && { status_id: desired.stage.id }),
      custom_fields_values: [...desired.fields, ...own],
      _embedded: { tags: desired.tags.map((name) => ({ name })) },
    };
  };

  /** Right before a move leaves: its echo is ours from here on. */
  const aim = async ({ id, status_id: from }: Deal, target: number, knownSince: number) => {
    if (now() - knownSince > LONGEST_KNOWN_MS) {
      throw new SnoozeError('what is known of the deal is old: looking again', 0);
    }
    await map.changeDeal(id, (known) => ({ ...known, target, targetAt: now() }), from);
  };

  /** Whether the deal would move, as far as its place goes. */
  const isAhead = (deal: Deal, all: readonly Stage[]): boolean => {
    const { id: target, movesOpenDeals } = desired.stage;
    if (!movesOpenDeals || target === undefined) return false;
    return deal.pipeline_id === plan.pipelineId && isForward(plan, all, deal.status_id, target);
  };

  const stayOf = (deal: Deal, all: readonly Stage[], isTrusted: boolean): Known['stays'] => {
    if (all.some(({ id, isIncoming }) => id === deal.status_id && isIncoming)) return 'unsorted';
    return isAhead(deal, all) && !isTrusted ? 'unproven' : undefined;
  };

  return {
    async create(contact, { seen, alsoFor = [], foundBy }) {
      const claimKeys = [...keys, ...alsoFor];
      let claim: LeadEntry | undefined;
      const person: NewContact | { id: number } = contact
        ? { id: contact.id }
        : {
            name: shownName(desired.person.name),
            custom_fields_values: contactFields(desired.person),
          };
      const atTurn = async () => {
        await renew();
        claim = await map.claim(desired.id, claimKeys, claim ?? seen);
      };
      const send = (body: { deal: NewDeal; person: typeof person }) =>
        amocrm.createDeal(desired.id, body.deal, body.person, atTurn).catch((thrown: unknown) => {
          throw thrown instanceof RefusedError ? asParts(thrown) : thrown;
        });
      const { result, body, leftOut } = await withFallback({ deal: newDeal(), person }, send).catch(
        async (thrown: unknown) => {
          // One that may have happened keeps its claim, and AmoCRM is asked.
          if (claim && hadNoEffect(thrown)) await map.release(desired.id, claimKeys, claim);
          if (contact && isAboutContact(thrown)) {
            throw new TransientError('the contact is gone: looking again', { cause: thrown });
          }
          throw thrown;
        },
      );
      const { dealId, contactId } = result!;
      const made: Made = {
        dealId,
        contactId,
        stageId: body.deal.status_id,
        problem: problemOf(leftOut),
        carried: carriedBy(body.deal),
        known: foundBy && { foundBy },
      };
      // Before anything else can fail; when this fails, the claim stays.
      await map.record(desired.id, claimKeys, made);
      return made;
    },

    async complete(contact) {
      const fields = fillableFields(contact, desired.person);
      const patch = { ...(fields.length > 0 && { custom_fields_values: fields }) };
      try {
        const send = (one: ContactPatch) => amocrm.updateContact(contact.id, one, renew);
        return (await withFallback(patch, send)).leftOut;
      } catch (thrown) {
        // Whatever it does not like about the contact: the deal is worth more.
        if (thrown instanceof RefusedError) return [thrown.message];
        return asGone(thrown);
      }
    },

    async update(deal, { foundBy }) {
      const { id: target } = desired.stage;
      const knownSince = now();
      const all = await stages.all();
      const isGone = target !== undefined && all.length > 0 && !all.some(({ id }) => id === target);
      const isTrusted = desired.isProven || foundBy === 'phone' || foundBy === 'both';
      const stays = stayOf(deal, all, isTrusted);
      const isMove = isAhead(deal, all) && stays === undefined;
      const isNew = foundBy !== undefined && isTrusted;
      const fields = isNew && !isTracked(deal) ? desired.fields : [];
      const patch: DealPatch = {
        ...(isMove && !isGone && target !== undefined && { status_id: target }),
        ...(fields.length > 0 && { custom_fields_values: fields }),
        ...(isNew &&
          desired.tags.length > 0 && { tags_to_add: desired.tags.map((name) => ({ name })) }),
      };
      const send = (one: DealPatch) =>
        amocrm.updateDeal(deal.id, inPipeline(one, plan.pipelineId), async () => {
          await renew();
          if (one.status_id !== undefined) await aim(deal, one.status_id, knownSince);
        });
      const { body, leftOut } = await withFallback(patch, send).catch(async (thrown: unknown) => {
        if (isMove) await map.changeDeal(deal.id, withoutTarget, deal.status_id);
        // A colleague who left, a field that must be filled in by hand: nothing of ours to leave out.
        if (thrown instanceof RefusedError) return { body: NOTHING, leftOut: [thrown.message] };
        return asGone(thrown);
      });
      if (isGone && desired.stage.movesOpenDeals)
        leftOut.push(`status_id ${target} (not in the pipeline)`);
      const isRefused = isMove && body.status_id === undefined;
      return {
        dealId: deal.id,
        contactId: mainContactOf(deal),
        stageId: body.status_id ?? deal.status_id,
        problem: problemOf(leftOut),
        known: foundBy && { foundBy, stays: isRefused ? 'refused' : stays },
        responsibleId: deal.responsible_user_id ?? undefined,
      };
    },
  };
}

/** Whether it is certain: an error of ours that says so, and no other. */
function hadNoEffect(thrown: unknown): boolean {
  if (thrown instanceof AmbiguousError) return false;
  const certain = [TransientError, SnoozeError, ChannelStoppedError, PermanentError];
  return certain.some((one) => thrown instanceof one);
}

/** Throws what was thrown; a deal or contact that is gone is looked for again. */
export function asGone(thrown: unknown): never {
  if (!(thrown instanceof GoneError)) throw thrown;
  throw new TransientError('it was deleted since: looking again', { cause: thrown });
}

function mainContactOf(deal: Deal): number | undefined {
  const contacts = deal._embedded?.contacts ?? [];
  return (contacts.find((one) => one.is_main === true) ?? contacts[0])?.id;
}

/** Won and lost are in every pipeline; a pipeline without a stage would mean its first one. */
function inPipeline(patch: DealPatch, pipelineId: number): DealPatch {
  return patch.status_id === undefined ? patch : { ...patch, pipeline_id: pipelineId };
}

function withoutTarget({ target: _, targetAt: __, ...known }: DealEntry): DealEntry {
  return known;
}

/** Deleted or merged into another one since we looked. */
function isAboutContact(thrown: unknown): boolean {
  return (
    thrown instanceof RefusedError && thrown.fields.some(({ path }) => path.startsWith('person.id'))
  );
}

/** The paths of a create are those of one deal with its contact inside; ours are apart. */
function asParts(refused: RefusedError): RefusedError {
  const inContact = /^(\d+\.)?_embedded\.contacts\.\d+\./;
  const fields = refused.fields.map(({ path, code }) => ({
    path: inContact.test(path)
      ? path.replace(inContact, 'person.')
      : `deal.${path.replace(/^\d+\./, '')}`,
    code,
  }));
  return new RefusedError(refused.message, fields);
}

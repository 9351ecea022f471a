/** Creates deals and moves them; what AmoCRM refuses is left out, as long as a deal remains. */
import { RefusedError } from '@leadwire/shared/amocrm-http';
import { AmbiguousError, TransientError } from '@leadwire/shared/errors';
import type { Contact, Deal, DealPatch, NewContact, NewDeal } from './amocrm.ts';
import type { Made } from './crm-map.ts';
import { isForward } from './deal-plan.ts';
import { missingFields, type FieldValues } from './match.ts';
import { withoutRefused } from './refused-fields.ts';
import type { DealPorts, Wish } from './sync-deal.ts';

/** A pipeline, a stage and fields may be refused one after the other. */
const TRIES_WITHOUT = 5;
/** A contact that has nothing yet. */
const NOBODY: Contact = { id: 0 };

type WritePorts = Pick<DealPorts, 'amocrm' | 'map' | 'stages' | 'plan' | 'idField'>;

export interface DealWriter {
  /** A deal for this contact, or for a new one. Claimed in the map before it leaves. */
  create(contact: Contact | undefined): Promise<Made>;
  /**
   * Moves a deal forward. With `isFirst` it is also tagged, and fields that are empty are filled. What
   * a person has set in AmoCRM stays: its manager, its name, its values.
   */
  update(deal: Deal, options: { isFirst: boolean }): Promise<Made>;
}

/** `renew` makes sure, right before a request leaves, that nobody has taken the person over. */
export function createDealWriter(
  ports: WritePorts,
  wish: Wish,
  { keys, renew }: { keys: string[]; renew: () => Promise<void> },
): DealWriter {
  const { amocrm, map, stages, plan } = ports;

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
      idField === undefined ? [] : [{ field_id: idField, values: [{ value: wish.id }] }];
    return {
      name: wish.dealName,
      pipeline_id: plan.pipelineId,
      ...(wish.stage.id !== undefined && { status_id: wish.stage.id }),
      custom_fields_values: [...wish.fields, ...own],
      _embedded: { tags: wish.tags.map((name) => ({ name })) },
    };
  };

  return {
    async create(contact) {
      let isClaimed = false;
      const person: NewContact | { id: number } = contact
        ? { id: contact.id }
        : { name: wish.person.name, custom_fields_values: missingFields(NOBODY, wish.person) };
      const atTurn = async () => {
        await renew();
        isClaimed = true;
        await map.claim(wish.id, keys);
      };
      const send = (body: { deal: NewDeal; person: typeof person }) =>
        amocrm.createDeal(body.deal, body.person, atTurn).catch((thrown: unknown) => {
          throw thrown instanceof RefusedError ? asParts(thrown) : thrown;
        });
      try {
        const { result, body, leftOut } = await withFallback({ deal: newDeal(), person }, send);
        const { dealId, contactId } = result!;
        // Recorded before anything else can fail: from here on it is known that it happened.
        const made: Made = { dealId, contactId, stageId: body.deal.status_id, ...told(leftOut) };
        await map.record(wish.id, keys, made);
        return made;
      } catch (thrown) {
        // An ambiguous one may have happened: the claim stays and AmoCRM is asked.
        if (isClaimed && !(thrown instanceof AmbiguousError)) await map.release(wish.id, keys);
        if (contact && isAboutContact(thrown)) {
          throw new TransientError('the contact is gone: looking again', { cause: thrown });
        }
        throw thrown;
      }
    },

    async update(deal, { isFirst }) {
      const { id: target, movesOpenDeals } = wish.stage;
      const all = await stages.all();
      const isGone = target !== undefined && all.length > 0 && !all.some(({ id }) => id === target);
      const isMove =
        movesOpenDeals && target !== undefined && isForward(plan, all, deal.status_id, target);
      const has = new Set((deal.custom_fields_values ?? []).map(({ field_code }) => field_code));
      const fields = wish.fields.filter(({ field_code }) => !has.has(field_code ?? null));
      const patch: DealPatch = {
        ...(isMove && !isGone && { pipeline_id: plan.pipelineId, status_id: target }),
        ...(isFirst && fields.length > 0 && { custom_fields_values: fields }),
        ...(isFirst &&
          wish.tags.length > 0 && { tags_to_add: wish.tags.map((name) => ({ name })) }),
      };
      if (patch.status_id !== undefined) {
        const { status_id } = patch;
        await map.changeDeal(deal.id, (known) => ({ ...known, target: status_id }), deal.status_id);
      }
      const { body, leftOut } = await withFallback(patch, (one) =>
        amocrm.updateDeal(deal.id, one, renew),
      ).catch(async (thrown: unknown) => {
        await map.changeDeal(deal.id, ({ target: _, ...known }) => known, deal.status_id);
        throw thrown;
      });
      if (isGone && movesOpenDeals) leftOut.push(`status_id ${target} (not in the pipeline)`);
      return {
        dealId: deal.id,
        contactId: deal._embedded?.contacts?.[0]?.id,
        stageId: body.status_id ?? deal.status_id,
        ...told(leftOut),
      };
    },
  };
}

/** Deleted or merged into another one since we looked. */
function isAboutContact(thrown: unknown): boolean {
  return (
    thrown instanceof RefusedError && thrown.fields.some(({ path }) => path.startsWith('person.id'))
  );
}

function told(leftOut: string[]): { problem: string | undefined } {
  return { problem: leftOut.length === 0 ? undefined : `AmoCRM refused: ${leftOut.join(', ')}` };
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

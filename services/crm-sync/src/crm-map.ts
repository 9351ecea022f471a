/**
 * Our own memory of what stands in AmoCRM, in the bucket `crm_map`. AmoCRM has no idempotency and its
 * search lags, so this decides whether something is created:
 *
 *   lead.<id>      nothing ──claim──> creating ──record──> made ──finish──> done
 *                     ^                  │
 *                     └─────release──────┘   (the create certainly had no effect)
 *   person.<hash>  the contact this person has, and a create for it that is under way
 *   deal.<id>      whose deal it is, and the stage on which we know it to be
 *   looked         until when AmoCRM has been looked through for changes that no hook told
 *
 * A `creating` that is found belongs to a create of which nobody knows the end: AmoCRM is asked first.
 */
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { changeKey, readKey, type Key } from '@leadwire/shared/coordination/kv';
import { SnoozeError, orOutage } from '@leadwire/shared/errors';
import { foundByWays, stayReasons, type Known } from './known.ts';

const TRIES = 20;
const UNREADABLE = 'the map of deals cannot be read';

const id = z.number().int();
const leadSchema = z.object({
  state: z.enum(['idle', 'creating', 'made', 'done']),
  /** When the present create was claimed. */
  claimedAt: z.number().optional(),
  dealId: id.optional(),
  contactId: id.optional(),
  stageId: id.optional(),
  /** When the deal was seen as it is recorded here, ISO. */
  doneAt: z.string().optional(),
  /** What AmoCRM refused and the deal was made without. */
  problem: z.string().optional(),
  /** A note may have been written: look before writing one. */
  noteTried: z.boolean().optional(),
  /** For the note: AmoCRM had the person before this lead. */
  known: z
    .object({
      foundBy: z.enum(foundByWays),
      stays: z.enum(stayReasons).optional(),
      differs: z.boolean().optional(),
    })
    .optional(),
});
const personSchema = z.object({
  contactId: id.optional(),
  claim: z.object({ by: z.string(), at: z.number() }).optional(),
});
const dealSchema = z.object({
  /** Leads (and students) whose deal it is. */
  ids: z.array(z.string()),
  /** Undefined while AmoCRM chose it and we have not looked. */
  stageId: id.optional(),
  /** Where we are just moving it, and since when: its echo is ours. */
  target: id.optional(),
  targetAt: z.number().optional(),
  isDeleted: z.boolean().optional(),
  /** Whose it is, as its leads were told; undefined while it is of nobody in particular. */
  responsibleId: id.optional(),
  /** Who has moved it and has not told the others yet. */
  movedBy: z.string().optional(),
});
const lookedSchema = z.object({ until: z.number() });
export type LeadEntry = z.infer<typeof leadSchema>;
export type PersonEntry = z.infer<typeof personSchema>;
export type DealEntry = z.infer<typeof dealSchema>;

/** What a create or a find has led to. */
export interface Made {
  dealId: number;
  contactId: number | undefined;
  stageId: number | undefined;
  problem: string | undefined;
  /** Of a deal that was created: what AmoCRM took of it that it may refuse, in the words of the problem. */
  carried?: readonly string[];
  /** Undefined: somebody new, or the deal that this lead has made itself. */
  known?: Known | undefined;
  /** Whose a deal was that stood there before; undefined of one that was made. */
  responsibleId?: number | undefined;
}

export interface CrmMap {
  lead(id: string): Promise<LeadEntry | undefined>;
  person(key: string): Promise<PersonEntry | undefined>;
  deal(dealId: number): Promise<DealEntry | undefined>;
  /**
   * Before a create: from here on it may have happened. `seen` is what the decision to create rests on.
   * @throws SnoozeError when somebody has changed the entry since.
   */
  claim(id: string, personKeys: readonly string[], seen: LeadEntry | undefined): Promise<LeadEntry>;
  /** The claimed create certainly did not happen. Claims of others stay. */
  release(id: string, personKeys: readonly string[], claim: LeadEntry): Promise<void>;
  /** After a create, or when a deal was found: it is this lead's. */
  record(id: string, personKeys: readonly string[], made: Made): Promise<void>;
  noteTried(id: string): Promise<void>;
  /** `at`: when the deal was seen as it is recorded. */
  finish(id: string, at: string): Promise<void>;
  /** Unix milliseconds; undefined before the first look. */
  lookedUntil(): Promise<number | undefined>;
  looked(until: number): Promise<void>;
  /** `seenOn`: the stage of a deal that the map does not know yet. */
  changeDeal(
    dealId: number,
    change: (before: DealEntry) => DealEntry,
    seenOn?: number,
  ): Promise<void>;
}

/** All methods throw TransientError when the broker fails. */
export function createCrmMap(bus: Pick<Bus, 'bucket'>, now: () => number = Date.now): CrmMap {
  const at = <T>(key: string, schema: z.ZodType<T>): Key<T> => ({ bucket: 'crm_map', key, schema });
  const read = <T>(key: string, schema: z.ZodType<T>) =>
    orOutage(UNREADABLE, () => readKey(bus, at(key, schema)));

  const change = <T>(key: string, schema: z.ZodType<T>, next: (before: T | undefined) => T) =>
    orOutage(UNREADABLE, async () => {
      const toNext = (before: T | undefined) => {
        const after = next(before);
        const isSameText = before !== undefined && JSON.stringify(after) === JSON.stringify(before);
        return isSameText ? undefined : after;
      };
      const contest = { tries: TRIES, busy: `too many change ${key.split('.')[0]} at once` };
      await changeKey(bus, at(key, schema), toNext, contest);
    });

  const changePersons = async (
    keys: readonly string[],
    next: (before: PersonEntry) => PersonEntry,
  ) => {
    for (const key of keys) {
      await change(personKey(key), personSchema, (before) => next(before ?? {}));
    }
  };

  return {
    lead: (leadId) => read(leadKey(leadId), leadSchema),
    person: (key) => read(personKey(key), personSchema),
    deal: (dealId) => read(dealKey(dealId), dealSchema),

    async claim(leadId, personKeys, seen) {
      const at = now();
      const claim: LeadEntry = { state: 'creating', claimedAt: at };
      await change(leadKey(leadId), leadSchema, (before) => {
        // The second is our own write whose answer was lost.
        if (isSame(before, seen) || isSame(before, claim)) return claim;
        throw new SnoozeError('somebody else works on this lead', 1_000);
      });
      await changePersons(personKeys, (person) => ({ ...person, claim: { by: leadId, at } }));
      return claim;
    },

    async release(leadId, personKeys, claim) {
      await changePersons(personKeys, (person) => withoutClaimOf(leadId, person));
      await change(leadKey(leadId), leadSchema, (before) =>
        before !== undefined && !isSame(before, claim) ? before : { state: 'idle' as const },
      );
    },

    async record(leadId, personKeys, { dealId, contactId, stageId, problem, known }) {
      await change(leadKey(leadId), leadSchema, (before) => ({
        ...before,
        state: before?.state === 'done' ? ('done' as const) : ('made' as const),
        dealId,
        stageId,
        problem: problem ?? before?.problem,
        known: known ?? before?.known,
        contactId: contactId ?? before?.contactId,
      }));
      await changePersons(personKeys, (person) => ({
        ...withoutClaimOf(leadId, person),
        ...(contactId !== undefined && { contactId }),
      }));
      await change(dealKey(dealId), dealSchema, (before) => {
        const ids = [...new Set([...(before?.ids ?? []), leadId])];
        const from = before?.stageId;
        const isMoved = from !== undefined && stageId !== undefined && from !== stageId;
        const movedBy = isMoved && ids.length > 1 ? leadId : before?.movedBy;
        const responsibleId = before?.responsibleId;
        return {
          ids,
          ...(stageId !== undefined && { stageId }),
          ...(movedBy !== undefined && { movedBy }),
          ...(responsibleId !== undefined && { responsibleId }),
        };
      });
    },

    noteTried: (leadId) =>
      change(leadKey(leadId), leadSchema, (before) => ({
        state: 'made' as const,
        ...before,
        noteTried: true,
      })),
    finish: (leadId, at) =>
      change(leadKey(leadId), leadSchema, (before) => ({
        ...before,
        state: 'done' as const,
        doneAt: at,
      })),
    lookedUntil: async () => (await read(LOOKED, lookedSchema))?.until,
    looked: (until) => change(LOOKED, lookedSchema, () => ({ until })),
    changeDeal: (dealId, next, seenOn) =>
      change(dealKey(dealId), dealSchema, (before) =>
        next(before ?? { ids: [], ...(seenOn !== undefined && { stageId: seenOn }) }),
      ),
  };
}

/** Whether it is the same step of the same try. */
function isSame(one: LeadEntry | undefined, other: LeadEntry | undefined): boolean {
  return (
    one?.state === other?.state &&
    one?.claimedAt === other?.claimedAt &&
    one?.dealId === other?.dealId
  );
}

function withoutClaimOf(leadId: string, person: PersonEntry): PersonEntry {
  const { claim, ...rest } = person;
  return claim?.by === leadId ? rest : person;
}

const LOOKED = 'looked';
const leadKey = (leadId: string) => `lead.${leadId}`;
const personKey = (key: string) => `person.${key}`;
const dealKey = (dealId: number) => `deal.${dealId}`;

/**
 * Erasing a person: everything that is stored of them, wherever, and a certificate that says so. It may be interrupted
 * at any point: what was found is written down first, and the same call again ends it. Whoever is on the list of
 * erasures does not come back with a replay, an import or a backup; who leaves their contacts again is somebody new.
 */
import { newId } from '@leadwire/shared/contract/ids';
import { z } from 'zod';
import { audited } from '../audit/audited.ts';
import { accountsLeft } from './accounts.ts';
import {
  certificateSchema,
  keepCertificate,
  readCertificate,
  readCertificates,
  wantedOf,
  type Certificate,
} from './certificate.ts';
import { crmOf, withShared } from './crm.ts';
import { emptyCrm } from './empty-crm.ts';
import { clearLedger, clearMessages } from './freed-space.ts';
import { gatherPerson, isIdLike } from './gather.ts';
import { endNotices } from './notices.ts';
import { PersonError } from './person-error.ts';
import type { PersonParts } from './person-parts.ts';
import { findStored } from './stored.ts';
import { createTraces, type Traces, type Wanted } from './traces.ts';
import { endUnsent } from './unsent.ts';

/** What services had in hand while it went may be written after it was looked for: look again. */
const MOST_PASSES = 5;

export interface ErasureForeseen {
  /** Not begun; or begun before and interrupted. */
  certificate: Certificate;
  /** Their contacts, as they were said. Never in the certificate. */
  contacts: string[];
  /** Said together with theirs, but also by somebody else: these stay. */
  shared: string[];
  /** How many records there are, by place. */
  places: Record<string, number>;
}

/**
 * What `erasePerson` would do. Changes nothing.
 * @param typed a phone, a mail address, or a lead's id
 * @throws PersonError `bad_contact`, `unknown`; TransientError; what a database throws
 */
export async function foreseeErasure(parts: PersonParts, typed: string): Promise<ErasureForeseen> {
  const traces = createTraces(parts.secret);
  const person = await gatherPerson(parts, traces, typed);
  const begun = await begunBefore(parts, [...person.contacts.keys()], typed);
  const certificate: Certificate = {
    erasureId: begun?.erasureId ?? newId(),
    state: 'begun',
    by: begun?.by ?? parts.actor,
    erasedAt: begun?.erasedAt ?? new Date().toISOString(),
    hashes: union(begun?.hashes, [...person.contacts.keys()]),
    ids: union(begun?.ids, person.ids),
    studentIds: union(begun?.studentIds, person.studentIds),
    places: begun?.places ?? {},
    crm: await crmOf(parts.bus, union(begun?.ids, person.ids), begun?.crm),
    left: begun?.left ?? [],
  };
  const places: Record<string, number> = {};
  const looking = { traces, wanted: wantedOf([certificate]) };
  for await (const { place } of findStored(parts, looking))
    places[place] = (places[place] ?? 0) + 1;
  if (begun === undefined && Object.keys(places).length === 0) {
    throw new PersonError('unknown', 'Nothing is stored about this person. Nothing was changed.');
  }
  const { contacts, shared } = person;
  return { certificate, contacts: [...contacts.values()], shared, places };
}

/**
 * Erases who was looked for, and returns the certificate, which is stored as well.
 * @throws PersonError `busy` when something of them is written again and again; TransientError; what a database
 * throws: the same call again goes on with it
 */
export function erasePerson(
  parts: PersonParts,
  { certificate: foreseen }: Pick<ErasureForeseen, 'certificate'>,
): Promise<Certificate> {
  const { bus, actor } = parts;
  const what = { actor, action: 'person.erased', subject: foreseen.erasureId };
  const countsOf = ({ places }: Certificate) => ({ places });
  return audited(bus, what, () => erase(parts, foreseen), countsOf);
}

async function erase(parts: PersonParts, asForeseen: Certificate): Promise<Certificate> {
  const { bus } = parts;
  // A run that was interrupted has counted further than whoever looked before it.
  const stored = await readCertificate(bus, asForeseen.erasureId);
  const foreseen = { ...asForeseen, places: stored?.places ?? asForeseen.places };
  const step = parts.onStep ?? (() => undefined);
  step('list');
  // From here on nobody sends what was planned, and a run after this one knows everything that this one does.
  await keepCertificate(bus, foreseen);
  await endMessages(parts, foreseen.ids);
  step('notices');
  const { edited, left } = await endNotices(parts, new Set(foreseen.ids));
  step('amocrm');
  const crm = await emptyCards(parts, foreseen);
  step('accounts');
  const looking = { traces: createTraces(parts.secret), wanted: wantedOf([foreseen]) };
  const accounts = await accountsLeft(parts, looking);
  const told: Certificate = {
    ...foreseen,
    ...crm,
    left: [...left, ...crm.left, ...accounts],
    places: { ...foreseen.places, ...crm.places, ...(edited > 0 && { telegram: edited }) },
  };
  const noteProgress = (counted: Record<string, number>) =>
    keepCertificate(bus, { ...told, places: counted });
  const places = await removeStored(parts, wantedOf([told]), told.places, noteProgress);
  step('freed space');
  await clearMessages(bus);
  step('certificate');
  const done: Certificate = {
    ...told,
    places,
    state: 'done',
    finishedAt: new Date().toISOString(),
  };
  await keepCertificate(bus, done);
  return done;
}

/**
 * Takes a list of before into this broker: that of a backup's side is older than the list that lies beside it.
 * @throws PersonError `bad_list`; TransientError
 */
export async function takeErasures({ bus }: PersonParts, list: unknown): Promise<number> {
  const read = z.array(certificateSchema).safeParse(list);
  if (!read.success) {
    throw new PersonError(
      'bad_list',
      'This is no list of erasures ("person certificates --json").',
    );
  }
  for (const certificate of read.data) await keepCertificate(bus, certificate);
  return read.data.length;
}

/**
 * Does once more what every erasure of the list did: after streams or a database of before came back from a backup.
 * Returns how many records went from where.
 * @throws as `erasePerson`
 */
export function applyErasures(parts: PersonParts): Promise<Record<string, number>> {
  const { bus, actor } = parts;
  const what = { actor, action: 'person.erasures_applied', subject: 'all' };
  return audited(
    bus,
    what,
    async () => {
      const certificates = await readCertificates(bus);
      for (const certificate of certificates) await keepCertificate(bus, certificate);
      const ids = certificates.flatMap((each) => each.ids);
      // A backup brings the files of streams back as they were, freed space included.
      await endMessages(parts, ids);
      await endNotices(parts, new Set(ids));
      const places = await removeStored(parts, wantedOf(certificates), {});
      if (certificates.length > 0) await clearMessages(bus);
      for (const each of certificates) {
        const isOpen = each.crm.isEmptied !== true && hasCards(each);
        if (each.state === 'done' && !isOpen) continue;
        const crm = isOpen ? await emptyCards(parts, each) : undefined;
        await keepCertificate(bus, {
          ...each,
          ...(crm && retold(each, crm)),
          state: 'done',
          finishedAt: each.finishedAt ?? new Date().toISOString(),
        });
      }
      return places;
    },
    (places) => ({ places }),
  );
}

/** None is on its way any more, and what providers were asked stands in no file. @throws TransientError */
async function endMessages({ bus, onStep }: PersonParts, ids: readonly string[]): Promise<void> {
  onStep?.('messages');
  await endUnsent(bus, ids);
  onStep?.('ledger');
  await clearLedger(bus, ids);
}

/** Passes over everything until one finds nothing. @throws PersonError `busy` */
async function removeStored(
  parts: PersonParts,
  wanted: Wanted,
  before: Readonly<Record<string, number>>,
  noteProgress: (places: Record<string, number>) => Promise<void> = () => Promise.resolve(),
): Promise<Record<string, number>> {
  const traces: Traces = createTraces(parts.secret);
  const places = { ...before };
  for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
    let last: string | undefined;
    for await (const found of findStored(parts, { traces, wanted })) {
      const { place } = found;
      if (place !== last) {
        if (last !== undefined) await noteProgress(places);
        parts.onStep?.(place);
      }
      last = place;
      if (await found.remove()) places[place] = (places[place] ?? 0) + 1;
    }
    if (last === undefined) return places;
    await noteProgress(places);
  }
  throw new PersonError('busy', 'Something of this person is being written. Do it once more.');
}

/**
 * An erasure of one of these contacts that has not ended; where no contact is left of the lead whose id was typed, one
 * of that lead.
 */
async function begunBefore(
  { bus }: PersonParts,
  hashes: readonly string[],
  typed: string,
): Promise<Certificate | undefined> {
  const open = (await readCertificates(bus)).filter(({ state }) => state === 'begun');
  return hashes.length > 0
    ? open.find((each) => each.hashes.some((hash) => hashes.includes(hash)))
    : open.find(({ ids }) => ids.some((id) => isIdLike(id, typed)));
}

type EmptiedCards = Pick<Certificate, 'crm' | 'left' | 'places'>;

/** What became of the person's cards in AmoCRM, as the parts of the certificate that say it. */
async function emptyCards(parts: PersonParts, certificate: Certificate): Promise<EmptiedCards> {
  const cards = await withShared(parts.bus, certificate);
  const ids = new Set(certificate.ids);
  const { emptied, left, isDone } = await emptyCrm(parts.amocrm, cards, ids);
  return {
    crm: { ...certificate.crm, ...(isDone && { isEmptied: true }) },
    left,
    places: emptied > 0 ? { amocrm: emptied } : {},
  };
}

/** The certificate with what it says of AmoCRM said anew. */
function retold({ left, places }: Certificate, { crm, ...news }: EmptiedCards): EmptiedCards {
  const others = left.filter((each) => !each.startsWith('AmoCRM:'));
  return { crm, left: [...others, ...news.left], places: { ...places, ...news.places } };
}

function hasCards({ crm: { contactIds, dealIds } }: Certificate): boolean {
  return contactIds.length + dealIds.length > 0;
}

function union(one: readonly string[] | undefined, other: readonly string[]): string[] {
  return [...new Set([...(one ?? []), ...other])];
}

/**
 * The certificate of an erasure, which is also its progress: what was found is written down before anything goes, so
 * that an erasure which was interrupted is gone on with. It holds hashes and ids, never a contact.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { changeKey, readKey, type Key } from '@leadwire/shared/coordination/kv';
import { erasedContactKey } from '@leadwire/shared/delivery/erasure-list';
import { z } from 'zod';
import type { Wanted } from './traces.ts';

const PREFIX = 'erasure.';
const BUSY = { tries: 20, busy: 'the list of erasures is being changed' };

export const certificateSchema = z.object({
  erasureId: z.uuid(),
  state: z.enum(['begun', 'done']),
  /** Who did it, as the audit log shows them. */
  by: z.string(),
  /** What was stored until then is erased. */
  erasedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  /** Of the person's contacts. */
  hashes: z.array(z.string()),
  /** Of leads, messages, sales and referrers. */
  ids: z.array(z.string()),
  studentIds: z.array(z.string()),
  /** How many records went from where; at least, when it was interrupted. */
  places: z.record(z.string(), z.number().int()),
  /** In AmoCRM. */
  crm: z.object({
    contactIds: z.array(z.number()),
    dealIds: z.array(z.number()),
    /** Missing until all of them are emptied. */
    isEmptied: z.boolean().optional(),
  }),
  /** What a person has to do by hand, in Russian. */
  left: z.array(z.string()),
});
export type Certificate = z.infer<typeof certificateSchema>;

const keyOf = (erasureId: string): Key<Certificate> => ({
  bucket: 'erasures',
  key: `${PREFIX}${erasureId}`,
  schema: certificateSchema,
});

/** @throws TransientError */
export function readCertificate(bus: Bus, erasureId: string): Promise<Certificate | undefined> {
  return readKey(bus, keyOf(erasureId));
}

/** All of them, the oldest first. @throws TransientError */
export async function readCertificates(bus: Bus): Promise<Certificate[]> {
  const found: Certificate[] = [];
  const subject = `$KV.erasures.${PREFIX}>`;
  for await (const { json } of readStream(bus, 'KV_erasures', { subject })) {
    const certificate = certificateSchema.safeParse(json).data;
    if (certificate) found.push(certificate);
  }
  return found.sort((a, b) => (a.erasedAt < b.erasedAt ? -1 : 1));
}

/** Writes it and puts its contacts on the list; a contact that was erased again later stays so. @throws TransientError */
export async function keepCertificate(bus: Bus, certificate: Certificate): Promise<void> {
  await changeKey(bus, keyOf(certificate.erasureId), () => certificate, BUSY);
  const { erasureId, erasedAt } = certificate;
  for (const hash of certificate.hashes) {
    const isNewer = (before: { erasedAt: string } | undefined) =>
      before === undefined || before.erasedAt < erasedAt;
    const next = (before: { erasedAt: string; erasureId: string } | undefined) =>
      isNewer(before) ? { erasureId, erasedAt } : undefined;
    await changeKey(bus, erasedContactKey(hash), next, BUSY);
  }
}

/** Whom these are about. */
export function wantedOf(certificates: readonly Certificate[]): Wanted {
  const contacts = new Map<string, Date>();
  for (const { hashes, erasedAt } of certificates) {
    for (const hash of hashes) {
      const at = new Date(erasedAt);
      if ((contacts.get(hash) ?? at) <= at) contacts.set(hash, at);
    }
  }
  return {
    contacts,
    ids: new Set(certificates.flatMap(({ ids }) => ids)),
    studentIds: new Set(certificates.flatMap(({ studentIds }) => studentIds)),
  };
}

/** Codes of people who bring others: whose each is, and how somebody gets one. No two people have the same. */
import { z } from 'zod';
import type { Bus } from '../broker/bus.ts';
import { publishEvent } from '../broker/publish-event.ts';
import { keepFirst, readKey } from '../coordination/kv.ts';
import { orOutage } from '../errors.ts';
import { eventSchemas } from '../contract/events.ts';
import { derivedCode, derivedId } from '../contract/ids.ts';
import { readReferralCode, type Referrer } from '../contract/referral-facts.ts';
import { subjects } from '../contract/topology.ts';

const CODE_LENGTHS = [6, 8, 12] as const;
const AWAY = 'codes of referrers cannot be reached';

const ownerSchema = z.object({ referrerId: z.uuid() });
const at = (code: string) =>
  ({ bucket: 'referral_codes', key: code, schema: ownerSchema }) as const;

export interface NewReferrer {
  name: string;
  email: string;
  /** E.164 */
  phone: string;
  /** The code they wish for; one is made up without it. */
  code?: string | undefined;
}

export type Registered =
  | { kind: 'registered' | 'known'; referrerId: string; code: string }
  /** Somebody else has the code that was wished for. */
  | { kind: 'taken' };

/** Whose code it is, or undefined. @throws TransientError when the broker does not answer. */
export function findReferralCode(
  bus: Pick<Bus, 'bucket'>,
  code: string,
): Promise<string | undefined> {
  return orOutage(AWAY, async () => (await readKey(bus, at(code)))?.referrerId);
}

/** Gives a code to somebody, unless another one has it; answers who has it now. @throws TransientError */
export function claimReferralCode(
  bus: Pick<Bus, 'bucket'>,
  code: string,
  referrerId: string,
): Promise<string> {
  return orOutage(AWAY, async () => {
    const { first } = await keepFirst(bus, at(code), JSON.stringify({ referrerId }));
    return ownerSchema.parse(JSON.parse(first)).referrerId;
  });
}

/**
 * Makes somebody a referrer, once for each mail address: told again they are `known`, with the code that they have.
 * @throws TransientError when it was not stored; a repeat finishes what was begun.
 */
export async function registerReferrer(
  bus: Pick<Bus, 'bucket' | 'publish' | 'lastUnder' | 'name'>,
  { code: wish, ...person }: NewReferrer,
  now: Date,
): Promise<Registered> {
  const referrerId = derivedId('referrer', person.email.toLowerCase());
  const subject = subjects.referral('registered', referrerId);
  const known = readReferrer((await bus.lastUnder('REFERRALS', subject))?.event);
  if (known) return { kind: 'known', referrerId, code: known.code };

  const code = await claimOneOf(bus, referrerId, wish);
  if (code === undefined) return { kind: 'taken' };
  const data: Referrer = { referrerId, code, ...person, at: now.toISOString() };
  const { stored, existing } = await publishEvent(bus, 'referrer.registered.v1', data);
  if (stored) return { kind: 'registered', referrerId, code };
  return { kind: 'known', referrerId, code: readReferrer(existing?.event)?.code ?? code };
}

async function claimOneOf(
  bus: Pick<Bus, 'bucket'>,
  referrerId: string,
  wish: string | undefined,
): Promise<string | undefined> {
  const madeUp = CODE_LENGTHS.map((length) => derivedCode(referrerId, length).toLowerCase());
  for (const code of wish === undefined ? madeUp : [wish]) {
    if ((await claimReferralCode(bus, code, referrerId)) === referrerId) return code;
  }
  return undefined;
}

function readReferrer(event: unknown): Referrer | undefined {
  return eventSchemas['referrer.registered.v1'].safeParse(event).data?.data;
}

/** The code that a lead carries and, when it carries several, the others: a field goes before tags. */
export function referralCodesIn(carried: {
  metadata: Record<string, unknown>;
  utm: { source?: string | undefined };
  attribution?: { first?: Touched | undefined; last?: Touched | undefined } | undefined;
}): string[] {
  const { metadata, utm, attribution } = carried;
  const named = Object.entries(metadata).find(([name]) => name.toLowerCase() === 'ref')?.[1];
  const pages = [textOf(metadata['page']), attribution?.last?.page, attribution?.first?.page];
  const sources = [utm.source, attribution?.last?.utm.source, attribution?.first?.utm.source];
  const texts = [
    named,
    ...pages.map(refOfAddress),
    ...sources.map((source) => /^ref_(.+)$/i.exec(source ?? '')?.[1]),
  ];
  return [...new Set(texts.map(readReferralCode).filter((code) => code !== undefined))];
}

interface Touched {
  utm: { source?: string | undefined };
  page?: string | undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function refOfAddress(address: string | undefined): string | null {
  if (address === undefined || !URL.canParse(address)) return null;
  return new URL(address).searchParams.get('ref');
}

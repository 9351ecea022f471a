/** Dead letters as data: what settle.ts of packages/shared wrote, read back. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { deliverySchema, type Delivery } from '@leadwire/shared/contract/events';
import { consumers } from '@leadwire/shared/contract/consumers';
import { readStream, type StoredMessage } from '@leadwire/shared/broker/read-stream';
import { RefusedError } from '../refused-error.ts';

export interface DeadLetter {
  seq: number;
  /** When it was stored: it died a moment before. */
  at: Date;
  durable: string;
  /** Where the message came from, without the detour of an earlier redrive. */
  subject: string;
  /** One token: `bad_schema`, `attempts_spent`, `TransientError`. */
  cause: string;
  error: string;
  attempts: number;
  leadId: string | undefined;
  /** When the message is about one. */
  delivery: Delivery | undefined;
  data: Uint8Array;
  json: unknown;
}

export interface DeadFilter {
  /** One letter; everything else is looked at then as well. */
  seq?: number;
  cause?: string;
  /** A durable, or a service, which stands for all of its durables. */
  service?: string;
  since?: Date;
  until?: Date;
  leadId?: string;
}

/** Those that fit, oldest first. @throws TransientError when the broker does not answer. */
export async function findDeadLetters(bus: Bus, filter: DeadFilter): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  const { seq, since, until } = filter;
  const from = seq !== undefined ? { fromSeq: seq } : since ? { since } : {};
  for await (const message of readStream(bus, 'DEAD_LETTERS', from)) {
    const letter = toDeadLetter(message);
    const isPast = (seq !== undefined && letter.seq > seq) || (until && letter.at > until);
    if (isPast) break;
    if (fits(letter, filter)) found.push(letter);
  }
  return found;
}

function fits(letter: DeadLetter, { cause, service, since, leadId }: DeadFilter): boolean {
  if (cause !== undefined && letter.cause.toLowerCase() !== cause.toLowerCase()) return false;
  if (service !== undefined && !isOf(letter.durable, service)) return false;
  if (since && letter.at < since) return false;
  return leadId === undefined || letter.leadId === leadId;
}

/** Services whose durables are called after what they do. */
const PREFIXES: Readonly<Record<string, string>> = {
  'crm-sync': 'crm',
  'telegram-relay': 'telegram',
  'mailer-batch': 'mailer',
};

function isOf(durable: string, service: string): boolean {
  const prefixes = [service, PREFIXES[service]];
  return durable === service || prefixes.some((each) => durable.startsWith(`${each}-`));
}

/** There is no such durable, and no service with that name has one. */
export class DeadLetterError extends RefusedError<'no_such_service'> {
  override readonly name = 'DeadLetterError';
}

/** A typing error must not look like calm. @throws DeadLetterError that names those there are */
export function requireService(service: string): void {
  const durables = Object.keys(consumers);
  if (durables.some((durable) => isOf(durable, service))) return;
  const known = `There are: ${durables.join(', ')}; or a service, such as notifier.`;
  throw new DeadLetterError('no_such_service', `"${service}" handles no messages. ${known}`);
}

function toDeadLetter(message: StoredMessage): DeadLetter {
  const { seq, at, data, json, header } = message;
  const [, durable = '', ...rest] = message.subject.split('.');
  // Redriven before: redrive.<durable>.<id>.<original subject>.
  const origin = rest[0] === 'redrive' ? rest.slice(3) : rest;
  const inside = (json as { data?: unknown } | undefined)?.data;
  const delivery = deliverySchema.safeParse(inside).data;
  return {
    seq,
    at,
    durable,
    data,
    json,
    delivery,
    subject: origin.join('.'),
    cause: header('App-Error-Code') ?? 'unknown',
    error: header('App-Error') ?? '',
    attempts: Number(header('App-Attempts') ?? 0),
    leadId: delivery?.leadId ?? leadIdOf(inside, origin),
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** From the event; when it is unreadable, from a subject that ends in a lead's id. */
function leadIdOf(inside: unknown, origin: readonly string[]): string | undefined {
  const { leadId } = (inside ?? {}) as { leadId?: unknown };
  if (typeof leadId === 'string' && UUID.test(leadId)) return leadId;
  const last = origin.at(-1) ?? '';
  return origin[0] === 'leads' && UUID.test(last) ? last : undefined;
}

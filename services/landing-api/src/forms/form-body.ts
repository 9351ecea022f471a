/** Bytes of a form -> an object, whatever the sender says that they are. */
import qs from 'qs';
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import { isTooDeep } from './json-body.ts';

/** Typeform and Jotform send the whole form with the answers. */
export const FORM_BODY_LIMIT_BYTES = 256 * 1024;
const MOST_FIELDS = 1_000;
const DEEPEST_BRACKETS = 5;
const POISONOUS_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * JSON, url-encoded or multipart, by the content type first and then by looking, because builders
 * announce one thing and send another. Undefined for what is none of them, or nested too deeply.
 */
export async function readFormBody(
  raw: Buffer,
  contentType: string,
): Promise<Record<string, unknown> | undefined> {
  const text = raw.toString('utf8').trim();
  if (text === '') return undefined;
  if (/^multipart\/form-data/i.test(contentType)) return readMultipart(raw, contentType);
  if (/^[[{]/.test(text)) return asObject(parseJson(text));
  return text.includes('=') ? readUrlEncoded(text) : undefined;
}

/** JSON in which whole numbers too large for a double stay as they are written, as text; else undefined. */
export function parseJson(text: string): unknown {
  const keepExact = (key: string, value: unknown, context?: { source?: string }): unknown => {
    if (POISONOUS_KEYS.has(key)) return undefined;
    const isInexact = typeof value === 'number' && !Number.isSafeInteger(value);
    return isInexact && /^-?\d+$/.test(context?.source ?? '') ? context?.source : value;
  };
  try {
    return JSON.parse(text, keepExact);
  } catch {
    return undefined;
  }
}

/** `a[b]=1` is `{ a: { b: '1' } }`; a name that comes twice is a list. */
export function readUrlEncoded(text: string): Record<string, unknown> {
  const parsed = qs.parse(text, {
    depth: DEEPEST_BRACKETS,
    parameterLimit: MOST_FIELDS,
    arrayLimit: MOST_FIELDS,
  });
  return parsed;
}

async function readMultipart(raw: Buffer, contentType: string) {
  const form = await new Response(new Uint8Array(raw), { headers: { 'content-type': contentType } })
    .formData()
    .catch(() => undefined);
  if (form === undefined) return undefined;
  const pairs = [...form].map(([name, value]): [string, string] => [
    name,
    // A file is no part of a lead; that there was one is.
    typeof value === 'string' ? value : value.name,
  ]);
  return pairs.length === 0 ? undefined : readUrlEncoded(new URLSearchParams(pairs).toString());
}

/** A list becomes an object: of its only item, or under `items`. */
function asObject(value: unknown): Record<string, unknown> | undefined {
  if (value === undefined || isTooDeep(value)) return undefined;
  if (isRecord(value)) return value;
  if (!Array.isArray(value)) return undefined;
  const [only, ...more] = value as unknown[];
  return more.length === 0 && isRecord(only) && !('item_title' in only) ? only : { items: value };
}

/** Small readings of JSON that all dialects share. */
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import type { SentField } from './sent.ts';

/** The members of an object as fields; none for anything else. */
export function fieldsOf(value: unknown, prefix = ''): SentField[] {
  if (!isRecord(value)) return [];
  return Object.entries(value).map(([name, inner]) => ({ names: [prefix + name], value: inner }));
}

/** Splits an object into the members with these names (any case) and the rest. */
export function pick(
  fields: Record<string, unknown>,
  names: readonly string[],
): { meta: Record<string, unknown>; rest: Record<string, unknown> } {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const entries = Object.entries(fields);
  return {
    meta: Object.fromEntries(entries.filter(([name]) => wanted.has(name.toLowerCase()))),
    rest: Object.fromEntries(entries.filter(([name]) => !wanted.has(name.toLowerCase()))),
  };
}

/** A text or a number as text, trimmed; undefined for anything else and for nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  return text === '' ? undefined : text;
}

/** Records of a list; what is no record is left out. */
export function recordsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** A list of one value is that value; `undefined` for an empty one. */
export function unwrap(value: unknown): unknown {
  return Array.isArray(value) && value.length <= 1 ? (value as unknown[])[0] : value;
}

/** Where the click came from, however the form spells it: `utm_source`, `utmSource`, `utm: { source }`. */
import type { Lead } from '@leadwire/shared/contract/events';
import { cleanLine, isRecord } from '@leadwire/shared/contacts/clean-text';

const FIELDS = ['source', 'medium', 'campaign', 'content', 'term'] as const;
type UtmField = (typeof FIELDS)[number];
const LONGEST_VALUE = 500;

export interface Attribution {
  utm: Lead['utm'];
  /** What else the form sent, without the values that are in `utm` now. */
  rest: Record<string, unknown>;
}

/** UTM values that a form put into its metadata, where they stay: the last place to look. */
export function attributionIn(metadata: unknown): Lead['utm'] {
  return isRecord(metadata) ? takeAttribution(metadata).utm : {};
}

/**
 * Takes UTM values out of a form's fields. The `utm` object goes before fields beside it. A value
 * that is no text stays where it was, so nothing is lost.
 */
export function takeAttribution(fields: Record<string, unknown>): Attribution {
  const { utm: nested, ...flat } = fields;
  const beside = split(flat, flatField);
  if (!isRecord(nested)) {
    const isGiven = nested !== undefined && nested !== null && nested !== '';
    return { utm: beside.utm, rest: isGiven ? { ...beside.rest, utm: nested } : beside.rest };
  }
  const inside = split(nested, (key) => flatField(key) ?? fieldNamed(key));
  const hasMore = Object.keys(inside.rest).length > 0;
  return {
    utm: { ...beside.utm, ...inside.utm },
    rest: { ...beside.rest, ...(hasMore && { utm: inside.rest }) },
  };
}

function split(
  fields: Record<string, unknown>,
  fieldOf: (key: string) => UtmField | undefined,
): Attribution {
  const utm: Lead['utm'] = {};
  const rest: [string, unknown][] = [];
  for (const [key, value] of Object.entries(fields)) {
    const field = fieldOf(key);
    if (field && (typeof value === 'string' || typeof value === 'number')) {
      const text = cleanLine(String(value), LONGEST_VALUE);
      if (text !== '') utm[field] = text;
    } else if (!field || value !== null) rest.push([key, value]);
  }
  return { utm, rest: Object.fromEntries(rest) };
}

function flatField(key: string): UtmField | undefined {
  const name = /^utm[_-]?(.+)$/i.exec(key)?.[1];
  return name === undefined ? undefined : fieldNamed(name);
}

function fieldNamed(name: string): UtmField | undefined {
  return FIELDS.find((field) => field === name.toLowerCase());
}

/**
 * Where the click came from. Read from explicit fields (`utm_source`, `utmSource`, `utm: { source }`), the page's
 * address, cookies and the referrer, in this order. Tags may come repeated or percent-encoded, and macros
 * that an ad platform did not fill in (`{{ad.name}}`) count as none.
 */
import { cleanLine, isRecord } from '@leadwire/shared/contacts/clean-text';
import type { Attribution, Touch } from '@leadwire/shared/contract/attribution';
import type { Lead } from '@leadwire/shared/contract/events';
import { plain } from './field-names.ts';
import { clickIdsIn, tagsOfAddress, tagsOfCookies } from './tag-sources.ts';
import { cleanTag, utmFields, type UtmField, type Tags } from './tags.ts';

/** What the browser itself says; a landing page's form reaches us straight from it. */
export interface RequestTraces {
  referer?: string | undefined;
  cookie?: string | undefined;
}

export interface ReadAttribution {
  utm: Lead['utm'];
  attribution: Attribution | undefined;
  /** What else the form sent, without the values that are in `utm` now. */
  rest: Record<string, unknown>;
}

/** @param receivedAt for a `_fbc` made of `fbclid`, as Meta says how to when the cookie is missing */
export function readAttribution(
  fields: Record<string, unknown>,
  metadata: unknown,
  traces: RequestTraces,
  receivedAt: Date,
): ReadAttribution {
  const { platformUtm, ad, ...given } = fields;
  const { utm: explicit, rest, repeated } = takeAttribution(given);
  const inMetadata = takeAttribution(isRecord(metadata) ? metadata : {});
  const all = { ...(isRecord(metadata) ? metadata : {}), ...given };
  const page = addressIn(all, ['page', 'pageurl', 'url', 'href', 'location', 'landingpage']);
  const referrer = addressIn(all, ['referrer', 'referer', 'pagereferrer']);
  const cookies = [textIn(all, ['cookies', 'cookie']), traces.cookie].filter(Boolean).join('; ');
  const sources = [
    joined(
      {
        utm: { ...inMetadata.utm, ...explicit },
        repeated: { ...inMetadata.repeated, ...repeated },
      },
      tagsOfAddress(page),
    ),
    tagsOfCookies(cookies),
    tagsOfAddress(referrer),
    tagsOfAddress(traces.referer),
  ];
  const found = sources.find(({ utm }) => Object.keys(utm).length > 0);
  const utm = found?.utm ?? platformTags(platformUtm);
  const last: Touch = { utm, ...(page && { page }), ...(referrer && { referrer }) };
  const { cookies: _dropped, ...kept } = rest;
  const made = {
    clickIds: clickIdsIn(all, [page, referrer, traces.referer], cookies, receivedAt),
    last: isTouch(last) ? last : undefined,
    first: touchIn(all, 'first') ?? (isTouch(last) ? last : undefined),
    repeated: found?.repeated,
    ad: isRecord(ad) ? (ad as Record<string, string>) : undefined,
  };
  return { utm, attribution: whatIsKnown(made), rest: kept };
}

function whatIsKnown({
  clickIds,
  ...parts
}: { [K in keyof Attribution]: Attribution[K] | undefined }) {
  const known = Object.entries(parts).filter(
    ([, part]) => part !== undefined && Object.keys(part).length > 0,
  );
  const hasIds = Object.keys(clickIds ?? {}).length > 0;
  if (known.length === 0 && !hasIds) return undefined;
  return { clickIds: clickIds ?? {}, ...Object.fromEntries(known) } as Attribution;
}

/** Tags of the same click: the page's address fills what the fields left open, unless it names another source. */
function joined(first: Tags, second: Tags): Tags {
  const isOther =
    first.utm.source !== undefined &&
    second.utm.source !== undefined &&
    first.utm.source !== second.utm.source;
  if (isOther) return first;
  return {
    utm: { ...second.utm, ...first.utm },
    repeated: { ...second.repeated, ...first.repeated },
  };
}

/**
 * Takes UTM values out of a form's fields. The `utm` object goes before fields beside it. A value
 * that is no text stays where it was, so nothing is lost.
 */
export function takeAttribution(
  fields: Record<string, unknown>,
): Tags & { rest: Record<string, unknown> } {
  const { utm: nested, ...flat } = fields;
  const beside = split(flat, flatField);
  if (!isRecord(nested)) {
    const isGiven = nested !== undefined && nested !== null && nested !== '';
    return { ...beside, rest: isGiven ? { ...beside.rest, utm: nested } : beside.rest };
  }
  const inside = split(nested, (key) => flatField(key) ?? fieldNamed(key));
  const hasMore = Object.keys(inside.rest).length > 0;
  return {
    utm: { ...beside.utm, ...inside.utm },
    repeated: { ...beside.repeated, ...inside.repeated },
    rest: { ...beside.rest, ...(hasMore && { utm: inside.rest }) },
  };
}

function split(
  fields: Record<string, unknown>,
  fieldOf: (key: string) => UtmField | undefined,
): Required<Tags> & { rest: Record<string, unknown> } {
  const utm: Lead['utm'] = {};
  const repeated: Record<string, string[]> = {};
  const rest: [string, unknown][] = [];
  for (const [key, value] of Object.entries(fields)) {
    const field = fieldOf(key);
    const given = (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isText);
    const values = given.map((each) => cleanTag(String(each))).filter((tag) => tag !== '');
    const [first] = values;
    if (field === undefined || (given.length === 0 && value !== null)) rest.push([key, value]);
    if (field === undefined || first === undefined) continue;
    utm[field] ??= first;
    if (values.length > 1) repeated[`utm_${field}`] = values;
  }
  return { utm, repeated, rest: Object.fromEntries(rest) };
}

/** `first_utm_source`, `utm_source_first`, `initial_utm_source`, or `first: { utm_source }` beside each other. */
function touchIn(fields: Record<string, unknown>, which: 'first'): Touch | undefined {
  const nested = fields[`${which}_touch`] ?? fields[`${which}Touch`];
  const prefix = /^(?:first|initial)(utm(?:source|medium|campaign|content|term))$/;
  const suffix = /^(utm(?:source|medium|campaign|content|term))(?:first|initial)$/;
  const flat = Object.entries(fields).flatMap(([key, value]) => {
    const [, name] = prefix.exec(plain(key)) ?? suffix.exec(plain(key)) ?? [];
    return name === undefined ? [] : [[name.replace('utm', 'utm_'), value] as const];
  });
  const { utm } = takeAttribution({
    ...(isRecord(nested) && { utm: nested }),
    ...Object.fromEntries(flat),
  });
  return Object.keys(utm).length > 0 ? { utm } : undefined;
}

function isTouch({ utm, page, referrer }: Touch): boolean {
  return Object.keys(utm).length > 0 || page !== undefined || referrer !== undefined;
}

function platformTags(given: unknown): Lead['utm'] {
  return isRecord(given) ? takeAttribution({ utm: given }).utm : {};
}

/** An http address under one of these names, as `plain` leaves them. */
function addressIn(fields: Record<string, unknown>, names: readonly string[]): string | undefined {
  const text = textIn(fields, names);
  return text !== undefined && /^https?:\/\//i.test(text) ? text : undefined;
}

const LONGEST_TEXT = 4_000;

function textIn(fields: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const [key, value] of Object.entries(fields)) {
    if (!names.includes(plain(key)) || typeof value !== 'string') continue;
    const text = cleanLine(value, LONGEST_TEXT);
    if (text !== '') return text;
  }
  return undefined;
}

function isText(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function flatField(key: string): UtmField | undefined {
  const name = /^utm[_-]?(.+)$/i.exec(key)?.[1];
  return name === undefined ? undefined : fieldNamed(name);
}

function fieldNamed(name: string): UtmField | undefined {
  return utmFields.find((field) => field === name.toLowerCase());
}

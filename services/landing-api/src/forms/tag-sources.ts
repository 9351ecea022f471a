/** Tags and click ids in addresses and cookies. */
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import type { ClickIdName } from '@leadwire/shared/contract/attribution';
import type { Tags } from './tags.ts';
import { plain } from './field-names.ts';
import { cleanTag, utmFields } from './tags.ts';

const LONGEST_ID = 500;

/** Names under which the ids travel, as `plain` leaves them; the first one is theirs. */
const CLICK_IDS: Readonly<Record<ClickIdName, readonly string[]>> = {
  fbclid: ['fbclid'],
  gclid: ['gclid', 'gclickid'],
  wbraid: ['wbraid'],
  gbraid: ['gbraid'],
  yclid: ['yclid'],
  ttclid: ['ttclid'],
  fbp: ['fbp'],
  fbc: ['fbc'],
};

const ID_NAMES = new Set(Object.values(CLICK_IDS).flat());

/** The tags in an address' query; none for what is no address. */
export function tagsOfAddress(address: string | undefined): Tags {
  const query = queryOf(address);
  return query === undefined ? { utm: {} } : tagsOfQuery(query);
}

/**
 * The tags that a cookie remembers: Tilda's `TILDAUTM` (tags split by `|||`, percent-encoded), or cookies that
 * are called like tags.
 */
export function tagsOfCookies(cookies: string): Tags {
  if (cookies === '') return { utm: {} };
  const all = cookiesOf(cookies);
  const tilda = all.get('TILDAUTM');
  const pairs =
    tilda === undefined ? [...all] : tilda.split('|||').map((part) => splitOnce(part, '='));
  return tagsOfQuery(new URLSearchParams(pairs));
}

function tagsOfQuery(query: URLSearchParams): Tags {
  const tags: Required<Tags> & { repeated: Record<string, string[]> } = { utm: {}, repeated: {} };
  for (const field of utmFields) {
    const values = query
      .getAll(`utm_${field}`)
      .map(cleanTag)
      .filter((tag) => tag !== '');
    const [first] = values;
    if (first !== undefined) tags.utm[field] = first;
    if (values.length > 1) tags.repeated[`utm_${field}`] = values;
  }
  return tags;
}

/**
 * Ids of clicks, from fields, addresses and cookies, in this order. They tell upper from lower case, so they stay as
 * they are.
 */
export function clickIdsIn(
  fields: Record<string, unknown>,
  addresses: readonly (string | undefined)[],
  cookies: string,
  receivedAt: Date,
): Partial<Record<ClickIdName, string>> {
  const queries = addresses.flatMap((address) => queryOf(address) ?? []);
  const places = [
    idsAmong(Object.entries(fields), plain),
    ...queries.map((query) => idsAmong(query)),
    idsAmong(cookiesOf(cookies), plain),
  ].filter((place) => place.size > 0);
  if (places.length === 0) return {};
  const ids: Partial<Record<ClickIdName, string>> = {};
  for (const [id, names] of Object.entries(CLICK_IDS) as [ClickIdName, readonly string[]][]) {
    const found = places.flatMap((place) => names.map((name) => place.get(name))).find(isId);
    if (found !== undefined) ids[id] = cleanLine(found, LONGEST_ID);
  }
  if (ids.fbc === undefined && ids.fbclid !== undefined) {
    // As Meta describes for a browser without the cookie (fbp-and-fbc).
    ids.fbc = `fb.1.${receivedAt.getTime()}.${ids.fbclid}`;
  }
  return ids;
}

/** What is called like an id; of several the last one. `called` is how its place writes names. */
function idsAmong(
  entries: Iterable<[string, unknown]>,
  called = (name: string) => name,
): ReadonlyMap<string, unknown> {
  const ids = new Map<string, unknown>();
  for (const [key, value] of entries) {
    const name = called(key);
    if (ID_NAMES.has(name)) ids.set(name, value);
  }
  return ids;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && cleanTag(value) !== '';
}

function queryOf(address: string | undefined): URLSearchParams | undefined {
  // Most addresses have none, and reading one takes longer than reading a form's other fields.
  if (address?.includes('?') !== true) return undefined;
  return URL.parse(address)?.searchParams;
}

function cookiesOf(cookies: string): Map<string, string> {
  if (cookies === '') return new Map();
  return new Map(
    cookies.split(/;\s*/).map((cookie): [string, string] => {
      const [name, value] = splitOnce(cookie.trim(), '=');
      return [name, decodedOnce(value)];
    }),
  );
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function decodedOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

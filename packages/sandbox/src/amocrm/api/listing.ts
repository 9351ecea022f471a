/** Lists: bracketed queries, pages, order, and 204 where there is nothing. */
import qs from 'qs';
import type { ProviderAnswer, ProviderRequest } from '../../world/provider.ts';
import { done, nothing, refuse } from './answers.ts';
import { isRecord } from './field-values.ts';

export type Query = Record<string, unknown>;

const LARGEST_PAGE = 250;
const USUAL_PAGE = 50;

/** The query with its PHP brackets. */
export function readQuery(request: ProviderRequest): Query {
  return qs.parse(request.query, { depth: 6, arrayLimit: 500, plainObjects: true });
}

/** A plain parameter; empty when it is missing or is none. */
export function textOf(query: Query, name: string): string {
  const value = query[name];
  return typeof value === 'string' ? value : '';
}

/** `filter[...]`: empty when missing. */
export function filterOf(query: Query): Query {
  return isRecord(query['filter']) ? query['filter'] : {};
}

/** A filter's values as text: `filter[id]=1`, `filter[id][]=1` and `filter[id]=1,2` alike; null when not asked. */
export function asked(value: unknown): string[] | null {
  if (value === undefined) return null;
  const list = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [value];
  return list.flatMap((each) => String(each).split(','));
}

/** `filter[x][from|to]` or one exact second. */
export function within(time: number | null, range: unknown): boolean {
  if (range === undefined) return true;
  if (time === null) return false;
  if (!isRecord(range)) return time === Number(range);
  const { from, to } = range;
  return (from === undefined || time >= Number(from)) && (to === undefined || time <= Number(to));
}

/** The words of `with`. */
export function embeds(query: Query): string[] {
  return textOf(query, 'with')
    .split(',')
    .map((word) => word.trim());
}

/** Where the client reached this account: links lead there again. */
export function baseOf(request: ProviderRequest): string {
  return `http://${request.headers.host ?? '127.0.0.1'}/amocrm`;
}

export type Row = { id: number; createdAt?: number; updatedAt?: number };

/** One page of `rows`. Throws 422 for a page too large. */
export function listAnswer<R extends Row>(
  request: ProviderRequest,
  entity: string,
  rows: R[],
  render: (row: R) => unknown,
): ProviderAnswer {
  const query = readQuery(request);
  const page = number(query['page'], 1);
  const limit = number(query['limit'], USUAL_PAGE);
  if (limit > LARGEST_PAGE) throw refuse(422, 'Limit 250 per page');
  const since = Date.parse(request.headers['if-modified-since'] ?? '');
  if (rows.length > 0 && rows.every((row) => (row.updatedAt ?? Infinity) * 1000 <= since)) {
    return { status: 304, headers: {}, body: '', accepted: true };
  }
  const start = (page - 1) * limit;
  const shown = order(rows, query['order']).slice(start, start + limit);
  if (shown.length === 0) return nothing();
  const link = (to: number) => ({ href: linkTo(request, query, to, limit) });
  const hasMore = rows.length > start + limit;
  return done({
    _page: page,
    _links: { self: link(page), ...(hasMore && { next: link(page + 1) }) },
    _embedded: { [entity]: shown.map(render) },
  });
}

function number(given: unknown, fallback: number): number {
  const value = given === undefined ? fallback : Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw refuse(400, 'Request validation failed');
}

function linkTo(request: ProviderRequest, query: Query, page: number, limit: number): string {
  const text = qs.stringify({ ...query, page, limit });
  return `${baseOf(request)}${request.path}?${text}`;
}

function order<R extends Row>(rows: R[], asking: unknown): R[] {
  const [field, way] = isRecord(asking) ? (Object.entries(asking)[0] ?? []) : [];
  const key = (row: R): number => {
    if (field === 'created_at') return row.createdAt ?? 0;
    return field === 'updated_at' ? (row.updatedAt ?? 0) : row.id;
  };
  const sign = String(way).toLowerCase() === 'desc' ? -1 : 1;
  return [...rows].sort((a, b) => sign * (key(a) - key(b)) || a.id - b.id);
}

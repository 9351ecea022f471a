import { MobizonError } from './envelope.ts';
import { group, text, type Params } from './form.ts';

type Row = Record<string, unknown>;

const PAGE_SIZES = ['25', '50', '100'];

/** The page that `pagination[...]` asks for, counted from 0; other sizes than 25, 50 and 100 are code 12. */
export function page<Item>(rows: Item[], params: Params): { items: Item[]; total: number } {
  const pagination = group(params, 'pagination');
  const size = text(pagination, 'pageSize') ?? '25';
  const current = Number(text(pagination, 'currentPage') ?? 0);
  if (!PAGE_SIZES.includes(size) || !Number.isInteger(current) || current < 0)
    throw new MobizonError(12);
  const start = current * Number(size);
  return { items: rows.slice(start, start + Number(size)), total: rows.length };
}

/** Sorted by `sort[<field>]=ASC|DESC`; newest first when nothing was asked. Unknown fields are code 12. */
export function sortRows(rows: Row[], sort: Params, allowed: readonly string[]): Row[] {
  const [field] = Object.keys(sort);
  if (field === undefined) return rows.reverse();
  if (!allowed.includes(field)) throw new MobizonError(12);
  const sign = text(sort, field)?.toUpperCase() === 'DESC' ? -1 : 1;
  const key = (row: Row): string => String(row[field]);
  return [...rows].sort((a, b) => sign * key(a).localeCompare(key(b), 'en', { numeric: true }));
}

/** Times as a form's field holds them (`2026-12-01T10:00`), by the clock of a zone. */

/** Empty for nothing. */
export function localOf(iso: string | null | undefined, timeZone: string): string {
  if (!iso || Number.isNaN(Date.parse(iso))) return '';
  const format = { timeZone, dateStyle: 'short', timeStyle: 'short' } as const;
  // The Swedish way of writing times is ISO 8601's.
  return new Intl.DateTimeFormat('sv-SE', format).format(new Date(iso)).replace(' ', 'T');
}

/** Undefined for what is no such time. */
export function isoOf(local: string, timeZone: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(local)) return undefined;
  const asUtc = Date.parse(`${local.slice(0, 16)}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  const shown = localOf(new Date(asUtc).toISOString(), timeZone);
  return new Date(asUtc - (Date.parse(`${shown}Z`) - asUtc)).toISOString();
}

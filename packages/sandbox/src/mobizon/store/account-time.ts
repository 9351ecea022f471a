/** Mobizon's timestamps: `YYYY-MM-DD HH:MM:SS` in the account's zone, which they do not name. */

const TIMESTAMP = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

/** The moment `at` as the account writes it. */
export function formatTimestamp(at: number, timeZone: string): string {
  // The Swedish locale writes ISO dates with a space.
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(at);
}

/** The moment that the account means by `timestamp`, or null when it is not one. */
export function parseTimestamp(timestamp: string, timeZone: string): number | null {
  if (!TIMESTAMP.test(timestamp)) return null;
  const asUtc = Date.parse(`${timestamp.replace(' ', 'T')}Z`);
  if (Number.isNaN(asUtc)) return null;
  const shift = Date.parse(`${formatTimestamp(asUtc, timeZone).replace(' ', 'T')}Z`) - asUtc;
  return asUtc - shift;
}

/** Whether `at` lies within bounds given as timestamps or as bare dates (a bare last day counts whole). */
export function isWithin(
  at: number,
  timeZone: string,
  from: string | undefined,
  to: string | undefined,
): boolean {
  const written = formatTimestamp(at, timeZone);
  if (from !== undefined && written < from) return false;
  return to === undefined || written <= (to.length === 10 ? `${to} 23:59:59` : to);
}

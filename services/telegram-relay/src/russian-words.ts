/** Times as people here read them. */

/** `14:05` in this time zone. */
export function clockIn(timeZone: string, at: Date): string {
  return at.toLocaleTimeString('ru-RU', { timeZone, hour: '2-digit', minute: '2-digit' });
}

/** `20.11.2026, 14:05` in this time zone. */
export function dayAndClockIn(timeZone: string, at: Date): string {
  const format = { dateStyle: 'short', timeStyle: 'short', timeZone } as const;
  return new Intl.DateTimeFormat('ru', format).format(at);
}

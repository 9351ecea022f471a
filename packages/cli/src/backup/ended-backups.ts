/** Which backups are kept: the newest of each of the last days, and of each of the last weeks. */

const DAYS = 7;
const WEEKS = 4;
const DAY_MS = 24 * 60 * 60_000;
/** 1970-01-05, the first Monday there is. */
const FIRST_MONDAY_MS = 4 * DAY_MS;
/** As backup.sh names them: 20260105T030000Z.tar.age. */
const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.tar\.age$/;

/**
 * The names of backups that have had their time: all but the newest of each of the 7 last days and the 4 last weeks (from
 * Monday, UTC) that have one. Days without a backup count for nothing, so that a machine that was off keeps as many. Other
 * names are never among them.
 */
export function endedBackups(names: readonly string[]): string[] {
  const backups = names.flatMap((name) => {
    const [, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
    if (year === undefined) return [];
    const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    return [{ name, at }];
  });
  const newestFirst = backups.toSorted((a, b) => b.at - a.at);
  const kept = new Set([
    ...newestOf(newestFirst, (at) => Math.floor(at / DAY_MS), DAYS),
    ...newestOf(newestFirst, (at) => Math.floor((at - FIRST_MONDAY_MS) / (7 * DAY_MS)), WEEKS),
  ]);
  return newestFirst.map(({ name }) => name).filter((name) => !kept.has(name));
}

/** The newest of each span, of the last so many spans. */
function newestOf(
  newestFirst: readonly { name: string; at: number }[],
  spanOf: (at: number) => number,
  most: number,
): string[] {
  const newest = new Map<number, string>();
  for (const { name, at } of newestFirst) {
    if (!newest.has(spanOf(at)) && newest.size < most) newest.set(spanOf(at), name);
  }
  return [...newest.values()];
}

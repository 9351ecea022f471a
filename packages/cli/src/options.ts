/** Values of flags, checked when the command line is read. */
import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const ALMATY = '+05:00';

/** `2h`, `30m`, `7d` ago, or an ISO time: Almaty's where it names no zone. @throws InvalidArgumentError */
export function parseTime(text: string, now = Date.now()): Date {
  const [, count, unit = ''] = /^(\d+)\s*(s|m|min|h|d)$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now - Number(count) * (UNITS[unit] ?? 0));
  const time = new Date(withZone(text));
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('expected a time such as 2h, 30m, 7d or 2026-01-05T10:00:00Z');
  }
  return time;
}

function withZone(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return `${text}T00:00:00${ALMATY}`;
  return /T[\d:.]+$/.test(text) ? `${text}${ALMATY}` : text;
}

/** @throws InvalidArgumentError */
export function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

/** A sequence number in DEAD_LETTERS. @throws InvalidArgumentError */
export function parseSeq(text: string): number {
  if (!/^#?[1-9]\d*$/.test(text)) {
    throw new InvalidArgumentError('expected the number of a dead letter, as "dead list" shows it');
  }
  return Number(text.replace('#', ''));
}

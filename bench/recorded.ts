/** The ratios of the last run that was kept, and whether a new run has fallen behind them. */
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Figure } from './outcome.ts';
import { table } from './table.ts';

const FILE = new URL('./recorded.json', import.meta.url);
/** Rounds on a quiet machine differ by about half of it. */
const MOST_FALL = 0.15;

const recordedSchema = z.record(z.string(), z.number());
export type Recorded = z.infer<typeof recordedSchema>;

/** By the names of the figures. @throws when the file is not there or not readable */
export async function readRecorded(): Promise<Recorded> {
  return recordedSchema.parse(JSON.parse(await readFile(FILE, 'utf8')));
}

/** Keeps the figures of this run for the next ones to be held against. */
export async function writeRecorded(figures: readonly Figure[]): Promise<void> {
  const rounded = figures.map(({ name, value }) => [name, Number(value.toFixed(2))] as const);
  await writeFile(FILE, `${JSON.stringify(Object.fromEntries(rounded), null, 2)}\n`);
}

/** How much worse than recorded, as a share of it: 0.2 is a fifth. Negative when it got better. */
export function fallOf({ value, better }: Figure, recorded: number): number {
  return better === 'more' ? 1 - value / recorded : value / recorded - 1;
}

/** A table of all figures, and those that fell too far, in words. One that nobody recorded is only shown. */
export function compare(figures: readonly Figure[], recorded: Recorded) {
  const rows = figures.map((figure) => {
    const before = recorded[figure.name];
    const change = before === undefined ? 'new' : percent(-fallOf(figure, before));
    return [figure.name, before?.toFixed(2) ?? '', figure.value.toFixed(2), change];
  });
  const fallen = figures.flatMap((figure) => {
    const before = recorded[figure.name];
    if (before === undefined || fallOf(figure, before) <= MOST_FALL) return [];
    return [`${figure.name}: ${figure.value.toFixed(2)} instead of ${before.toFixed(2)}`];
  });
  return { shown: table(['ratio', 'recorded', 'now', 'better by'], rows), fallen };
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

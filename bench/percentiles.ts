/** What is told of many measurements. */

export interface Spread {
  p50: number;
  p99: number;
  max: number;
}

/** By nearest rank: each is a value that was measured. NaN of nothing. */
export function spreadOf(values: Iterable<number>): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** The middle one, or the lower of the two in the middle. */
export function medianOf(values: Iterable<number>): number {
  return spreadOf(values).p50;
}

/** What a benchmark found, besides the tables that it printed. */

/** A figure that means the same on any machine: a ratio within one run, or a share of what is possible at all. */
export interface Figure {
  name: string;
  value: number;
  better: 'more' | 'less';
}

export interface Outcome {
  /** Promises that were broken, in words: a lead lost, somebody written to twice. */
  broken: string[];
  ratios: Figure[];
}

/** What a judge says is wrong. */
export const findingKinds = [
  /** An accepted lead, or one of its messages, is nowhere or was given up. */
  'lost',
  /** A person got something twice, or a submission became two leads. */
  'doubled',
  /** Sent before it was due. */
  'early',
  /** Not finished although everything was given time to finish. */
  'unsettled',
  /** Two ledgers say different things about the same delivery. */
  'mismatched',
  /** A provider's limit was crossed. */
  'hurried',
  /** Somebody who had left the list, or whose campaign stood still, was written to. */
  'unwanted',
  /** The states of a campaign did not add up to its audience. */
  'miscounted',
  /** `unknown` without a reason, or for a reason that nothing in the scenario can cause. */
  'unexplained',
] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface Finding {
  kind: FindingKind;
  /** The lead or delivery it is about: ids only. */
  about: string;
  what: string;
}

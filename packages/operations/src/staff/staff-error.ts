/** Why something could not be done with a person, as one token; whoever shows it has the words. */
export const staffProblems = [
  'bad_address',
  'unknown',
  'exists',
  'disabled',
  'no_tags',
  'last_owner',
  'address_taken',
  'not_allowed',
] as const;
export type StaffProblem = (typeof staffProblems)[number];

/** It was refused, and nothing was changed. The message is for a terminal; a page goes by `problem`. */
export class StaffError extends Error {
  override readonly name = 'StaffError';
  readonly problem: StaffProblem;

  constructor(problem: StaffProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

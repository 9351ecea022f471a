import { RefusedError } from '../refused-error.ts';

/** Why something could not be done with a person, as one token; whoever shows it has the words. */
export const staffProblems = [
  'bad_address',
  'unknown',
  'exists',
  'disabled',
  'no_tags',
  'last_owner',
  'address_taken',
  'other_address',
  'not_allowed',
] as const;
export type StaffProblem = (typeof staffProblems)[number];

/** It was refused, and nothing was changed. */
export class StaffError extends RefusedError<StaffProblem> {
  override readonly name = 'StaffError';
}

import { RefusedError } from '../refused-error.ts';

/**
 * `bad_contact`: neither a phone, a mail address nor a lead's id; `unknown`: nothing of this person is stored anywhere;
 * `busy`: something is just being sent to them; `bad_list`: no list of erasures.
 */
export type PersonProblem = 'bad_contact' | 'unknown' | 'busy' | 'bad_list';

/** Nobody was erased, or not yet everywhere: the message says what to do. */
export class PersonError extends RefusedError<PersonProblem> {
  override readonly name = 'PersonError';
}

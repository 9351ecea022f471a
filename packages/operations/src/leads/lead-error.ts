import { RefusedError } from '../refused-error.ts';

/**
 * `bad_id`: no id, nor the beginning of one; `ambiguous`: several leads begin so; `in_journal`: it waits in
 * landing-api's journal for the broker; `unreadable`: stored by a version that this one does not understand;
 * `bad_phone`: no number to look for; `too_short`: a text to look for that fits nearly every lead.
 */
export type LeadProblem =
  'bad_id' | 'unknown' | 'ambiguous' | 'in_journal' | 'unreadable' | 'bad_phone' | 'too_short';

/** There is no such lead to look at, or more than one. */
export class LeadError extends RefusedError<LeadProblem> {
  override readonly name = 'LeadError';
}

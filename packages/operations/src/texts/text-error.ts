import { RefusedError } from '../refused-error.ts';

/**
 * `bad_text`: it is not written as a text is; `unknown`: there is none of this name or version; `conflict`: somebody
 * else saved meanwhile; `not_allowed`: this person may not; `bad_picture`: it is no picture, or too large.
 */
export type TextProblem = 'bad_text' | 'unknown' | 'conflict' | 'not_allowed' | 'bad_picture';

/** Nothing was changed. The message is for whoever wrote it. */
export class TextError extends RefusedError<TextProblem> {
  override readonly name = 'TextError';
}

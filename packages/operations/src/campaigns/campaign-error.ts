import { RefusedError } from '../refused-error.ts';

/**
 * `no_token`: there is none to ask with; `bad_token`: mailer-batch does not take it; `no_answer`: nobody answered, or
 * only that it cannot just now; `refused`: in the service's own words.
 */
export type CampaignProblem = 'no_token' | 'bad_token' | 'no_answer' | 'refused';

/** A campaign is as it was, as far as the answer says. The message names each row that is wrong, a line each. */
export class CampaignError extends RefusedError<CampaignProblem> {
  override readonly name = 'CampaignError';
}

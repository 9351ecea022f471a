import { RefusedError } from '../refused-error.ts';

/** `gone`: the lead or the link that it was made from is no longer there; `busy`: somebody else was faster. */
export type DeliveryProblem = 'gone' | 'busy';

/** A message could not be handed out again. Those before it were. */
export class DeliveryError extends RefusedError<DeliveryProblem> {
  override readonly name = 'DeliveryError';
}

/** Whether people who gave one mail address and different phones are one person. */
import type { ActingParts } from '../acting.ts';
import { audited } from '../audit/audited.ts';

export const identityDecisions = ['same', 'different'] as const;
export type IdentityDecision = (typeof identityDecisions)[number];

/** Calls `console_decide_identity` with the rights of whoever acts; answers whether it was open. */
export type DecideInDatabase = () => Promise<boolean>;

/**
 * `same` makes one person of them, which cannot be undone; `different` leaves them. False when it was decided before.
 * @throws as `decide`
 */
export function decideIdentity(
  { bus, actor }: ActingParts,
  decide: DecideInDatabase,
  conflict: string,
  decided: IdentityDecision,
): Promise<boolean> {
  const what = { actor, action: 'identity.decided', subject: conflict, details: { decided } };
  return audited(bus, what, decide);
}

/** How a contact that was there already was recognised; `memory`: only by what we remember of earlier leads. */
export const foundByWays = ['phone', 'email', 'both', 'memory'] as const;
export type FoundBy = (typeof foundByWays)[number];

/**
 * Why a deal that was there already has stayed where it was: it is among the incoming ones, which managers sort;
 * only the address matched; AmoCRM did not take the move.
 */
export const stayReasons = ['unsorted', 'unproven', 'refused'] as const;

/** What a note tells of the person whom AmoCRM has known before. */
export interface Known {
  foundBy: FoundBy;
  stays?: (typeof stayReasons)[number] | undefined;
  /** The contact has another address (or phone) than the lead, and keeps it. */
  differs?: boolean | undefined;
}

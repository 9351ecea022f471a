/** The numbers that decide how campaigns behave. The database's functions get them as arguments and hold none. */

/** A campaign pauses itself beyond these shares of bounces and errors, unless it has its own. */
export const MAX_BOUNCE_PERCENT = 5;
export const MAX_ERROR_PERCENT = 20;
/** Of fewer people the shares say nothing: one bad address among ten is no reason to stop. */
export const FEWEST_PEOPLE = 50;
/** The shares are looked at this often: counting 100,000 people takes a while. */
export const WEIGH_EVERY_MS = 2_000;

/** Batches of one campaign are handed out for this long ahead, at its own rate or that of the fastest account. */
export const AHEAD_MS = 2_000;

/**
 * An SMS without a report is asked about after this wait, which doubles each time: Mobizon reports each end once and
 * gives up on a report after an hour. After the seventh time, 32 hours after it was sent, nobody asks any more: Mobizon
 * gives the message up after a day.
 */
export const ASK_AFTER_MS = 15 * 60_000;
export const ASK_TIMES = 7;

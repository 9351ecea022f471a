/**
 * JetStream's "wrong last sequence": somebody stored this subject or key before us (10071), or is about to, which
 * only a cluster says (10164: its copies are being written). server/errors.json of nats-server.
 */
const WRONG_LAST_SEQUENCE = [10071, 10164];

/**
 * In a cluster, while another message with this id (10158) or under this subject (10163, 10164) is being copied:
 * a moment later it is known how that ended.
 */
const UNDER_WAY = [10158, 10163, 10164];

/** JetStream's "message not found". */
export const NO_MESSAGE = 10037;
/** JetStream's "sequence not found". */
const NO_SUCH_SEQUENCE = 10043;

/** The JetStream API's own error code, if the broker answered with one. */
export function apiCode(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('api_error' in thrown)) return undefined;
  return (thrown.api_error as { err_code?: number } | undefined)?.err_code;
}

/** True when a compare-and-set lost against an earlier write. */
export function isConflict(thrown: unknown): boolean {
  return WRONG_LAST_SEQUENCE.includes(apiCode(thrown) ?? 0);
}

/** True when the message that was to be read or deleted is not there any more. */
export function isGone(thrown: unknown): boolean {
  return [NO_MESSAGE, NO_SUCH_SEQUENCE].includes(apiCode(thrown) ?? 0);
}

/** True when the answer depends on a write that the cluster has not finished yet. */
export function isUnderWay(thrown: unknown): boolean {
  return UNDER_WAY.includes(apiCode(thrown) ?? 0);
}

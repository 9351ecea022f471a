/** JetStream's "wrong last sequence": somebody stored this subject or key before us. */
const WRONG_LAST_SEQUENCE = 10071;

/** The JetStream API's own error code, if the broker answered with one. */
export function apiCode(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('api_error' in thrown)) return undefined;
  return (thrown.api_error as { err_code?: number } | undefined)?.err_code;
}

/** True when a compare-and-set lost against an earlier write. */
export function isConflict(thrown: unknown): boolean {
  return apiCode(thrown) === WRONG_LAST_SEQUENCE;
}

/**
 * What a handler may throw, and what the shared consumer does about it:
 *
 * | class               | meaning                                   | the message                          | counts as an attempt |
 * | ------------------- | ----------------------------------------- | ------------------------------------ | -------------------- |
 * | TransientError      | did not happen this time                  | comes back, later each time          | yes                  |
 * | AmbiguousError      | may have happened: look before repeating  | comes back, later each time          | yes                  |
 * | SnoozeError         | nothing is wrong, it is too early         | comes back when told                 | no                   |
 * | ChannelStoppedError | nothing can be sent until a person acts   | comes back; the consumer stops       | no                   |
 * | PermanentError      | will never work                           | copied to DEAD_LETTERS, then removed | last one             |
 *
 * Anything else is a bug of ours and is treated as transient, so that a fix and a restart lose nothing.
 */

/** Those of the alerts (contract/alert-kinds.ts) that say that something stands still. */
export type StopName = `${string}_stopped` | `${string}_limited` | 'sms_balance';

interface StopOptions extends RetryOptions {
  /**
   * What has stopped, one token, when several consumers stop for the same reason: they give one alert
   * about it together instead of one each.
   */
  what?: StopName;
}

interface RetryOptions extends ErrorOptions {
  /** Milliseconds to wait before the next attempt, when the other side said so. */
  retryAfterMs?: number;
}

interface OutageOptions extends RetryOptions {
  /**
   * The other side itself is failing, not this message: after a few of these in a row the consumer
   * probes with one message at a time, and spends nobody's attempts.
   */
  outage?: boolean;
}

/** The work did not happen and can be repeated. */
export class TransientError extends Error {
  override readonly name: string = 'TransientError';
  readonly retryAfterMs: number | undefined;
  readonly outage: boolean;

  constructor(message: string, options: OutageOptions = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
    this.outage = options.outage ?? false;
  }
}

/** The request may have taken effect although we saw a failure: reconcile before repeating it. */
export class AmbiguousError extends TransientError {
  override readonly name: string = 'AmbiguousError';
}

/** It is not this message's time: somebody else works on it, or it is due later. */
export class SnoozeError extends Error {
  override readonly name = 'SnoozeError';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Configuration or account trouble (a revoked key, an empty balance): only a person can mend it. */
export class ChannelStoppedError extends Error {
  override readonly name = 'ChannelStoppedError';
  readonly retryAfterMs: number | undefined;
  readonly what: StopName | undefined;

  constructor(message: string, options: StopOptions = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
    this.what = options.what;
  }
}

/** It will never work: wrong data, refused by the provider for good. `code` says why in one token. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Whatever was thrown, as an Error. Needed at every `catch`: libraries throw strings and plain
 * objects, and an error made in another realm is not `instanceof Error`.
 */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
    const error = new Error(String(thrown.message), { cause: thrown });
    if ('name' in thrown) error.name = String(thrown.name);
    return error;
  }
  return new Error(String(thrown));
}

/**
 * Runs what needs the broker's memory. Foreign errors become an outage in the words of `what`; those
 * that already say what to do pass through.
 */
export async function orOutage<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const isOurs = [TransientError, SnoozeError, ChannelStoppedError].some(
      (one) => thrown instanceof one,
    );
    if (isOurs) throw thrown;
    throw new TransientError(what, { cause: toError(thrown), outage: true });
  }
}

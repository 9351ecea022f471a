/** The two ways in which a command ends badly; `exitCode` is what the shell sees. */

/** It could not be done: no broker, no such lead, a part of it failed. */
export class FailedError extends Error {
  override readonly name: string = 'FailedError';
  readonly exitCode = 1;
}

/** It was asked for in a way that cannot be done: an unknown flag, nobody there to confirm. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode = 2;
}

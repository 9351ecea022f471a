/** What a call without an answer may have done: one rule for every provider that is asked over HTTP. */
import { AmbiguousError, TransientError } from '../errors.ts';

/** The connection was never made: nothing can have happened. Everything else may have reached them. */
const NEVER_ARRIVED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/**
 * The error of a call that had no answer. Only the code is kept of what was thrown: a client's error carries the whole
 * request, keys and contacts included.
 * @param code Node's (`ECONNRESET`), or undefined where the client told none
 * @param uncertain makes the error of a call that may have arrived, from its text; without it a repeat may do it twice
 */
export function noAnswerError(
  provider: string,
  code: string | undefined,
  uncertain: (text: string) => Error = (text) => new AmbiguousError(text, { outage: true }),
): Error {
  const known = code ?? 'no answer';
  if (NEVER_ARRIVED.includes(known)) {
    return new TransientError(`${provider}: not reachable (${known})`, { outage: true });
  }
  return uncertain(`${provider}: ${known}`);
}

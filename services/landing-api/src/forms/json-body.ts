/** Reads JSON bodies so that whatever comes is a value we can walk through, or a 4xx. */
import type { FastifyInstance } from 'fastify';
import { RequestError } from '@leadwire/shared/service/http-problems';

export const BODY_LIMIT_BYTES = 32 * 1024;
/** Forms nest two or three levels. The limit keeps recursion, here and behind us, off the stack's end. */
const DEEPEST_NESTING = 20;

/**
 * Takes `application/json` and, because `navigator.sendBeacon` can send nothing else across
 * origins without a preflight, `text/plain` with JSON in it. Anything else is a 415. Keys that would
 * reach a prototype are dropped, deeper nesting than 20 levels is a 400.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('remove', 'remove');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    ['application/json', 'text/plain'],
    { parseAs: 'string' },
    (request, text, done) =>
      parse(request, text, (error, body: unknown) => {
        if (error) done(error);
        else if (isTooDeep(body)) done(tooDeep());
        else done(null, body);
      }),
  );
}

function tooDeep(): RequestError {
  return new RequestError(400, `the body is nested deeper than ${DEEPEST_NESTING} levels`);
}

/** Level by level and without recursion, because the depth is what is not known yet. */
export function isTooDeep(body: unknown): boolean {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST_NESTING) return true;
    level = level
      .filter((value) => typeof value === 'object' && value !== null)
      .flatMap((value) => Object.values(value) as unknown[]);
  }
  return false;
}

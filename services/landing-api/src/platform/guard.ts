/** What every address of the platform has in common: its token, its own rate limit, and no passwords. */
import type { FastifyRequest } from 'fastify';
import { RequestError, type Issue } from '@leadwire/shared/service/http-problems';
import type { Access } from '@leadwire/shared/service/access';

/** A platform that catches up sends a whole class at once. */
const REQUESTS_PER_MINUTE = 3_000;

/** Names of fields that hold a password, in the languages of those who write the platform. */
const PASSWORD = /pass[-_ ]?(word|wd|phrase|code)|^pass$|pwd|парол|құпия/i;
/** The one name with the word in it that means something else. */
const ALLOWED = 'setPasswordUrl';
const ADVICE =
  'a password is never taken, stored or mailed: leave it out, and send data.setPasswordUrl (setPasswordUrl for a student), the address of a page where the person sets one';

/** Options of a route for whoever has a token of the platform. */
export function platformOnly(access: Pick<Access, 'demand'>) {
  return {
    config: { rateLimit: { max: REQUESTS_PER_MINUTE, timeWindow: 60_000 } },
    onRequest: async ({ headers }: Pick<FastifyRequest, 'headers'>): Promise<void> => {
      await access.demand(headers.authorization, 'platform');
    },
    // Before the body is checked, whose complaints might quote it.
    preValidation: (
      { body }: Pick<FastifyRequest, 'body'>,
      _reply: unknown,
      done: (error?: Error) => void,
    ) => {
      const path = findPassword(body, '');
      done(path === undefined ? undefined : refusal(path));
    },
  };
}

function refusal(path: string): RequestError {
  const issues: Issue[] = [{ path, message: ADVICE }];
  return new RequestError(400, ADVICE, issues);
}

/** Where a password stands, by the names of fields and in the query of addresses; json-body.ts bounds the depth. */
function findPassword(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return isUrlWithPassword(value) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const where = path === '' ? name : `${path}.${name}`;
    if (name !== ALLOWED && PASSWORD.test(name)) return where;
    const found = findPassword(inner, where);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isUrlWithPassword(text: string): boolean {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) return false;
  const { password, searchParams } = new URL(text);
  return password !== '' || [...searchParams.keys()].some((name) => PASSWORD.test(name));
}

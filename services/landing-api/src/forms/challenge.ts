/**
 * Whether a person sat at the page, as Cloudflare's Turnstile says. A challenge that failed holds the lead; one that
 * cannot be checked lets it through: their outage, or a wrong secret of ours, must not cost leads.
 */
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import { EnvError } from '@leadwire/shared/runtime/env';
import type { Log } from '@leadwire/shared/runtime/log';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import { z } from 'zod';
import type { Env } from '../env.ts';

/** The name that the widget gives its field. */
export const CHALLENGE_FIELD = 'cf-turnstile-response';
/** A person waits for the answer of the form. */
const TIMEOUT_MS = 3_000;
/** Tokens are good for five minutes and once: the second half of a double click asks with the same one. */
const MOST_REMEMBERED = 1_000;
/** What is wrong with us, not with the visitor. */
const OURS = ['missing-input-secret', 'invalid-input-secret', 'bad-request', 'internal-error'];

const answerSchema = z.object({
  success: z.boolean(),
  'error-codes': z.array(z.string()).default([]),
});

/** False when it is certain that the challenge was not passed. `address` is the visitor's, where they post themselves. */
export type Challenge = (token: string | undefined, address?: string) => Promise<boolean>;

type ChallengeEnv = Pick<Env, 'FORM_CHALLENGE' | 'TURNSTILE_SECRET' | 'TURNSTILE_BASE_URL'>;

/** Undefined when forms have no challenge. @throws EnvError when it is wanted and has no secret */
export function createChallenge(env: ChallengeEnv, log: Log): Challenge | undefined {
  const { FORM_CHALLENGE: kind, TURNSTILE_SECRET: secret, TURNSTILE_BASE_URL: baseUrl } = env;
  if (kind === 'none') return undefined;
  if (secret === undefined) {
    throw new EnvError('TURNSTILE_SECRET: missing (FORM_CHALLENGE=turnstile needs it)');
  }
  const asked = new Map<string, Promise<boolean>>();

  const ask = async (token: string, address?: string): Promise<boolean> => {
    try {
      const response = await fetch(`${baseUrl}/turnstile/v0/siteverify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ secret, response: token, remoteip: address }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const answer = answerSchema.parse(await response.json());
      const codes = answer['error-codes'];
      if (answer.success || !codes.some((code) => OURS.includes(code))) return answer.success;
      log.error({ codes }, 'Turnstile does not check for us: leads come in without it');
    } catch (err) {
      log.warn({ err }, 'Turnstile does not answer: a lead comes in without it');
    }
    asked.delete(token);
    return true;
  };

  return async (token, address) => {
    if (token === undefined || token === '') return false;
    const known = asked.get(token) ?? ask(token, address);
    asked.set(token, known);
    dropOldest(asked, MOST_REMEMBERED);
    return known;
  };
}

/** Takes the token out of a body: it is no answer of the person, and another one at each try. */
export function takeToken(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const token = body[CHALLENGE_FIELD];
  delete body[CHALLENGE_FIELD];
  return typeof token === 'string' ? token : undefined;
}

/**
 * Plays Cloudflare's siteverify with its documented test secrets
 * (https://developers.cloudflare.com/turnstile/troubleshooting/testing/): one that takes every token, one that takes
 * none, one for which every token was used before.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

export const TURNSTILE_PASSES = '1x0000000000000000000000000000000AA';
export const TURNSTILE_FAILS = '2x0000000000000000000000000000000AA';
export const TURNSTILE_SPENT = '3x0000000000000000000000000000000AA';

const ERRORS: Readonly<Record<string, string[]>> = {
  [TURNSTILE_PASSES]: [],
  [TURNSTILE_FAILS]: ['invalid-input-response'],
  [TURNSTILE_SPENT]: ['timeout-or-duplicate'],
};

const bodySchema = z.object({ secret: z.string().default(''), response: z.string().default('') });

/** Adds `POST /turnstile/v0/siteverify`; a body in JSON, as Cloudflare takes it too. */
export function turnstileRoutes(app: FastifyInstance): void {
  app.post('/turnstile/v0/siteverify', (request) => {
    const { secret, response } = bodySchema.parse(request.body ?? {});
    const known = ERRORS[secret] ?? ['invalid-input-secret'];
    const errors = response === '' ? ['missing-input-response'] : known;
    return { success: errors.length === 0, 'error-codes': errors };
  });
}

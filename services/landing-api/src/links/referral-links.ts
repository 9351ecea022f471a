/** `GET /r/:code`: sends a person on to the landing page with a referrer's tags, and counts that. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { readReferralCode } from '@leadwire/shared/contract/referral-facts';
import { findReferralCode } from '@leadwire/shared/delivery/referral-codes';
import { toError } from '@leadwire/shared/errors';
import { isByPerson } from './programs.ts';

export interface ReferralLinkPorts {
  bus: Pick<Bus, 'publish' | 'name' | 'bucket'>;
  now: () => Date;
  /** The landing page. */
  page: string;
}

/**
 * Adds the redirect. Everybody arrives, also under a code that nobody has and while the broker is away: a visitor is
 * worth more than a count. Only the tags are taken from the request, never the target.
 */
export function addReferralLinkRoute(app: FastifyInstance, ports: ReferralLinkPorts): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/r/:code',
    {
      schema: {
        tags: ['links'],
        summary: 'Follow a referrer’s link',
        params: z.object({ code: z.string() }),
        response: { 302: z.string().meta({ description: 'On to the landing page.' }) },
      },
    },
    async (request, reply) => {
      void reply.headers({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' });
      const code = readReferralCode(request.params.code);
      if (code === undefined) return reply.redirect(ports.page, 302);
      if (isByPerson(request)) countClick(ports, code, request);
      return reply.redirect(taggedPage(ports.page, code), 302);
    },
  );
}

/** With `ref` for us and `utm_source` for everybody else's statistics. */
export function taggedPage(page: string, code: string): string {
  const url = new URL(page);
  url.searchParams.set('ref', code);
  url.searchParams.set('utm_source', `ref_${code}`);
  url.searchParams.set('utm_medium', 'referral');
  return url.href;
}

/** Nobody waits for it, and codes that nobody has are not counted: made-up ones would fill the stream. */
function countClick({ bus, now }: ReferralLinkPorts, code: string, { log }: FastifyRequest): void {
  const count = async (): Promise<void> => {
    if ((await findReferralCode(bus, code)) === undefined) return;
    const data = { code, at: now().toISOString() };
    await publishEvent(bus, 'referral.clicked.v1', data);
  };
  count().catch((thrown: unknown) => {
    log.warn({ err: toError(thrown), code }, 'a click of a referrer was not counted');
  });
}

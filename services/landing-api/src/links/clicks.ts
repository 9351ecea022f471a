/** `GET /s/:code`: sends a person on to where their message points, and counts that. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { TransientError, toError } from '@leadwire/shared/errors';
import type { Ledger } from '@leadwire/shared/delivery/ledger';
import type { ShortLink, ShortLinks } from '@leadwire/shared/delivery/short-links';
import { ownCounter } from '../edge-guards.ts';
import { isByPerson, isTooSoon } from './programs.ts';
import { readPage, renderPage, sendPage } from './pages.ts';

const UNKNOWN_LINK = readPage('unknown-link');
const TRY_AGAIN = readPage('try-again');

export interface ClickPorts {
  bus: Pick<Bus, 'publish' | 'name'>;
  links: Pick<ShortLinks, 'find'>;
  ledger: Pick<Ledger, 'find'>;
  now: () => Date;
}

/**
 * Adds the redirect. Only addresses that we stored ourselves are led to, and only http(s): nothing
 * in the request can choose the target. The visitor never waits for the counting, and a click that
 * cannot be counted still arrives. `brand`: the name that people know.
 */
export function addClickRoute(app: FastifyInstance, ports: ClickPorts, brand: string): void {
  const unknownLink = renderPage(UNKNOWN_LINK, brand);
  const tryAgain = renderPage(TRY_AGAIN, brand);
  app.withTypeProvider<ZodTypeProvider>().get(
    '/s/:code',
    {
      config: ownCounter(),
      schema: {
        tags: ['links'],
        summary: 'Follow a short link',
        params: z.object({ code: z.string() }),
        response: {
          302: z.string().meta({ description: 'On to the page that the message is about.' }),
          404: z.string().meta({ description: 'An unknown link: a page that says so.' }),
          503: z.string().meta({ description: 'The broker is away: a page that says so.' }),
        },
      },
    },
    async (request, reply) => {
      void reply.headers({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' });
      const link = await findLink(ports, request);
      if (link === 'unavailable') {
        return sendPage(reply.code(503).header('Retry-After', '5'), tryAgain);
      }
      if (!link) return sendPage(reply.code(404), unknownLink);
      void countClick(ports, link, request);
      return reply.redirect(link.url, 302);
    },
  );
}

async function findLink(
  { links }: ClickPorts,
  request: FastifyRequest<{ Params: { code: string } }>,
): Promise<ShortLink | 'unavailable' | undefined> {
  try {
    return await links.find(request.params.code);
  } catch (thrown) {
    if (!(thrown instanceof TransientError)) throw thrown;
    request.log.warn({ err: thrown }, 'a short link could not be looked up');
    return 'unavailable';
  }
}

/** Never throws: the visitor is on the way already. What a program opens is counted apart. */
async function countClick(
  ports: ClickPorts,
  link: ShortLink,
  request: FastifyRequest,
): Promise<void> {
  const { bus, now } = ports;
  const { deliveryId, leadId, channel, template, code, url } = link;
  const at = now();
  try {
    const byProgram = !isByPerson(request) || (await isOpenedTooSoon(ports, link, at));
    await publishEvent(bus, 'delivery.recorded.v1', {
      deliveryId,
      leadId,
      channel,
      template,
      outcome: 'clicked',
      at: at.toISOString(),
      shortLink: { code, url },
      ...(byProgram && { byProgram }),
    });
  } catch (thrown) {
    request.log.warn({ err: toError(thrown), deliveryId }, 'a click was not counted');
  }
}

/** An old message has no entry in the ledger any more, and then nobody is too early. */
async function isOpenedTooSoon(
  { ledger }: ClickPorts,
  link: ShortLink,
  at: Date,
): Promise<boolean> {
  const entry = await ledger.find(link);
  return entry !== undefined && isTooSoon(entry, at);
}

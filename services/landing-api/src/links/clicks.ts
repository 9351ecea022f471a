/** `GET /s/:code`: sends a person on to where their message points, and counts that. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { TransientError, toError } from '@leadwire/shared/errors';
import { makeEvent } from '@leadwire/shared/contract/events';
import type { ShortLink, ShortLinks } from '@leadwire/shared/delivery/short-links';
import { subjects } from '@leadwire/shared/contract/topology';
import { ownCounter } from '../edge-guards.ts';
import { readPage, sendPage } from './pages.ts';

const UNKNOWN_LINK = readPage('unknown-link');
const TRY_AGAIN = readPage('try-again');

/**
 * Programs that fetch a link to show a preview of it, by what they call themselves. The list is
 * short and knows only who says so: iMessage poses as Facebook's and Twitter's, a mail scanner that
 * poses as a browser is counted as a click.
 */
const PREVIEWERS = [
  'bot', // TelegramBot, Twitterbot, Slackbot, LinkedInBot, Discordbot, Googlebot…
  'crawler',
  'spider',
  'preview', // SkypeUriPreview, BingPreview, Google-PageRenderer's relatives
  'facebookexternalhit',
  'whatsapp/',
  'viber',
  'vkshare',
  'okhttp',
  'curl/',
  'python-requests',
];

export interface ClickPorts {
  bus: Pick<Bus, 'publish' | 'name'>;
  links: Pick<ShortLinks, 'find'>;
  now: () => Date;
}

/**
 * Adds the redirect. Only addresses that we stored ourselves are led to, and only http(s): nothing
 * in the request can choose the target. The visitor never waits for the counting, and a click that
 * cannot be counted still arrives.
 */
export function addClickRoute(app: FastifyInstance, ports: ClickPorts): void {
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
        return sendPage(reply.code(503).header('Retry-After', '5'), TRY_AGAIN);
      }
      if (!link) return sendPage(reply.code(404), UNKNOWN_LINK);
      if (isPerson(request)) countClick(ports, link, request);
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

/** HEAD asks about a link, a prefetch may never be looked at, a preview is not a person. */
export function isPerson({ method, headers }: FastifyRequest): boolean {
  const agent = (headers['user-agent'] ?? '').toLowerCase();
  const purpose = String(headers['sec-purpose'] ?? headers['purpose'] ?? '').toLowerCase();
  const isPreview = PREVIEWERS.some((name) => agent.includes(name));
  return method === 'GET' && !isPreview && !/prefetch|preview/.test(purpose);
}

function countClick({ bus, now }: ClickPorts, link: ShortLink, request: FastifyRequest): void {
  const { deliveryId, leadId, channel, template, code, url } = link;
  const event = makeEvent('delivery.recorded.v1', {
    source: bus.name,
    subject: leadId,
    data: {
      deliveryId,
      leadId,
      channel,
      template,
      outcome: 'clicked',
      at: now().toISOString(),
      shortLink: { code, url },
    },
  });
  bus.publish(subjects.delivery(channel, 'clicked', deliveryId), event).catch((thrown: unknown) => {
    request.log.warn({ err: toError(thrown), deliveryId }, 'a click was not counted');
  });
}

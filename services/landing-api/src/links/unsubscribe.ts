/**
 * `/u/:token`: out of the campaigns with one click, and back. GET shows a page with buttons, because mail scanners
 * follow every link; POST unsubscribes, from that page or from the mail program's own button (RFC 8058), and
 * POST `/u/:token/restore` undoes it. Both are facts: whoever keeps the list of suppressed contacts obeys the newer one.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { TransientError } from '@leadwire/shared/errors';
import { subjects } from '@leadwire/shared/contract/topology';
import {
  readUnsubscribeToken,
  type UnsubscribeLink,
} from '@leadwire/shared/delivery/unsubscribe-token';
import { HOOKS_PER_MINUTE, inTime } from '../webhooks/hook-guards.ts';
import { readPage, renderPage, sendPage } from './pages.ts';
import { preferencesPage, type Choice } from './preferences-page.ts';

const TRY_AGAIN = readPage('unsubscribe-again');
const UNKNOWN_LINK = readPage('unknown-link');

/** A person waits in front of it. */
const ANSWER_WITHIN_MS = 5_000;
/** The page can do without. */
const LOOK_WITHIN_MS = 1_000;

export interface UnsubscribePorts {
  bus: Pick<Bus, 'publish' | 'lastUnder' | 'name'>;
  secret: string;
  /** The name that people know. */
  brand: string;
  now: () => Date;
}

const factSchema = z.object({ data: z.object({ at: z.iso.datetime() }) });

/** Adds the page and its buttons. A repeat says the same; without the broker the page asks to try again. */
export function addUnsubscribeRoutes(app: FastifyInstance, ports: UnsubscribePorts): void {
  const { bus, secret, brand, now } = ports;
  const unknownLink = renderPage(UNKNOWN_LINK, brand);
  const tryAgain = renderPage(TRY_AGAIN, brand);

  /** When this link told it last: Unix milliseconds, 0 for never. */
  const lastAt = async (subject: string): Promise<number> => {
    const found = factSchema.safeParse((await bus.lastUnder('CONTACTS', subject))?.event);
    return found.success ? Date.parse(found.data.data.at) : 0;
  };

  const choiceOf = async (recipientId: string): Promise<Choice> => {
    let [stoppedAt, wantedAt] = [0, 0];
    const look = async () => {
      stoppedAt = await lastAt(subjects.contactSuppressed(recipientId));
      wantedAt = await lastAt(subjects.contactRestored(recipientId));
    };
    try {
      await inTime(look(), LOOK_WITHIN_MS);
    } catch {
      return 'unknown';
    }
    if (stoppedAt === wantedAt) return 'unknown';
    return stoppedAt > wantedAt ? 'stopped' : 'wanted';
  };

  // No `msgId` of its own: a click after an undo is another choice, and one that comes twice says the same.
  const suppress = (recipientId: string) => {
    const data = { recipientId, reason: 'unsubscribed', source: 'link' } as const;
    return publishEvent(bus, 'contact.suppressed.v1', { ...data, at: now().toISOString() });
  };

  const restore = (recipientId: string) => {
    const data = { recipientId, source: 'link', at: now().toISOString() };
    return publishEvent(bus, 'contact.restored.v1', data);
  };

  const show = (reply: FastifyReply, token: string, { shown }: UnsubscribeLink, choice: Choice) =>
    sendPage(reply, preferencesPage({ choice, token, brand, shown }));

  const choose = async (
    request: FastifyRequest<{ Params: { token: string } }>,
    reply: FastifyReply,
    choice: 'stopped' | 'wanted',
  ) => {
    const { token } = request.params;
    const link = readUnsubscribeToken(token, secret);
    if (link === undefined) return sendPage(reply.code(404), unknownLink);
    const { recipientId } = link;
    try {
      const told = choice === 'stopped' ? suppress(recipientId) : restore(recipientId);
      await inTime(told, ANSWER_WITHIN_MS);
    } catch (thrown) {
      if (!(thrown instanceof TransientError)) throw thrown;
      request.log.warn({ err: thrown, recipientId, choice }, 'a choice was not stored');
      return sendPage(reply.code(503).header('Retry-After', '5'), tryAgain);
    }
    request.log.info({ recipientId, choice }, 'chosen about campaigns');
    return show(reply, token, link, choice);
  };

  // A scope of its own: mail programs send forms of either kind, and what is in them does not matter.
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, parsed) =>
      parsed(null, undefined),
    );
    const typed = scope.withTypeProvider<ZodTypeProvider>();
    const config = { rateLimit: { max: HOOKS_PER_MINUTE, timeWindow: 60_000 } };

    typed.get(
      '/u/:token',
      { config, schema: schemaOf('What people get mails about, the way out and back') },
      async (request, reply) => {
        const { token } = request.params;
        const link = readUnsubscribeToken(token, secret);
        if (link === undefined) return sendPage(reply.code(404), unknownLink);
        return show(reply, token, link, await choiceOf(link.recipientId));
      },
    );
    typed.post(
      '/u/:token',
      { config, schema: schemaOf('Unsubscribe (RFC 8058)') },
      (request, reply) => choose(request, reply, 'stopped'),
    );
    typed.post(
      '/u/:token/restore',
      { config, schema: schemaOf('Campaigns again, if it was an unsubscription that ended them') },
      (request, reply) => choose(request, reply, 'wanted'),
    );
    done();
  });
}

function schemaOf(summary: string) {
  return {
    tags: ['links'],
    summary,
    params: z.object({ token: z.string() }),
    response: {
      200: z.string().meta({ description: 'A page.' }),
      404: z.string().meta({ description: 'An unknown link: a page that says so.' }),
      503: z.string().meta({ description: 'The broker is away: a page that says so.' }),
    },
  };
}

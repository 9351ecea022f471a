/**
 * `/u/:token`: out of the campaigns with one click. GET shows a page with a button, because mail
 * scanners follow every link; POST does it, from that button or from the mail program's own (RFC 8058).
 */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { TransientError } from '@leadwire/shared/errors';
import { makeEvent } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { readUnsubscribeToken } from '@leadwire/shared/delivery/unsubscribe-token';
import { HOOKS_PER_MINUTE, inTime } from '../webhooks/hook-guards.ts';
import { readPage, sendPage } from './pages.ts';

const ASK = readPage('unsubscribe');
const DONE = readPage('unsubscribed');
const TRY_AGAIN = readPage('unsubscribe-again');
const UNKNOWN_LINK = readPage('unknown-link');

/** A person waits in front of it. */
const ANSWER_WITHIN_MS = 5_000;

export interface UnsubscribePorts {
  bus: Pick<Bus, 'publish' | 'name'>;
  secret: string;
  now: () => Date;
}

/** Adds the page and the button. A repeat says the same; without the broker the page asks to try again. */
export function addUnsubscribeRoutes(app: FastifyInstance, ports: UnsubscribePorts): void {
  const { bus, secret, now } = ports;

  const suppress = async (recipientId: string): Promise<void> => {
    const id = newId();
    const event = makeEvent('contact.suppressed.v1', {
      source: bus.name,
      subject: id,
      id,
      data: { recipientId, reason: 'unsubscribed', source: 'link', at: now().toISOString() },
    });
    // Impatient clicks are one; a click after months, when somebody had let the person in again, is new.
    const options = { msgId: `unsubscribed:${recipientId}` };
    await inTime(bus.publish(subjects.contactSuppressed(id), event, options), ANSWER_WITHIN_MS);
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
      { config, schema: schemaOf('See what the link does') },
      async (request, reply) => {
        const isKnown = readUnsubscribeToken(request.params.token, secret) !== undefined;
        return isKnown ? sendPage(reply, ASK) : sendPage(reply.code(404), UNKNOWN_LINK);
      },
    );

    typed.post(
      '/u/:token',
      { config, schema: schemaOf('Unsubscribe (RFC 8058)') },
      async (request, reply) => {
        const recipientId = readUnsubscribeToken(request.params.token, secret);
        if (recipientId === undefined) return sendPage(reply.code(404), UNKNOWN_LINK);
        try {
          await suppress(recipientId);
        } catch (thrown) {
          if (!(thrown instanceof TransientError)) throw thrown;
          request.log.warn({ err: thrown, recipientId }, 'an unsubscription was not stored');
          return sendPage(reply.code(503).header('Retry-After', '5'), TRY_AGAIN);
        }
        request.log.info({ recipientId }, 'unsubscribed');
        return sendPage(reply, DONE);
      },
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

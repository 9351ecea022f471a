/** `GET /i/:name`: pictures of mails, for people's mail programs and for the proxies that fetch them in advance. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { findPicture, type StoredPicture } from '@leadwire/shared/delivery/pictures';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import { ownCounter } from '../edge-guards.ts';

/** Of half a megabyte each at most: after a campaign has gone out everybody asks for the same few. */
const KEPT_PICTURES = 20;

/** Adds the address. A picture never changes, so whoever has it keeps it for a year. */
export function addPictureRoute(app: FastifyInstance, { bus }: { bus: Pick<Bus, 'bucket'> }): void {
  const kept = new Map<string, StoredPicture>();

  const pictureOf = async (name: string): Promise<StoredPicture | undefined> => {
    const known = kept.get(name);
    if (known) return known;
    const found = await findPicture(bus, name);
    if (!found) return undefined;
    kept.set(name, found);
    dropOldest(kept, KEPT_PICTURES);
    return found;
  };

  app.withTypeProvider<ZodTypeProvider>().get(
    '/i/:name',
    {
      config: ownCounter(),
      schema: {
        tags: ['links'],
        summary: 'A picture of a mail',
        params: z.object({ name: z.string() }),
      },
    },
    async ({ params }, reply) => {
      const picture = await pictureOf(params.name);
      if (!picture) throw new RequestError(404, 'there is no such picture');
      return reply
        .headers({
          'Cache-Control': 'public, max-age=31536000, immutable',
          'Content-Security-Policy': "default-src 'none'; sandbox",
          'X-Robots-Tag': 'noindex',
        })
        .type(picture.type)
        .send(Buffer.from(picture.bytes));
    },
  );
}

/** Pictures for mails: the file itself in, its address out. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { LARGEST_UPLOAD, storePicture } from '@leadwire/operations/texts/pictures';
import { z } from 'zod';
import { problemsOf } from './answers.ts';
import { actorOf } from './audit.ts';
import type { HttpPorts } from './http-ports.ts';

/** Somewhat more than is taken, so that the refusal says how large it was. */
const LIMIT_BYTES = 3 * LARGEST_UPLOAD;
const TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'application/octet-stream'];

/** Adds `POST /api/pictures`. */
export function addPictureRoutes(app: FastifyInstance, ports: HttpPorts): void {
  app.addContentTypeParser(
    TYPES,
    { parseAs: 'buffer', bodyLimit: LIMIT_BYTES },
    (_request, body, done) => done(null, body),
  );
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/pictures',
    {
      bodyLimit: LIMIT_BYTES,
      schema: {
        tags: ['texts'],
        security: [{ adminToken: [] }],
        summary:
          'Keeps a picture (JPEG, PNG, GIF, WebP) as small as a mail needs it; the body is the file',
        response: {
          201: z.object({
            success: z.literal(true),
            url: z.string().meta({ description: 'For a picture block. It never changes.' }),
            width: z.number(),
            height: z.number(),
            bytes: z.number(),
          }),
          ...problemsOf(413, 422),
        },
      },
    },
    async ({ body, headers }, reply) => {
      const file = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
      const { bus, publicBaseUrl: publicUrl } = ports;
      const kept = await storePicture({ bus, actor: actorOf(headers), publicUrl }, file);
      return reply.code(201).send({ success: true as const, ...kept });
    },
  );
}

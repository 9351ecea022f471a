/** `POST /api/platform/referrers`: somebody wants to bring others, and gets a code. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import { referralCode } from '@leadwire/shared/contract/referral-facts';
import { registerReferrer } from '@leadwire/shared/delivery/referral-codes';
import { RequestError, problemSchema } from '@leadwire/shared/service/http-problems';
import type { Access } from '@leadwire/shared/service/access';
import { platformOnly } from './guard.ts';
import { email, orNothing, phone } from './message-body.ts';

const LONGEST_NAME = 200;

const referrerBody = z.object({
  name: z
    .string('expected a name')
    .transform((typed) => cleanLine(typed, LONGEST_NAME))
    .pipe(z.string().min(1, 'expected a name')),
  email,
  phone: phone.refine(({ issue }) => issue === undefined, 'expected a phone number'),
  code: orNothing(referralCode).meta({
    description: 'A wish: 3 to 32 letters a-z, digits, - or _. One is made up when left out.',
  }),
});

const answerSchema = z.object({
  success: z.literal(true),
  referrerId: z.uuid(),
  code: z.string(),
  duplicate: z.literal(true).optional(),
});

export interface ReferrerPorts {
  bus: Pick<Bus, 'bucket' | 'publish' | 'lastUnder' | 'name'>;
  access: Pick<Access, 'demand'>;
  now: () => Date;
}

/** Adds the route. 201: stored; 200: they have a code already, which is in the answer; 409: the code is taken. */
export function addReferrerRoute(app: FastifyInstance, ports: ReferrerPorts): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/platform/referrers',
    {
      ...platformOnly(ports.access),
      schema: {
        tags: ['platform'],
        summary: 'Somebody who brings others',
        security: [{ platformToken: [] }],
        body: referrerBody,
        response: {
          200: answerSchema.meta({ description: 'They have a code already.' }),
          201: answerSchema.meta({ description: 'Stored.' }),
          400: problemSchema.meta({ description: 'Something is missing or wrong.' }),
          401: problemSchema.meta({ description: 'No token, or a wrong one.' }),
          403: problemSchema.meta({ description: 'A token without the scope platform.' }),
          409: problemSchema.meta({ description: 'Somebody else has this code.' }),
          503: problemSchema.meta({ description: 'Not stored: send it again.' }),
        },
      },
    },
    async ({ body }, reply) => {
      const { name, email: mail, phone: number, code } = body;
      const wanted = { name, email: mail, phone: number.number, code: code ?? undefined };
      const outcome = await registerReferrer(ports.bus, wanted, ports.now());
      if (outcome.kind === 'taken') {
        const message = 'somebody else has this code: choose another, or leave it out';
        throw new RequestError(409, message, [{ path: 'code', message }]);
      }
      const { kind, referrerId, code: given } = outcome;
      reply.code(kind === 'known' ? 200 : 201);
      const answer = { success: true as const, referrerId, code: given };
      return kind === 'known' ? { ...answer, duplicate: true as const } : answer;
    },
  );
}

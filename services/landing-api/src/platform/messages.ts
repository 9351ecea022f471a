/** `POST /api/platform/messages` and what became of each: docs/PLATFORM.md is written for those who call them. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { RequestError, problemSchema } from '@leadwire/shared/service/http-problems';
import type { Access } from '@leadwire/shared/service/access';
import { platformOnly } from './guard.ts';
import { messageBody, readMessageBody, sendAtProblem } from './message-body.ts';
import {
  messageStatusSchema,
  readMessageStatus,
  type MessageStatusPorts,
} from './message-status.ts';
import { requestMessage, type RequestPorts } from './request-message.ts';

const KEY_RULE =
  'expected a key of 1 to 200 printable ASCII characters, the same for each repeat of one message';
const headers = z.looseObject({
  'idempotency-key': z
    .string(KEY_RULE)
    .regex(/^[\x20-\x7E]{1,200}$/, KEY_RULE)
    .refine((key) => key.trim() !== '', KEY_RULE)
    .meta({ description: 'Required. One key, one message: a repeat is answered with its id.' }),
});

const answerSchema = z.object({
  success: z.literal(true),
  messageId: z.uuid(),
  duplicate: z.literal(true).optional(),
});

const security = [{ platformToken: [] }];
const refusals = {
  400: problemSchema.meta({ description: 'Something is missing or wrong; `issues` says where.' }),
  401: problemSchema.meta({ description: 'No token, or a wrong one.' }),
  403: problemSchema.meta({ description: 'A token without the scope platform.' }),
  503: problemSchema.meta({ description: 'Temporarily unavailable: send it again, same key.' }),
};

export interface MessagePorts extends RequestPorts, MessageStatusPorts {
  bus: RequestPorts['bus'] & MessageStatusPorts['bus'];
  access: Pick<Access, 'demand'>;
  /** Supabase Auth makes the link of a welcome that comes without one. */
  canLinkBeMade: boolean;
}

/** Adds the two routes. 201: stored and will be sent; 200: it was stored before; 503: send it again. */
export function addMessageRoutes(app: FastifyInstance, ports: MessagePorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.post(
    '/api/platform/messages',
    {
      ...platformOnly(ports.access),
      schema: {
        tags: ['platform'],
        summary: 'Somebody is to be told something',
        security,
        headers,
        body: messageBody(ports.canLinkBeMade),
        response: {
          200: answerSchema.meta({
            description: 'It was asked for before: nothing is sent again.',
          }),
          201: answerSchema.meta({ description: 'Stored, and will be sent.' }),
          422: problemSchema.meta({ description: 'The key belongs to another message.' }),
          ...refusals,
        },
      },
    },
    async ({ body, headers: { 'idempotency-key': key } }, reply) => {
      const read = readMessageBody(body);
      const message = sendAtProblem(read.sendAt, ports.now());
      if (message !== undefined) {
        throw new RequestError(400, 'the request is not valid', [{ path: 'sendAt', message }]);
      }
      const { messageId, isRepeat } = await requestMessage(ports, { key }, read);
      reply.code(isRepeat ? 200 : 201);
      return { success: true as const, messageId, ...(isRepeat && { duplicate: true as const }) };
    },
  );

  typed.get(
    '/api/platform/messages/:messageId',
    {
      ...platformOnly(ports.access),
      schema: {
        tags: ['platform'],
        summary: 'What became of a message',
        security,
        params: z.object({ messageId: z.uuid('expected the id of a message') }),
        response: {
          200: messageStatusSchema,
          404: problemSchema.meta({ description: 'No such message.' }),
          ...refusals,
        },
      },
    },
    async ({ params }) => {
      const status = await readMessageStatus(ports, params.messageId.toLowerCase());
      if (!status) throw new RequestError(404, 'there is no message with this id');
      return status;
    },
  );
}

/**
 * Mobizon's delivery reports (https://mobizon.kz/help/api-docs, "Webhooks"). Their signature covers the
 * envelope and not what it says, so a report is a hint and no more: the message's number goes to
 * mailer-batch, which asks Mobizon. Only who knows the address may say anything.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { derivedId } from '@leadwire/shared/contract/ids';
import { UNLIMITED, inTime, refuseStrangers, type Strangers } from './hook-guards.ts';

/** Mobizon waits five seconds; what took longer it sends again in a minute. */
const ANSWER_WITHIN_MS = 4_000;

const reportSchema = z.object({
  eventId: z.string().min(1).max(200),
  data: z.object({ messageId: z.coerce.string().regex(/^\d{1,20}$/) }),
});

export interface MobizonHookPorts {
  bus: Pick<Bus, 'publish' | 'name'>;
  secret: string;
  strangers: Strangers;
  now: () => Date;
}

/**
 * Adds `POST /api/webhooks/mobizon/:secret`, for the format json. 200: stored, or not a report about an
 * SMS; 503 in time for Mobizon to send it again.
 */
export function addMobizonHook(app: FastifyInstance, ports: MobizonHookPorts): void {
  const { bus, secret, strangers, now } = ports;
  app.post<{ Params: { secret: string }; Body: unknown }>(
    '/api/webhooks/mobizon/:secret',
    {
      schema: { hide: true },
      config: UNLIMITED,
      onRequest: refuseStrangers(secret, strangers),
    },
    async ({ body, log }) => {
      const report = reportSchema.safeParse(body).data;
      if (!report) {
        log.info('a webhook of Mobizon was passed over');
        return { success: true };
      }
      const { messageId } = report.data;
      const data = { messageId, at: now().toISOString() };
      // The same report told again is the same hint, but no report keeps another from being heard.
      const id = derivedId('mobizon', report.eventId, messageId);
      await inTime(publishEvent(bus, 'sms.reported.v1', data, { id }), ANSWER_WITHIN_MS);
      return { success: true };
    },
  );
}

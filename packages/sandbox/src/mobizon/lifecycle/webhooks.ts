/** Mobizon's delivery reports: final status only, signed with a SHA-1 that does not cover the data. */
import { createHash } from 'node:crypto';
import type { World } from '../../world/provider.ts';
import type { WebhookMessage, WebhookStyle } from '../../world/webhooks.ts';
import { formatTimestamp } from '../store/account-time.ts';
import type { MobizonSettings } from './settings.ts';
import type { Sms } from '../store/sms.ts';

const MINUTE = 60 * 1000;
/** Ten attempts, each gap a minute longer than the last (docs "Webhooks"). */
const RETRY_GAPS_MS = Array.from({ length: 9 }, (_, index) => (index + 1) * MINUTE);
const TIMEOUT_MS = 5_000;

export const mobizonWebhookStyle: WebhookStyle = {
  provider: 'mobizon',
  retryGapsMs: RETRY_GAPS_MS,
  timeoutMs: TIMEOUT_MS,
  isDelivered: (status) => status >= 200 && status <= 299,
  render: (message, attempt) => {
    const sign = signatureOf(message, attempt);
    const body = { ...message.payload, attempt, ...(sign !== null && { sign }) };
    return { body: JSON.stringify(forge(message, body)), headers: {} };
  },
};

function signatureOf(message: WebhookMessage, attempt: number): string | null {
  const [secret] = message.secrets;
  if (secret === undefined) return null;
  const { eventId, eventCreateTs } = message.payload as { eventId: string; eventCreateTs: string };
  const used = message.trouble.signature === 'wrong' ? 'another secret' : secret;
  return createHash('sha1').update(`${eventId}|${attempt}|${eventCreateTs}|${used}`).digest('hex');
}

/** "forged": other data under a signature that still fits, because it covers the envelope only. */
function forge(message: WebhookMessage, body: Record<string, unknown>): Record<string, unknown> {
  if (message.trouble.signature !== 'forged') return body;
  const data = body['data'] as Record<string, unknown>;
  return {
    ...body,
    data: { ...data, status: data['status'] === 'DELIVRD' ? 'UNDELIV' : 'DELIVRD' },
  };
}

/** Reports a message's last status to every endpoint. Numbers are real numbers here, unlike in the API. */
export function announceFinalStatus(world: World, settings: MobizonSettings, sms: Sms): void {
  for (const [index, hook] of settings.webhooks.entries()) {
    const eventId = world.random.uuid();
    world.webhooks.send({
      id: eventId,
      provider: 'mobizon',
      url: hook.url,
      secrets: hook.secret === undefined ? [] : [hook.secret],
      trouble: hook.trouble,
      payload: {
        eventId,
        eventType: 'sms-delivery-report',
        eventCreateTs: formatTimestamp(world.clock.now(), settings.timeZone),
        webhookId: index + 1,
        attempt: 1,
        data: {
          campaignId: Number(sms.campaignId),
          messageId: Number(sms.id),
          segNum: sms.segments,
          statusUpdateTs: formatTimestamp(sms.statusAt, settings.timeZone),
          status: sms.status,
          to: sms.to,
        },
      },
    });
  }
}

/** Mailgun's webhooks: a signature over a moment and a token, not over the body; `delivered` is tried once. */
import { createHash, createHmac } from 'node:crypto';
import type { World } from '../../world/provider.ts';
import type { WebhookMessage, WebhookStyle } from '../../world/webhooks.ts';
import type { MailgunEvent } from '../store/mails.ts';
import type { MailgunSettings } from './settings.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RETRY_GAPS_MS = [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR];
const TIMEOUT_MS = 15_000;
const STALE_MS = 24 * HOUR;
const TOKEN_LENGTH = 50;
/** "Stop": whatever the event. */
const NOT_ACCEPTABLE = 406;

/** How an attempt looks on the wire. The timestamp is the receiver's real time: that is what it compares with. */
export const mailgunWebhookStyle: WebhookStyle = {
  provider: 'mailgun',
  retryGapsMs: RETRY_GAPS_MS,
  timeoutMs: TIMEOUT_MS,
  isDelivered: (status) => status === 200,
  mostAttempts: (status, { payload }) =>
    status === NOT_ACCEPTABLE || payload['event'] === 'delivered' ? 1 : Infinity,
  render: (message) => ({
    body: JSON.stringify({ signature: sign(message), 'event-data': message.payload }),
    headers: {},
  }),
};

function sign({ id, secrets, trouble }: WebhookMessage) {
  const at = Date.now() - (trouble.signature === 'stale' ? STALE_MS : 0);
  const timestamp = String(Math.floor(at / 1_000));
  const token = createHash('sha256').update(id).digest('hex').slice(0, TOKEN_LENGTH);
  const isWrong = trouble.signature === 'wrong' || trouble.signature === 'forged';
  const key = isWrong ? 'a key that nobody agreed on' : (secrets[0] ?? '');
  const signature = createHmac('sha256', key)
    .update(timestamp + token)
    .digest('hex');
  return { timestamp, token, signature };
}

/** Tells every endpoint of an event. */
export function announceEvent(world: World, settings: MailgunSettings, event: MailgunEvent): void {
  for (const { url, signingKey, trouble } of settings.webhooks) {
    world.webhooks.send({
      id: world.random.uuid(),
      provider: 'mailgun',
      url,
      secrets: [signingKey],
      trouble,
      payload: { ...event },
    });
  }
}

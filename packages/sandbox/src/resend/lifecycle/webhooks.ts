/** Resend's webhooks: Svix (Standard Webhooks) signatures and the retry schedule of docs "Retries and Replays". */
import { Webhook } from 'standardwebhooks';
import type { World } from '../../world/provider.ts';
import type { WebhookMessage, WebhookStyle } from '../../world/webhooks.ts';
import type { LastEvent, Mail } from '../store/mail.ts';
import type { ResendSettings } from './settings.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Counted from the previous failure. */
const RETRY_GAPS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  10 * HOUR,
];
const TIMEOUT_MS = 15 * SECOND;
/** Receivers take 5 minutes either way; this is beyond it. */
const STALE_MS = 10 * MINUTE;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FOREIGN_SECRET = `whsec_${Buffer.from('a secret that nobody agreed on').toString('base64')}`;

/** How an attempt looks on the wire. The timestamp is the receiver's real time: that is what it compares with. */
export const resendWebhookStyle: WebhookStyle = {
  provider: 'resend',
  retryGapsMs: RETRY_GAPS_MS,
  timeoutMs: TIMEOUT_MS,
  isDelivered: (status) => status === 200,
  render: (message) => {
    const body = JSON.stringify(message.payload);
    const { signature } = message.trouble;
    const at = new Date(Date.now() - (signature === 'stale' ? STALE_MS : 0));
    const secrets = signature === 'wrong' ? [FOREIGN_SECRET] : message.secrets;
    // "forged": a true signature over another body.
    const signed = signature === 'forged' ? '{}' : body;
    return {
      body,
      headers: {
        'svix-id': message.id,
        'svix-timestamp': String(Math.floor(at.getTime() / SECOND)),
        'svix-signature': secrets.map((secret) => sign(secret, message, at, signed)).join(' '),
      },
    };
  },
};

function sign(secret: string, message: WebhookMessage, at: Date, body: string): string {
  return new Webhook(secret).sign(message.id, at, body);
}

/** Tells every endpoint that asked for it what happened to a mail. */
export function announceMailEvent(
  world: World,
  settings: ResendSettings,
  mail: Mail,
  event: LastEvent,
  detail: Record<string, unknown>,
): void {
  const type = `email.${event}`;
  for (const hook of settings.webhooks) {
    if (hook.events !== undefined && !hook.events.includes(type)) continue;
    world.webhooks.send({
      id: `msg_${world.random.text(27, ALPHABET)}`,
      provider: 'resend',
      url: hook.url,
      secrets: hook.secrets,
      trouble: hook.trouble,
      payload: {
        type,
        created_at: new Date(world.clock.now()).toISOString(),
        data: eventData(mail, detail),
      },
    });
  }
}

function eventData(mail: Mail, detail: Record<string, unknown>): Record<string, unknown> {
  return {
    email_id: mail.id,
    message_id: mail.messageId,
    from: mail.from,
    to: mail.to,
    subject: mail.subject,
    created_at: new Date(mail.createdAt).toISOString(),
    // An object here, unlike the array of the request.
    ...(mail.tags.length > 0 && {
      tags: Object.fromEntries(mail.tags.map((tag) => [tag.name, tag.value])),
    }),
    ...detail,
  };
}

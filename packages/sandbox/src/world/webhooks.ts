/**
 * Sends webhooks the way real providers do: repeated on a schedule, sometimes twice, sometimes in the wrong order.
 * How a message is signed and worded is the provider's part (`WebhookStyle`).
 */
import { z } from 'zod';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import type { Store } from './store.ts';

/** How badly an endpoint is treated. Everything is off by default. */
export const webhookTroubleSchema = z.strictObject({
  /** Each message this many times more. */
  duplicates: z.number().int().min(0).max(10).default(0),
  /** Each pair of messages arrives the wrong way round. */
  reorder: z.boolean().default(false),
  delayMs: z.number().int().min(0).default(0),
  signature: z.enum(['right', 'wrong', 'stale', 'forged']).default('right'),
  /** Nothing arrives at all. */
  drop: z.boolean().default(false),
});
export type WebhookTrouble = z.infer<typeof webhookTroubleSchema>;

export type WebhookMessage = {
  id: string;
  provider: string;
  url: string;
  secrets: string[];
  payload: Record<string, unknown>;
  trouble: WebhookTrouble;
  /** Failed attempts so far. */
  failures: number;
  dueAt: number;
};

export type WebhookStyle = {
  provider: string;
  /** Gaps in ms between a failed attempt and the next one; when they are used up the message is given up. */
  retryGapsMs: number[];
  timeoutMs: number;
  isDelivered(status: number): boolean;
  /** Body and headers of one attempt (counted from 1). */
  render(
    message: WebhookMessage,
    attempt: number,
  ): { body: string; headers: Record<string, string> };
};

/** One attempt and what the receiver said to it; status null means no answer. */
export type WebhookAttempt = {
  id: string;
  provider: string;
  url: string;
  type: string;
  attempt: number;
  at: string;
  status: number | null;
  latencyMs: number;
};

export type NewWebhookMessage = Pick<
  WebhookMessage,
  'id' | 'provider' | 'url' | 'secrets' | 'payload' | 'trouble'
>;

export type WebhookSender = {
  style(style: WebhookStyle): void;
  send(message: NewWebhookMessage): void;
  attempts(provider?: string): WebhookAttempt[];
  /** Sends an earlier message again, with its old id. False when there is none. */
  replay(id: string): boolean;
  resume(): void;
  reset(): void;
};

/** A message held back for `reorder` goes out after this long when no second one comes. */
const REORDER_PATIENCE_MS = 30_000;
const KEPT_ATTEMPTS = 5_000;

/** Pending messages are in the store: a restart goes on with them. */
export function createWebhookSender(world: {
  clock: Clock;
  store: Store;
  random: Random;
}): WebhookSender {
  const { clock, store } = world;
  const pending = store.table<WebhookMessage>('webhooks-pending');
  const sent = new Map<string, WebhookMessage>();
  const styles = new Map<string, WebhookStyle>();
  const held = new Map<string, { message: WebhookMessage; release: () => void }>();
  let attempts: WebhookAttempt[] = [];

  const attemptOnce = async (message: WebhookMessage): Promise<void> => {
    const style = styles.get(message.provider);
    if (style === undefined || pending.get(message.id) === undefined) return;
    const attempt = message.failures + 1;
    const record = await post(message, style, attempt, clock);
    attempts = [...attempts, record].slice(-KEPT_ATTEMPTS);
    if (pending.get(message.id) === undefined) return;
    const gap = style.retryGapsMs[message.failures];
    if ((record.status !== null && style.isDelivered(record.status)) || gap === undefined) {
      pending.remove(message.id);
      return;
    }
    const next = { ...message, failures: attempt, dueAt: clock.now() + gap };
    pending.put(message.id, next);
    clock.schedule(next.dueAt, () => attemptOnce(next));
  };
  const start = (message: WebhookMessage): void => {
    pending.put(message.id, message);
    clock.schedule(message.dueAt, async () => {
      for (let copy = 0; copy < message.trouble.duplicates; copy++) {
        const style = styles.get(message.provider);
        if (style) attempts = [...attempts, await post(message, style, 1, clock)];
      }
      await attemptOnce(message);
    });
  };
  const startInWrongOrder = (message: WebhookMessage): void => {
    const earlier = held.get(message.url);
    if (earlier !== undefined) {
      held.delete(message.url);
      start(message);
      // Later by a moment, so that two requests in flight do not overtake each other again.
      start({ ...earlier.message, dueAt: message.dueAt + 100 });
      return;
    }
    const release = (): void => {
      if (held.get(message.url)?.message !== message) return;
      held.delete(message.url);
      start({ ...message, dueAt: clock.now() });
    };
    held.set(message.url, { message, release });
    clock.schedule(clock.now() + REORDER_PATIENCE_MS, release);
  };

  return {
    style: (style) => void styles.set(style.provider, style),
    send: (given) => {
      if (given.trouble.drop) return;
      const message = { ...given, failures: 0, dueAt: clock.now() + given.trouble.delayMs };
      sent.set(message.id, message);
      if (given.trouble.reorder) startInWrongOrder(message);
      else start(message);
    },
    attempts: (provider) =>
      attempts.filter((each) => provider === undefined || each.provider === provider),
    replay: (id) => {
      const message = sent.get(id);
      if (message !== undefined) start({ ...message, failures: 0, dueAt: clock.now() });
      return message !== undefined;
    },
    resume: () => {
      for (const message of pending.all())
        clock.schedule(message.dueAt, () => attemptOnce(message));
    },
    reset: () => {
      attempts = [];
      sent.clear();
      held.clear();
    },
  };
}

async function post(
  message: WebhookMessage,
  style: WebhookStyle,
  attempt: number,
  clock: Clock,
): Promise<WebhookAttempt> {
  const { body, headers } = style.render(message, attempt);
  const at = new Date(clock.now()).toISOString();
  const started = performance.now();
  const status = await fetch(message.url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(style.timeoutMs),
  }).then(
    async (response) => {
      await response.arrayBuffer().catch(() => undefined);
      return response.status;
    },
    () => null,
  );
  const { type, eventType } = message.payload;
  return {
    id: message.id,
    provider: message.provider,
    url: message.url,
    type: typeof type === 'string' ? type : typeof eventType === 'string' ? eventType : '',
    attempt,
    at,
    status,
    latencyMs: Math.round(performance.now() - started),
  };
}

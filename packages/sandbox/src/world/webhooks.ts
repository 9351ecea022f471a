/**
 * Sends webhooks the way real providers do: repeated on a schedule, sometimes twice, sometimes in the wrong order.
 * How a message is signed and worded is the provider's part (`WebhookStyle`).
 */
import { z } from 'zod';
import type { Clock } from './clock.ts';
import type { Store, Table } from './store.ts';

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
  /** Attempts in all for a message that was answered so; all the gaps allow when left out. */
  mostAttempts?(status: number | null, message: WebhookMessage): number;
  /** How long a wait the receiver's `Retry-After` can ask for; it is not looked at when left out. */
  mostRetryAfterMs?: number;
  /** Hears of every attempt. */
  attempted?(message: WebhookMessage, status: number | null): void;
  /** Hears that a message is done with, delivered or given up. */
  ended?(message: WebhookMessage): void;
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
  /** Is the message still on its way? */
  isPending(id: string): boolean;
  /** Tries the message no more. */
  cancel(id: string): void;
  /** Sends an earlier message again, with its old id. False when there is none. */
  replay(id: string): boolean;
  resume(): void;
  reset(): void;
};

/** A message held back for `reorder` goes out after this long when no second one comes. */
const REORDER_PATIENCE_MS = 30_000;
const KEPT_ATTEMPTS = 5_000;
/** So many messages can be replayed. */
const KEPT_MESSAGES = 5_000;

type Post = {
  clock: Clock;
  pending: Table<WebhookMessage>;
  styles: Map<string, WebhookStyle>;
  sent: Map<string, WebhookMessage>;
  /** url -> the message that waits for another one to overtake it. */
  held: Map<string, WebhookMessage>;
  attempts: WebhookAttempt[];
};

/** Pending messages are in the store: a restart goes on with them. */
export function createWebhookSender({
  clock,
  store,
}: {
  clock: Clock;
  store: Store;
}): WebhookSender {
  const post: Post = {
    clock,
    pending: store.table('webhooks-pending'),
    styles: new Map(),
    sent: new Map(),
    held: new Map(),
    attempts: [],
  };
  return {
    style: (style) => void post.styles.set(style.provider, style),
    send: (given) => send(post, given),
    attempts: (provider) =>
      post.attempts.filter((each) => provider === undefined || each.provider === provider),
    isPending: (id) =>
      post.pending.get(id) !== undefined || [...post.held.values()].some((each) => each.id === id),
    cancel: (id) => {
      post.pending.remove(id);
      for (const [url, message] of post.held) if (message.id === id) post.held.delete(url);
    },
    replay: (id) => {
      const message = post.sent.get(id);
      if (message !== undefined) start(post, { ...message, dueAt: clock.now() });
      return message !== undefined;
    },
    resume: () => {
      for (const message of post.pending.all()) schedule(post, message);
    },
    reset: () => {
      post.attempts = [];
      post.sent.clear();
      post.held.clear();
    },
  };
}

function send(post: Post, given: NewWebhookMessage): void {
  const { trouble } = given;
  if (trouble.drop) return;
  const message = { ...given, failures: 0, dueAt: post.clock.now() + trouble.delayMs };
  post.sent.set(message.id, message);
  const oldest = post.sent.size > KEPT_MESSAGES ? post.sent.keys().next().value : undefined;
  if (oldest !== undefined) post.sent.delete(oldest);
  if (trouble.reorder) startInWrongOrder(post, message);
  else start(post, message);
}

function start(post: Post, message: WebhookMessage): void {
  post.pending.put(message.id, message);
  post.clock.schedule(message.dueAt, async () => {
    for (let copy = 0; copy < message.trouble.duplicates; copy++) await attempt(post, message);
    await attemptAndPlan(post, message);
  });
}

function startInWrongOrder(post: Post, message: WebhookMessage): void {
  const earlier = post.held.get(message.url);
  if (earlier !== undefined) {
    post.held.delete(message.url);
    start(post, message);
    // Later by a moment, so that two requests in flight do not overtake each other again.
    start(post, { ...earlier, dueAt: message.dueAt + 100 });
    return;
  }
  post.held.set(message.url, message);
  post.clock.schedule(post.clock.now() + REORDER_PATIENCE_MS, () => {
    if (post.held.get(message.url) !== message) return;
    post.held.delete(message.url);
    start(post, { ...message, dueAt: post.clock.now() });
  });
}

function schedule(post: Post, message: WebhookMessage): void {
  post.clock.schedule(message.dueAt, () => attemptAndPlan(post, message));
}

/** One attempt, and the next one when it failed and there is one left. */
async function attemptAndPlan(post: Post, message: WebhookMessage): Promise<void> {
  const { status, retryAfterMs } = await attempt(post, message);
  // A reset may have come meanwhile.
  if (post.pending.get(message.id) === undefined) return;
  const style = post.styles.get(message.provider);
  const isAllowed = message.failures + 1 < (style?.mostAttempts?.(status, message) ?? Infinity);
  const gap = isAllowed ? style?.retryGapsMs[message.failures] : undefined;
  const isOver = (status !== null && style?.isDelivered(status)) || gap === undefined;
  if (isOver) {
    post.pending.remove(message.id);
    style?.ended?.(message);
    return;
  }
  const wait = Math.max(gap, Math.min(retryAfterMs, style?.mostRetryAfterMs ?? 0));
  const next = { ...message, failures: message.failures + 1, dueAt: post.clock.now() + wait };
  post.pending.put(message.id, next);
  schedule(post, next);
}

type Heard = { status: number | null; retryAfterMs: number };

async function attempt(post: Post, message: WebhookMessage): Promise<Heard> {
  const style = post.styles.get(message.provider);
  const nothing: Heard = { status: null, retryAfterMs: 0 };
  if (style === undefined || post.pending.get(message.id) === undefined) return nothing;
  const { record, retryAfterMs } = await deliver(message, style, post.clock);
  post.attempts.push(record);
  if (post.attempts.length > KEPT_ATTEMPTS) post.attempts.shift();
  style.attempted?.(message, record.status);
  return { status: record.status, retryAfterMs };
}

async function deliver(
  message: WebhookMessage,
  style: WebhookStyle,
  clock: Clock,
): Promise<{ record: WebhookAttempt; retryAfterMs: number }> {
  const attempt = message.failures + 1;
  const { body, headers } = style.render(message, attempt);
  const at = new Date(clock.now()).toISOString();
  const started = performance.now();
  const { status, retryAfterMs } = await fetch(message.url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(style.timeoutMs),
  }).then(
    async (response) => {
      await response.arrayBuffer().catch(() => undefined);
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      return { status: response.status, retryAfterMs: seconds > 0 ? seconds * 1000 : 0 };
    },
    (): Heard => ({ status: null, retryAfterMs: 0 }),
  );
  const { type, eventType } = message.payload;
  const record: WebhookAttempt = {
    id: message.id,
    provider: message.provider,
    url: message.url,
    type: typeof type === 'string' ? type : typeof eventType === 'string' ? eventType : '',
    attempt,
    at,
    status,
    latencyMs: Math.round(performance.now() - started),
  };
  return { record, retryAfterMs };
}

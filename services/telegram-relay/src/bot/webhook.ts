/**
 * The other way to hear of updates (https://core.telegram.org/bots/api#setwebhook): Telegram calls us. Any
 * replica may be called; the secret in the header is what tells Telegram from everybody else.
 */
import { timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { BotName } from '@leadwire/shared/providers/telegram/bot-api';
import { createHttpApp } from '@leadwire/shared/service/http-app';
import { answerProblems } from '@leadwire/shared/service/http-problems';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { BotSender } from './pace.ts';
import { ALLOWED_UPDATES } from './update.ts';
import { isWorthRepeating, type UpdateProcessor } from './update-processor.ts';

const SECRET_HEADER = 'x-telegram-bot-api-secret-token';
/** The largest messages with all their fields stay far below. */
const BODY_LIMIT_BYTES = 1024 * 1024;
/** Each one is a few requests to the broker; the default of 40 helps nobody. */
const MAX_CONNECTIONS = 8;
const RETRY_MS = 5_000;
const REPEAT_AFTER_SECONDS = 2;

export type Processors = Partial<Record<BotName, UpdateProcessor>>;

/** The server with `POST /telegram/<bot>/`, one for each bot that has a processor. Not listening yet. */
export function createWebhookHttp(
  processors: Processors,
  secret: string,
  log: FastifyBaseLogger,
): FastifyInstance {
  const app = createHttpApp({ log, bodyLimit: BODY_LIMIT_BYTES });
  answerProblems(app);
  app.post<{ Params: { bot: string } }>(
    '/telegram/:bot/',
    {
      onRequest: async (request, reply) => {
        if (isSame(request.headers[SECRET_HEADER], secret)) return;
        log.warn({ bot: request.params.bot }, 'a webhook without the right secret');
        await reply.code(401).send({ success: false, error: 'unauthorized' });
      },
    },
    async ({ params, body }, reply) => {
      const processor = Object.hasOwn(processors, params.bot)
        ? processors[params.bot as BotName]
        : undefined;
      if (!processor)
        return reply.code(404).send({ success: false, error: 'there is no such bot' });
      try {
        await processor.take(body);
        return { success: true };
      } catch (thrown) {
        const error = toError(thrown);
        log.warn({ bot: params.bot, err: error }, 'an update could not be handled');
        // Sent again by Telegram. A mistake of ours would come for a day: that one is taken as done.
        if (!isWorthRepeating(error)) return { success: false };
        return reply.code(503).header('retry-after', REPEAT_AFTER_SECONDS).send({ success: false });
      }
    },
  );
  return app;
}

function isSame(given: string | string[] | undefined, expected: string): boolean {
  const [one, other] = [Buffer.from(String(given ?? '')), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

export interface WebhookOptions {
  sender: Pick<BotSender, 'bot' | 'call'>;
  /** Where this service is reached from outside. */
  publicUrl: string;
  secret: string;
  /** Called before the webhook is set. */
  prepare: () => Promise<void>;
  log: Log;
}

/** Tells Telegram where to call, as often as it takes. Each replica says the same. */
export function startWebhook(options: WebhookOptions): BackgroundWork {
  const { sender, publicUrl, secret, prepare, log } = options;
  const { bot } = sender;
  const over = new AbortController();
  let problem: string | undefined;

  const set = async (): Promise<void> => {
    await prepare();
    await sender.call('setWebhook', {
      url: `${publicUrl}/telegram/${bot}/`,
      secret_token: secret,
      allowed_updates: ALLOWED_UPDATES,
      max_connections: MAX_CONNECTIONS,
    });
    log.info({ bot }, 'the webhook is set');
  };

  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        await set();
        problem = undefined;
        return;
      } catch (thrown) {
        const error = toError(thrown);
        problem = `the webhook of the bot "${bot}" is not set: ${error.message}`;
        log.warn({ bot, err: error }, 'the webhook could not be set, trying again');
        await delay(RETRY_MS, undefined, { signal: over.signal }).catch(() => undefined);
      }
    }
  };
  const finished = run();

  return {
    name: `telegram-webhook-${bot}`,
    problem: () => problem,
    async stop() {
      over.abort();
      await finished;
    },
  };
}

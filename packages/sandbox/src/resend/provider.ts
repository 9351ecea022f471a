/** Resend as a provider of the sandbox: the order in which a request meets rate limit, key, route and rules. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  FaultCutError,
  type Provider,
  type ProviderAnswer,
  type ProviderRequest,
  type World,
} from '../world/provider.ts';
import { createSettings } from '../world/settings.ts';
import { failure, refused, ResendError } from './api/answers.ts';
import { Idempotency } from './api/idempotency.ts';
import { createMailbox } from './store/mailbox.ts';
import { createResendPage } from './pages/page.ts';
import { resendPresets } from './lifecycle/presets.ts';
import { createQuota } from './api/quota.ts';
import { RateWindow } from './api/rate-window.ts';
import { resendRoutes, type ResendParts, type ResendRoute } from './api/routes.ts';
import {
  resendSettingsSchema,
  type ResendOptions,
  type ResendSettings,
} from './lifecycle/settings.ts';
import { announceMailEvent, resendWebhookStyle } from './lifecycle/webhooks.ts';

const eventSchema = z.strictObject({
  event: z.enum([
    'delivered',
    'delivery_delayed',
    'bounced',
    'complained',
    'opened',
    'clicked',
    'failed',
  ]),
  detail: z.record(z.string(), z.unknown()).default({}),
});

/** Makes the provider. Throws a ZodError for options it cannot use. */
export function createResend(world: World, options: ResendOptions = {}): Provider {
  const settings = createSettings(resendSettingsSchema, options);
  const { read } = settings;
  const { now } = world.clock;
  const mailbox = createMailbox(world, read, (mail, event, detail) =>
    announceMailEvent(world, read(), mail, event, detail),
  );
  const quota = createQuota(world.store, read, now);
  const idempotency = new Idempotency(world.store, read, now);
  const rate = new RateWindow(read);
  const parts: ResendParts = { world, settings: read, mailbox, idempotency, quota };
  world.webhooks.style(resendWebhookStyle);

  return {
    name: 'resend',
    answer: async (request) => {
      const ticket = rate.take(request.arrivedAt);
      const answer = ticket.allowed
        ? await answerOnce(request, parts)
        : tooMany(read().ratePerSecond);
      return { ...answer, headers: { ...answer.headers, ...ticket.headers, ...quota.headers() } };
    },
    // Faults and refusals of the transport: a body too large, a content type that is none.
    failure: (status) => {
      const answer = failure(status);
      return { ...answer, headers: { ...answer.headers, ...rate.told() } };
    },
    settings,
    presets: resendPresets,
    page: createResendPage(parts),
    control: (app) => controlRoutes(app, parts),
    resume: () => mailbox.resume(),
    reset: () => {
      settings.reset();
      idempotency.reset();
      rate.reset();
    },
  };
}

function tooMany(limit: number): ProviderAnswer {
  const message = `Too many requests. You can only make ${limit} requests per second. See rate limit response headers for more information. Or contact support to increase rate limit.`;
  return refused(new ResendError(429, 'rate_limit_exceeded', message));
}

/** Every refusal and every fault's answer comes back as a value, so that the headers reach all of them. */
async function answerOnce(request: ProviderRequest, parts: ResendParts): Promise<ProviderAnswer> {
  try {
    await request.pass('before-auth');
    const [route, id] = findRoute(request);
    checkKey(request, parts.settings(), route);
    return await route.handle(request, parts, id);
  } catch (error) {
    if (error instanceof ResendError) return refused(error);
    if (error instanceof FaultCutError && error.answer !== null) return error.answer;
    throw error;
  }
}

function findRoute(request: ProviderRequest): [route: ResendRoute, id: string] {
  const onPath = resendRoutes.filter((route) => route.path.test(request.path));
  const route = onPath.find((each) => each.method === request.method);
  if (route !== undefined) return [route, route.path.exec(request.path)?.[1] ?? ''];
  if (onPath.length > 0) {
    throw new ResendError(
      405,
      'method_not_allowed',
      'Method is not allowed for the requested path.',
    );
  }
  throw new ResendError(404, 'not_found', 'The requested endpoint does not exist.');
}

function checkKey(request: ProviderRequest, settings: ResendSettings, route: ResendRoute): void {
  const [, key] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (key === undefined) throw new ResendError(401, 'missing_api_key', 'Missing API Key');
  if (settings.suspendedKeys.includes(key)) {
    throw new ResendError(403, 'suspended_api_key', 'This API key is suspended.');
  }
  if (settings.sendingOnlyKeys.includes(key)) {
    if (route.sends) return;
    throw new ResendError(
      401,
      'restricted_api_key',
      'This API key is restricted to only send emails',
    );
  }
  if (!settings.apiKeys.includes(key))
    throw new ResendError(403, 'invalid_api_key', 'API key is invalid');
}

/** What the world does to a mail after it arrived: opened, clicked, complained of. */
function controlRoutes(app: FastifyInstance, { mailbox }: ResendParts): void {
  app.post<{ Params: { id: string } }>('/emails/:id/events', async (request, reply) => {
    const { event, detail } = eventSchema.parse(request.body);
    if (mailbox.get(request.params.id) === undefined)
      return reply.code(404).send({ error: 'no such mail' });
    mailbox.move(request.params.id, event, detail);
    return { lastEvent: event };
  });
  app.get('/suppressions', () => ({ suppressions: mailbox.suppressions() }));
}

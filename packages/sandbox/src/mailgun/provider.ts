/** Mailgun as a provider of the sandbox: `/v3/<domain>/messages` and `/v3/<domain>/events`. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addressOf } from '../resend/store/mail.ts';
import {
  FaultCutError,
  type Provider,
  type ProviderAnswer,
  type ProviderRequest,
  type World,
} from '../world/provider.ts';
import { createSettings } from '../world/settings.ts';
import { done, failure, MailgunError, refused } from './api/answers.ts';
import { checkMail } from './api/check-mail.ts';
import { mailgunPresets } from './lifecycle/presets.ts';
import {
  mailgunSettingsSchema,
  type MailgunOptions,
  type MailgunSettings,
} from './lifecycle/settings.ts';
import { announceEvent, mailgunWebhookStyle } from './lifecycle/webhooks.ts';
import { createMailgunPage } from './pages/page.ts';
import { createMailgunMails, type MailgunMails } from './store/mails.ts';

const PATH = /^\/v3\/([^/]+)\/(messages|events)$/;
const MOST_EVENTS = 300;

interface Parts {
  world: World;
  settings: () => MailgunSettings;
  mails: MailgunMails;
  /** Arrivals of the last second, in virtual milliseconds. */
  arrivals: number[];
}

/** Makes the provider. Throws a ZodError for options it cannot use. */
export function createMailgun(world: World, options: MailgunOptions = {}): Provider {
  const settings = createSettings(mailgunSettingsSchema, options);
  const { read } = settings;
  const mails = createMailgunMails(world, read, (event) => announceEvent(world, read(), event));
  const parts: Parts = { world, settings: read, mails, arrivals: [] };
  world.webhooks.style(mailgunWebhookStyle);

  return {
    name: 'mailgun',
    answer: (request) => answerOnce(request, parts),
    failure,
    settings,
    presets: mailgunPresets,
    page: createMailgunPage(parts),
    control: (app) => controlRoutes(app, mails),
    resume: () => mails.resume(),
    reset: () => {
      settings.reset();
      parts.arrivals = [];
    },
  };
}

async function answerOnce(request: ProviderRequest, parts: Parts): Promise<ProviderAnswer> {
  try {
    await request.pass('before-auth');
    const [, domain = '', what] = PATH.exec(request.path) ?? [];
    checkKey(request, parts.settings(), what === 'messages');
    if (what === undefined) throw new MailgunError(404, 'not found', true);
    if (!parts.settings().domains.includes(decodeURIComponent(domain))) {
      throw new MailgunError(404, `Domain not found: ${domain}`);
    }
    checkRate(request, parts);
    if (what === 'events') return listEvents(request, parts);
    if (request.method !== 'POST') throw new MailgunError(405, 'method not allowed');
    return await send(request, parts, domain);
  } catch (error) {
    if (error instanceof MailgunError) return refused(error);
    if (error instanceof FaultCutError && error.answer !== null) return error.answer;
    throw error;
  }
}

async function send(
  request: ProviderRequest,
  { world, mails }: Parts,
  domain: string,
): Promise<ProviderAnswer> {
  const draft = checkMail(request);
  await request.pass('before-effect');
  const id = world.store.transaction(() => mails.accept(draft, domain));
  await request.pass('after-effect');
  return done({ id, message: 'Queued. Thank you.' });
}

function checkKey(request: ProviderRequest, settings: MailgunSettings, isSending: boolean): void {
  const [, given = ''] = /^Basic (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const [user, key = ''] = Buffer.from(given, 'base64').toString('utf8').split(':');
  const isKnown =
    settings.apiKeys.includes(key) || (isSending && settings.sendingKeys.includes(key));
  if (user !== 'api' || !isKnown) throw new MailgunError(401, 'Forbidden', true);
}

function checkRate({ arrivedAt }: ProviderRequest, parts: Parts): void {
  const { ratePerSecond } = parts.settings();
  parts.arrivals = parts.arrivals.filter((at) => arrivedAt - at < 1_000);
  if (parts.arrivals.length < ratePerSecond) {
    parts.arrivals.push(arrivedAt);
    return;
  }
  const reset = Math.ceil(Date.now() / 1_000) + 1;
  throw new MailgunError(429, 'Too many requests', false, {
    'x-ratelimit-limit': String(ratePerSecond),
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(reset),
  });
}

/** Those that are old enough to be listed. */
function listEvents(request: ProviderRequest, { world, settings, mails }: Parts): ProviderAnswer {
  const query = new URLSearchParams(request.query);
  const limit = Math.min(Number(query.get('limit') ?? 100), MOST_EVENTS);
  const [recipient, event, id] = ['recipient', 'event', 'message-id'].map((name) =>
    query.get(name),
  );
  const begin = Number(query.get('begin') ?? 0);
  const until = (world.clock.now() - settings().eventsLagMs) / 1_000;
  const items = mails
    .events()
    .filter(({ timestamp }) => timestamp >= begin && timestamp <= until)
    .filter((each) => !recipient || each.recipient === addressOf(recipient))
    .filter((each) => !event || each.event === event)
    .filter((each) => !id || each.message.headers['message-id'] === id);
  const ordered = query.get('ascending') === 'yes' ? items : items.reverse();
  return done({ items: ordered.slice(0, limit), paging: {} });
}

const eventSchema = z.strictObject({
  event: z.enum(['opened', 'clicked', 'complained', 'unsubscribed']),
});

/** What the world does to a mail after it arrived. */
function controlRoutes(app: FastifyInstance, mails: MailgunMails): void {
  app.post<{ Params: { id: string } }>('/emails/:id/events', async (request, reply) => {
    const { event } = eventSchema.parse(request.body);
    const one = mails.find(request.params.id);
    if (one === undefined) return reply.code(404).send({ error: 'no such mail' });
    mails.happen(one, event);
    return { event };
  });
}

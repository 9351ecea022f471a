/** Mobizon as a provider of the sandbox: `/service/<module>/<method>`, HTTP 200 for everything it understood. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Provider, ProviderAnswer, ProviderRequest, World } from '../world/provider.ts';
import { createSettings } from '../world/settings.ts';
import { createAccount } from './store/account.ts';
import { envelope, failure, MobizonError, type MobizonResult } from './api/envelope.ts';
import { readParams, text, type Params } from './api/form.ts';
import { modules } from './api/methods.ts';
import type { Method, MobizonParts } from './api/method.ts';
import { createMobizonPage } from './pages/page.ts';
import { mobizonPresets } from './lifecycle/presets.ts';
import { createMethodRate, type MethodRate } from './api/method-rate.ts';
import { formatMoney } from './store/segments.ts';
import {
  mobizonSettingsSchema,
  type MobizonOptions,
  type MobizonSettings,
} from './lifecycle/settings.ts';
import { createTasks } from './api/tasks.ts';
import { announceFinalStatus, mobizonWebhookStyle } from './lifecycle/webhooks.ts';

const PATH = /^\/service\/([^/]+)\/([^/]+)\/?$/i;

/** Makes the provider. Throws a ZodError for options it cannot use. */
export function createMobizon(world: World, options: MobizonOptions = {}): Provider {
  const settings = createSettings(mobizonSettingsSchema, options);
  const { read } = settings;
  const account = createAccount(world, read, (sms) => announceFinalStatus(world, read(), sms));
  const tasks = createTasks(world.clock);
  const rate = createMethodRate(read, world.clock.now);
  const parts: MobizonParts = { world, settings: read, account, tasks, locked: new Set() };
  world.webhooks.style(mobizonWebhookStyle);

  return {
    name: 'mobizon',
    answer: (request) => answer(request, parts, rate),
    failure,
    settings: {
      read,
      change: (patch) => {
        const changed = settings.change(patch);
        const { balance } = patch as Partial<MobizonSettings>;
        if (balance !== undefined) account.setBalance(balance);
        return changed;
      },
    },
    presets: mobizonPresets,
    page: createMobizonPage(parts),
    control: (app) => controlRoutes(app, parts),
    resume: () => account.resume(),
    reset: () => {
      settings.reset();
      account.forget();
      tasks.reset();
      rate.reset();
    },
  };
}

async function answer(
  request: ProviderRequest,
  parts: MobizonParts,
  rate: MethodRate,
): Promise<ProviderAnswer> {
  await request.pass('before-auth');
  if (!PATH.test(request.path)) return failure(404);
  try {
    return envelope(await call(request, parts, rate));
  } catch (error) {
    if (error instanceof MobizonError) return envelope(error.result);
    throw error;
  }
}

async function call(
  request: ProviderRequest,
  parts: MobizonParts,
  rate: MethodRate,
): Promise<MobizonResult> {
  const [, module = '', name = ''] = PATH.exec(request.path.toLowerCase()) ?? [];
  const params = readParams(request);
  checkFormat(params);
  checkAccount(params, parts.settings());
  const methods = modules[module];
  if (methods === undefined) throw new MobizonError(4);
  const method: Method | undefined = methods[name];
  if (method === undefined) throw new MobizonError(5);
  if (!rate.take(`${module}/${name}`)) throw new MobizonError(30);
  return method(params, parts, request);
}

function checkFormat(params: Params): void {
  const isJson = (text(params, 'output') ?? 'json').toLowerCase() === 'json';
  // XML exists at the vendor and is not played.
  if (!isJson || (text(params, 'api') ?? 'v1').toLowerCase() !== 'v1') throw new MobizonError(6);
}

function checkAccount(params: Params, settings: MobizonSettings): void {
  const { trouble } = settings;
  if (trouble === 'general') throw new MobizonError(999);
  if (trouble === 'wrong-host') throw new MobizonError(13, 'api.mobizon.com');
  if (trouble === 'ip-denied' || text(params, 'apiKey') !== settings.apiKey)
    throw new MobizonError(8);
  if (trouble === 'blocked') throw new MobizonError(14);
  if (trouble === 'no-access') throw new MobizonError(9);
}

const decisionSchema = z.strictObject({
  campaignId: z.string(),
  decision: z.enum(['approve', 'decline']),
  refund: z.boolean().default(true),
  comment: z.string().default(''),
});

/** The moderator's desk and the cash desk. */
function controlRoutes(app: FastifyInstance, { account }: MobizonParts): void {
  app.post('/moderation', async (request, reply) => {
    const { campaignId, decision, refund, comment } = decisionSchema.parse(request.body);
    if (account.decide(campaignId, { approved: decision === 'approve', refund, comment }))
      return { campaignId, decision };
    return reply.code(409).send({ error: 'this campaign is not waiting for a moderator' });
  });
  app.get('/moderation', () => ({
    waiting: account.campaigns.all().filter((each) => each.status === 'MODERATION'),
  }));
  app.get('/balance', () => ({ balance: formatMoney(account.balance()), currency: 'KZT' }));
}

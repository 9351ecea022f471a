/** AmoCRM as a provider of the sandbox: the order in which a call meets block, limit, subscription, token and rules. */
import {
  FaultCutError,
  type Provider,
  type ProviderAnswer,
  type ProviderRequest,
  type World,
} from '../world/provider.ts';
import { createSettings } from '../world/settings.ts';
import { createAccount } from './store/account.ts';
import { accountRoutes } from './api/account-routes.ts';
import { AmoError, failure, refuse } from './api/answers.ts';
import { createAmocrmStore } from './store/amocrm-store.ts';
import { complexRoutes } from './api/complex.ts';
import { contactRoutes } from './api/contact-routes.ts';
import { controlRoutes } from './lifecycle/control-routes.ts';
import type { Parts } from './store/edits.ts';
import { leadRoutes } from './api/lead-routes.ts';
import { noteRoutes } from './api/note-routes.ts';
import { taskRoutes } from './api/task-routes.ts';
import { answerConsent, answerToken, CONSENT_PATH, TOKEN_PATH } from './api/oauth.ts';
import { createAmocrmPage } from './pages/page.ts';
import { amocrmPresets } from './lifecycle/presets.ts';
import { createRateLimit, type RateLimit } from './api/rate-limit.ts';
import type { AmoRoute } from './api/route.ts';
import {
  amocrmSettingsSchema,
  type AmocrmOptions,
  type AmocrmSettings,
} from './lifecycle/settings.ts';
import { createTokens, type Tokens } from './store/tokens.ts';
import { createHooks } from './lifecycle/webhooks.ts';
import { webhookRoutes } from './api/webhook-routes.ts';

type Gate = { parts: Parts; tokens: Tokens; rate: RateLimit; routes: AmoRoute[] };

/** Makes the provider. Throws a ZodError for options it cannot use. */
export function createAmocrm(world: World, options: AmocrmOptions = {}): Provider {
  const settings = createSettings(amocrmSettingsSchema, options);
  const { read } = settings;
  const account = createAccount(world.store, read);
  const store = createAmocrmStore(world, account);
  const hooks = createHooks(world, read, { account, store });
  const tokens = createTokens(world, read);
  const rate = createRateLimit(world.store, read, world.clock.now);
  const parts: Parts = {
    world,
    settings: read,
    account,
    store,
    announce: (changes) => hooks.announce(changes),
  };
  const routes = [
    ...accountRoutes,
    ...complexRoutes,
    ...noteRoutes,
    ...taskRoutes,
    ...leadRoutes,
    ...contactRoutes,
    ...webhookRoutes(hooks),
  ];
  const gate: Gate = { parts, tokens, rate, routes };

  return {
    name: 'amocrm',
    answer: async (request) => {
      const answer = await answerOnce(request, gate);
      const id = world.random.uuid();
      return { ...answer, headers: { ...answer.headers, 'x-request-id': id } };
    },
    failure,
    settings: {
      read,
      change: (patch) => {
        const changed = settings.change(patch);
        // Whoever saves the hooks switches the disabled ones on again.
        if ((patch as Partial<AmocrmSettings>).webhooks !== undefined) hooks.enable();
        return changed;
      },
    },
    presets: amocrmPresets,
    page: createAmocrmPage(parts, rate),
    control: (app) => controlRoutes(app, { parts, tokens, rate, hooks }),
    resume: () => undefined,
    reset: () => {
      settings.reset();
      rate.reset();
      hooks.reset();
    },
  };
}

async function answerOnce(request: ProviderRequest, gate: Gate): Promise<ProviderAnswer> {
  try {
    const { rate, tokens } = gate;
    // A page of the account's own site: none of the API's limits.
    if (CONSENT_PATH.test(request.path)) return await consent(request, gate);
    const token = bearer(request);
    const excess = rate.take(tokens.integrationOf(token));
    if (excess !== null) return excess;
    await request.pass('before-auth');
    if (TOKEN_PATH.test(request.path))
      return await effect(request, () => answerToken(request, tokens));
    return await callApi(request, token, gate);
  } catch (error) {
    if (error instanceof AmoError) return error.answer;
    if (error instanceof FaultCutError && error.answer !== null) return error.answer;
    throw error;
  }
}

async function consent(request: ProviderRequest, { parts, tokens }: Gate): Promise<ProviderAnswer> {
  await request.pass('before-auth');
  return answerConsent(request, parts.settings(), tokens);
}

function bearer(request: ProviderRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

async function callApi(
  request: ProviderRequest,
  token: string | undefined,
  { parts, tokens, routes }: Gate,
): Promise<ProviderAnswer> {
  const { trouble, integrationUserId } = parts.settings();
  if (trouble === 'subscription-ended') throw refuse(402, 'Account subscription has expired');
  tokens.check(token);
  const [route, ids] = findRoute(request, routes);
  if (trouble === 'no-rights') throw refuse(403, 'Access denied');
  const userId = actingUser(request, parts.settings()) ?? integrationUserId;
  const author = { userId, by: 'api' as const };
  return effect(request, () => route.handle(request, { ...parts, author }, ids));
}

/** X-Context-User-ID names another user of the account to act as. */
function actingUser(request: ProviderRequest, { users }: AmocrmSettings): number | undefined {
  const named = Number(request.headers['x-context-user-id']);
  return users.find(({ id }) => id === named)?.id;
}

function findRoute(request: ProviderRequest, routes: AmoRoute[]): [AmoRoute, string[]] {
  const path = request.path.replace(/\/$/, '');
  const onPath = routes.filter((route) => route.path.test(path));
  const route = onPath.find((each) => each.method === request.method);
  if (route !== undefined) return [route, [...(route.path.exec(path) ?? [])].slice(1)];
  if (onPath.length > 0) throw refuse(405, 'Method Not Allowed');
  throw refuse(404, 'Page not found.');
}

/** Checks and writes happen in one go between these two points: a fault comes before all of it or after. */
async function effect(
  request: ProviderRequest,
  work: () => ProviderAnswer,
): Promise<ProviderAnswer> {
  await request.pass('before-effect');
  const answer = work();
  await request.pass('after-effect');
  return answer;
}

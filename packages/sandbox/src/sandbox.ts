/**
 * The sandbox: the outside world over real HTTP on one port. Providers are mounted as data (`providerPlugins`);
 * anything else that lives on the port, such as the forms page, is a page plug-in (`options.pages`).
 */
import Fastify, { type FastifyInstance } from 'fastify';
import { pino, type Logger } from 'pino';
import { createAmocrm } from './amocrm/provider.ts';
import type { AmocrmOptions } from './amocrm/lifecycle/settings.ts';
import { connectSandbox, type SandboxControl } from './control-client.ts';
import { createFacebook } from './facebook/provider.ts';
import type { FacebookOptions } from './facebook/settings.ts';
import type { MailgunOptions } from './mailgun/lifecycle/settings.ts';
import { createMailgun } from './mailgun/provider.ts';
import { createMobizon } from './mobizon/provider.ts';
import type { MobizonOptions } from './mobizon/lifecycle/settings.ts';
import { pageRoutes } from './pages/routes.ts';
import { createResend } from './resend/provider.ts';
import type { ResendOptions } from './resend/lifecycle/settings.ts';
import { createTelegram } from './telegram/provider.ts';
import type { TelegramOptions } from './telegram/lifecycle/settings.ts';
import { turnstileRoutes } from './turnstile/routes.ts';
import { createClock } from './world/clock.ts';
import { controlRoutes } from './world/control-routes.ts';
import { createEffects } from './world/effects.ts';
import { createFaults } from './world/faults.ts';
import { createLiveEvents } from './world/live-events.ts';
import type { Provider, World } from './world/provider.ts';
import { createRandom } from './world/random.ts';
import { createRequestLog } from './world/requests.ts';
import { serveProvider } from './world/serve-provider.ts';
import { openStore } from './world/store.ts';
import { createWebhookSender } from './world/webhooks.ts';

export { connectSandbox };
export type { SandboxControl };

export type SandboxOptions = {
  /** 0 takes a free port. */
  port?: number;
  host?: string;
  /** Where effects, mails, SMS, deals and idempotency keys are kept; in memory when left out. */
  dataDir?: string;
  /** Repeats all ids and all chances of a run. Not together with `dataDir`: ids would come twice. */
  seed?: number;
  log?: Logger;
  resend?: ResendOptions;
  mailgun?: MailgunOptions;
  mobizon?: MobizonOptions;
  amocrm?: AmocrmOptions;
  telegram?: TelegramOptions;
  facebook?: FacebookOptions;
  /** Pages besides the inbox. */
  pages?: PagePlugin[];
};

/** Something else on the same port: adds its routes to `app`. */
export type PagePlugin = { name: string; mount(app: FastifyInstance): void };

/** One line for each provider; its tab on the page stands in this order. */
const providerPlugins: ((world: World, options: SandboxOptions) => Provider)[] = [
  (world, options) => createResend(world, options.resend),
  (world, options) => createMailgun(world, options.mailgun),
  (world, options) => createMobizon(world, options.mobizon),
  (world, options) => createAmocrm(world, options.amocrm),
  (world, options) => createTelegram(world, options.telegram),
  (world, options) => createFacebook(world, options.facebook),
];

/** Node's default of 511 waiting connections is too few for a burst of a few thousand. */
const BACKLOG = 4096;

export type Sandbox = {
  url: string;
  /** For RESEND_BASE_URL. */
  resendUrl: string;
  /** For MAILGUN_BASE_URL. */
  mailgunUrl: string;
  /** For MOBIZON_BASE_URL. */
  mobizonUrl: string;
  /** For AMOCRM_BASE_URL. */
  amocrmUrl: string;
  /** For TELEGRAM_BASE_URL. */
  telegramUrl: string;
  /** For FACEBOOK_BASE_URL. */
  facebookUrl: string;
  control: SandboxControl;
  /** Ends open calls, pages and timers, and closes the files. */
  close(): Promise<void>;
};

/**
 * Starts a sandbox and resolves when it listens. Throws a ZodError for options that a provider cannot use, and what
 * the network or the file system throws.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const log = options.log ?? pino({ enabled: false });
  const app = Fastify({
    forceCloseConnections: true,
    routerOptions: { ignoreDuplicateSlashes: false },
  });
  const built = buildWorld(options, log);
  const { world, providers, live } = built;
  mount(app, built, options.pages ?? []);
  for (const provider of providers) provider.resume();
  world.webhooks.resume();
  const url = await app.listen({
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    backlog: BACKLOG,
  });
  log.info({ url, providers: providers.map(({ name }) => name) }, 'sandbox is listening');
  return {
    url,
    resendUrl: `${url}/resend`,
    mailgunUrl: `${url}/mailgun`,
    mobizonUrl: `${url}/mobizon`,
    amocrmUrl: `${url}/amocrm`,
    telegramUrl: `${url}/telegram`,
    facebookUrl: `${url}/facebook`,
    control: connectSandbox(url),
    close: async () => {
      live.close();
      await app.close();
      world.clock.reset();
      world.store.close();
    },
  };
}

/** Puts providers, control plane, inbox and further pages on the port. */
function mount(
  app: FastifyInstance,
  built: ReturnType<typeof buildWorld>,
  pages: PagePlugin[],
): void {
  const { world, providers, requests, faults, live } = built;
  const { clock, changed } = world;
  for (const provider of providers)
    serveProvider(app, provider, { clock, faults, requests, changed });
  void app.register(
    (scope, _options, done) => {
      controlRoutes(scope, built);
      done();
    },
    { prefix: '/__sim' },
  );
  live.mount(app);
  turnstileRoutes(app);
  pageRoutes(app, { providers, faults });
  for (const page of pages) page.mount(app);
}

function buildWorld(options: SandboxOptions, log: Logger) {
  const store = openStore(options.dataDir);
  const clock = createClock({
    offset: store.table<number>('clock').get('offset') ?? 0,
    onError: (error) => log.error({ err: error }, 'a scheduled step of the sandbox failed'),
  });
  const random = createRandom(options.seed);
  const live = createLiveEvents();
  const webhooks = createWebhookSender({ clock, store });
  const effects = createEffects(store, clock.now);
  const world: World = { clock, random, store, effects, webhooks, log, changed: live.changed };
  const providers = providerPlugins.map((make) => make(world, options));
  const requests = createRequestLog();
  const faults = createFaults(random);
  const reset = (): void => {
    clock.reset();
    store.clear();
    faults.clear();
    requests.clear();
    webhooks.reset();
    for (const provider of providers) provider.reset();
    live.changed();
  };
  return { world, providers, requests, faults, live, reset };
}

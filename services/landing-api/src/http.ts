/** Builds the HTTP server: limits, headers and documentation around the routes. */
import { IncomingMessage, ServerResponse, type OutgoingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import { fastifyCors } from '@fastify/cors';
import { fastifyRateLimit } from '@fastify/rate-limit';
import { fastifySwagger } from '@fastify/swagger';
import { fastifySwaggerUi } from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { docsLook } from '@leadwire/shared/service/docs-look';
import {
  RequestError,
  answerProblems,
  problemOnSocket,
} from '@leadwire/shared/service/http-problems';
import { createSecretLinks } from '@leadwire/shared/delivery/secret-links';
import type { Log } from '@leadwire/shared/runtime/log';
import type { Access } from '@leadwire/shared/service/access';
import { HEALTH_PATHS, createHttpApp } from '@leadwire/shared/service/http-app';
import { PAGES_PER_MINUTE, refuseOtherOrigins, watchProxies } from './edge-guards.ts';
import { addFormRoutes, type FormPorts } from './forms/form-routes.ts';
import { addAmocrmHook } from './webhooks/amocrm-hook.ts';
import { addClickRoute, type ClickPorts } from './links/clicks.ts';
import { addFrontPage } from './links/front-page.ts';
import { addPictureRoute } from './links/pictures.ts';
import { noPageSender } from './links/pages.ts';
import { addReferralLinkRoute } from './links/referral-links.ts';
import type { Env } from './env.ts';
import { BODY_LIMIT_BYTES, acceptJsonBodies } from './forms/json-body.ts';
import type { LandingMeasures } from './measures.ts';
import { addFacebookHook } from './webhooks/facebook-hook.ts';
import type { FacebookLeads } from './webhooks/facebook-leads.ts';
import { createStrangers } from './webhooks/hook-guards.ts';
import { addMailgunHook } from './webhooks/mailgun-hook.ts';
import { addMobizonHook } from './webhooks/mobizon-hook.ts';
import { addMessageRoutes } from './platform/messages.ts';
import { addPlatformRoutes } from './platform/platform.ts';
import { addReferrerRoute } from './platform/referrers.ts';
import { addRefundRoute } from './platform/sales.ts';
import { addResendHook } from './webhooks/resend-hook.ts';
import { addLandingRoutes, type LandingPorts } from './forms/routes.ts';
import { addStatusRoute, type StatusPorts } from './status/status.ts';
import { addUnsubscribeRoutes } from './links/unsubscribe.ts';

/** A form's 32 KiB over a bad mobile connection; longer is somebody holding our sockets. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than any slug that is kept; a longer one is answered 414 by the router. */
const LONGEST_PARAM = 500;

export type HttpEnv = Pick<
  Env,
  | 'AMOCRM_WEBHOOK_SECRET'
  | 'BRAND_NAME'
  | 'CORS_ORIGINS'
  | 'FACEBOOK_APP_SECRET'
  | 'FACEBOOK_VERIFY_TOKEN'
  | 'LANDING_PAGE_URL'
  | 'MOBIZON_WEBHOOK_SECRET'
  | 'PLATFORM_TOKEN'
  | 'PUBLIC_BASE_URL'
  | 'RATE_LIMIT_PER_MINUTE'
  | 'RESEND_WEBHOOK_SECRET'
  | 'SALE_DEFAULT_AMOUNT'
  | 'TRUST_PROXY'
  | 'UNSUBSCRIBE_SECRET'
  | 'MAILGUN_WEBHOOK_SIGNING_KEY'
  | 'WELCOME_LINK'
>;
export type HttpPorts = Omit<LandingPorts, 'measures' | 'formsPerMinute' | 'guard'> &
  Pick<FormPorts, 'forms' | 'rejects'> &
  StatusPorts &
  ClickPorts & {
    log: Log;
    bus: Pick<Bus, 'publish' | 'name' | 'lastUnder' | 'bucket'>;
    measures: LandingMeasures;
    facebook?: FacebookLeads | undefined;
    alerts: Pick<Alerts, 'raise' | 'resolve'>;
    access: Access;
    /** How long a head and a body may take to arrive, in milliseconds. */
    requestTimeoutMs?: number | undefined;
  };

/** Everything but the health routes, which the service runner adds. Not listening yet. */
export async function createHttp(env: HttpEnv, ports: HttpPorts): Promise<FastifyInstance> {
  const app = createApp(env, ports);
  watchProxies(app, ports.alerts);
  await addDefences(app, env, ports.access);
  acceptJsonBodies(app);
  answerProblems(app, { preHandler: app.rateLimit(), sendPage: noPageSender(env.BRAND_NAME) });
  await addDocs(app, env);

  const { PUBLIC_BASE_URL: publicUrl, RATE_LIMIT_PER_MINUTE: formsPerMinute } = env;
  const own = publicUrl === undefined ? [] : [new URL(publicUrl).origin];
  const origins = [...env.CORS_ORIGINS, ...own];
  const guard = refuseOtherOrigins({ origins, alerts: ports.alerts });
  const forms = { ...ports, formsPerMinute, guard };
  addLandingRoutes(app, forms);
  addFormRoutes(app, forms);
  addStatusRoute(app, ports);
  addClickRoute(app, ports, env.BRAND_NAME);
  addPictureRoute(app, ports);
  addFrontPage(app, env.BRAND_NAME);
  addOptionalRoutes(app, env, ports);
  refuseOtherMethods(app, 'POST', [
    '/api/landing/proftest',
    '/api/landing/proftest/:slug',
    '/api/landing/submit',
    '/api/forms/:form',
  ]);
  refuseOtherMethods(app, 'GET', ['/api/landing/leads/:leadId/status', '/s/:code', '/i/:name']);
  return app;
}

/** What is there only when its secret is configured. */
function addOptionalRoutes(app: FastifyInstance, env: HttpEnv, ports: HttpPorts): void {
  const { bus, now, facebook } = ports;
  if (env.PLATFORM_TOKEN !== undefined) addPlatform(app, env, ports);
  if (env.LANDING_PAGE_URL !== undefined) {
    addReferralLinkRoute(app, { bus, now, page: env.LANDING_PAGE_URL });
  }
  const { FACEBOOK_APP_SECRET: appSecret, FACEBOOK_VERIFY_TOKEN: verifyToken } = env;
  if (facebook !== undefined && appSecret !== undefined && verifyToken !== undefined) {
    addFacebookHook(app, { leads: facebook, appSecret, verifyToken });
  }
  addProviderHooks(app, env, ports);
  if (env.UNSUBSCRIBE_SECRET !== undefined) {
    const secret = env.UNSUBSCRIBE_SECRET;
    addUnsubscribeRoutes(app, { bus, now, secret, brand: env.BRAND_NAME });
  }
}

/** What the learning platform tells and asks. */
function addPlatform(app: FastifyInstance, env: HttpEnv, ports: HttpPorts): void {
  const { bus, now, access, ledger } = ports;
  const secretLinks = createSecretLinks(bus);
  const canLinkBeMade = env.WELCOME_LINK === 'supabase';
  const platform = { bus, now, access, secretLinks, canLinkBeMade };
  addPlatformRoutes(app, { ...platform, defaultAmount: env.SALE_DEFAULT_AMOUNT });
  addRefundRoute(app, platform);
  addReferrerRoute(app, platform);
  addMessageRoutes(app, { ...platform, ledger });
  refuseOtherMethods(app, 'GET', ['/api/platform/messages/:messageId']);
  refuseOtherMethods(app, 'POST', [
    '/api/platform/messages',
    '/api/platform/students',
    '/api/platform/students/:id/lessons/:n/completed',
    '/api/platform/students/:id/refund',
    '/api/platform/referrers',
  ]);
}

/** What the CRM and the senders of messages tell. */
function addProviderHooks(app: FastifyInstance, env: HttpEnv, ports: HttpPorts): void {
  const { bus, now, alerts, log } = ports;
  const { AMOCRM_WEBHOOK_SECRET: amocrm, RESEND_WEBHOOK_SECRET: resend } = env;
  const { MOBIZON_WEBHOOK_SECRET: mobizon, MAILGUN_WEBHOOK_SIGNING_KEY: mailgun } = env;
  const strangers = createStrangers({ alerts, log });
  app.addHook('onClose', (_app, done) => {
    strangers.stop();
    done();
  });
  if (amocrm !== undefined) addAmocrmHook(app, { bus, now, secret: amocrm, strangers });
  if (resend !== undefined) addResendHook(app, { bus, secret: resend });
  if (mailgun !== undefined) addMailgunHook(app, { bus, now, signingKey: mailgun });
  if (mobizon !== undefined) addMobizonHook(app, { bus, now, secret: mobizon, strangers });
}

function createApp(
  env: HttpEnv,
  ports: Pick<HttpPorts, 'log' | 'requestTimeoutMs' | 'measures'>,
): FastifyInstance {
  const { log, measures, requestTimeoutMs = REQUEST_TIMEOUT_MS } = ports;
  const app = createHttpApp({
    log,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: 2 * requestTimeoutMs,
    // Node looks for slow heads and bodies every half minute by itself: a slow one would have 45 seconds.
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: 1_000 },
    trustProxy: env.TRUST_PROXY,
    routerOptions: { maxParamLength: LONGEST_PARAM },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return;
      const statuses: Record<string, number> = {
        ERR_HTTP_REQUEST_TIMEOUT: 408,
        HPE_HEADER_OVERFLOW: 431,
      };
      socket.end(problemOnSocket(statuses[error.code] ?? 400));
    },
    onAnswer: ({ seconds, ...labels }) => {
      measures.requestSeconds.observe(labels, seconds);
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  return app;
}

/** What Helmet says, asked once: every answer has the same, and working it out took a tenth of what a lead takes. */
function securityHeaders(): OutgoingHttpHeaders {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const setHeaders = helmet({
    // Forms on other sites read our answers; CORS says which.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // Without TLS in front, an upgrade of our own pages would break them.
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
    // What the domain's other hosts can do is not ours to decide.
    strictTransportSecurity: { includeSubDomains: false },
  });
  setHeaders(response.req, response, () => undefined);
  return response.getHeaders();
}

/** In this order: what is refused by the rate limit still carries the headers that let a form read it. */
async function addDefences(app: FastifyInstance, env: HttpEnv, access: Access): Promise<void> {
  const headers = securityHeaders();
  app.addHook('onRequest', (_request, reply, next) => {
    reply.headers(headers);
    next();
  });
  await app.register(fastifyCors, {
    origin: env.CORS_ORIGINS,
    methods: ['GET', 'POST'],
    allowedHeaders: ['Content-Type', 'Idempotency-Key', 'X-Leadwire-Key', 'Authorization'],
    exposedHeaders: ['Retry-After'],
    maxAge: 3_600,
  });
  await app.register(fastifyRateLimit, {
    max: PAGES_PER_MINUTE,
    timeWindow: 60_000,
    allowList: async (request) =>
      HEALTH_PATHS.includes(request.url) ||
      (await access.has(request.headers.authorization, 'status')),
    errorResponseBuilder: () => new RequestError(429, 'too many requests: try again later'),
  });
}

async function addDocs(app: FastifyInstance, env: HttpEnv): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Leadwire landing API',
        description: 'Takes leads from landing pages.',
        version: '1.0.0',
      },
      ...(env.PUBLIC_BASE_URL !== undefined && { servers: [{ url: env.PUBLIC_BASE_URL }] }),
      components: {
        securitySchemes: {
          statusToken: { type: 'http', scheme: 'bearer' },
          platformToken: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: jsonSchemaTransform,
    // The health routes, which are not for those who read this.
    hideUntagged: true,
  });
  await app.register(fastifySwaggerUi, { routePrefix: '/docs', ...docsLook });
}

function refuseOtherMethods(app: FastifyInstance, allowed: 'GET' | 'POST', urls: string[]): void {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(
    (method) => method !== allowed && !(allowed === 'GET' && method === 'HEAD'),
  );
  for (const url of urls) {
    app.route({
      method: methods,
      url,
      schema: { hide: true },
      // Before the body is read, which would be refused for other reasons.
      onRequest: (_request, reply, done) => {
        void reply.header('Allow', allowed);
        done(new RequestError(405, `only ${allowed} is possible here`));
      },
      handler: (_request, reply) => reply.send(),
    });
  }
}

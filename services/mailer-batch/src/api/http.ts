/** Builds the HTTP server of the campaigns: for whoever has the scope `campaigns`, and not for the world. */
import { fastifySwagger } from '@fastify/swagger';
import { fastifySwaggerUi } from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { TextError } from '@leadwire/operations/texts/text-error';
import { PermanentError } from '@leadwire/shared/errors';
import { docsLook } from '@leadwire/shared/service/docs-look';
import { RequestError, answerProblems } from '@leadwire/shared/service/http-problems';
import type { Access } from '@leadwire/shared/service/access';
import { HEALTH_PATHS, createHttpApp } from '@leadwire/shared/service/http-app';
import { z } from 'zod';
import { ACTOR_HEADER, auditChanges } from './audit.ts';
import { addCampaignRoutes } from './campaign-routes.ts';
import { addControlRoutes } from './control-routes.ts';
import { addCopyRoutes } from './copy-routes.ts';
import { addDraftRoutes, newListSchema } from './draft-routes.ts';
import type { HttpPorts } from './http-ports.ts';
import { addListRoutes } from './list-routes.ts';
import { addPreviewRoutes } from './preview-routes.ts';
import { addReportRoutes } from './report-routes.ts';
import { addPictureRoutes } from './picture-routes.ts';
import { addTextRoutes } from './text-routes.ts';
import { addSegmentRoutes } from './segment-routes.ts';
import { addSequenceRoutes } from './sequence-routes.ts';
import { addSubjectRoutes } from './subject-routes.ts';

/** A list of 20 MB over a home connection. */
const REQUEST_TIMEOUT_MS = 5 * 60_000;
/** The documentation: open without the token, as health is (the metrics ask for themselves). */
const DOCS = /^\/(?:openapi\.json|docs(?:\/.*)?)$/;

/** Everything but the health routes, which the service runner adds. Not listening yet. */
export async function createHttp(
  access: Pick<Access, 'demand'>,
  ports: HttpPorts,
): Promise<FastifyInstance> {
  const app = createHttpApp({ log: ports.log, requestTimeout: REQUEST_TIMEOUT_MS });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  refuseStrangers(app, access);
  acceptCsvBodies(app);
  answerProblems(app, { translate: toRefusal });
  auditChanges(app, ports.bus);
  await addDocs(app);
  refreshTexts(app, ports);

  addDraftRoutes(app, ports);
  addCopyRoutes(app, ports);
  addSubjectRoutes(app, ports);
  addSegmentRoutes(app, ports);
  addSequenceRoutes(app, ports);
  addCampaignRoutes(app, ports);
  addPreviewRoutes(app, ports);
  addControlRoutes(app, ports);
  addReportRoutes(app, ports);
  addListRoutes(app, ports);
  addTextRoutes(app, ports);
  addPictureRoutes(app, ports);
  return app;
}

/** Before anything is looked at, also for addresses that do not exist: without the token nothing can be found out. */
function refuseStrangers(app: FastifyInstance, access: Pick<Access, 'demand'>): void {
  app.addHook('onRequest', async ({ routeOptions, headers }) => {
    const { url = '' } = routeOptions;
    if (HEALTH_PATHS.includes(url) || DOCS.test(url)) return;
    const holder = await access.demand(headers.authorization, 'campaigns');
    // Whoever names nobody is the token's holder in the audit log.
    headers[ACTOR_HEADER] ??= holder;
  });
}

/** What somebody saved a moment ago holds for the next request, in every process. */
function refreshTexts(app: FastifyInstance, { ownTexts }: Pick<HttpPorts, 'ownTexts'>): void {
  app.addHook('preHandler', async ({ routeOptions }) => {
    if (/^\/api\/(?:campaigns|sequences|templates)\b/.test(routeOptions.url ?? ''))
      await ownTexts.refresh();
  });
}

/** A CSV stays bytes until it is known in what encoding they are. */
function acceptCsvBodies(app: FastifyInstance): void {
  app.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
}

/** What the database refuses for good is about the request: a column that is not there, a value of another type. */
function toRefusal(thrown: Error): Error {
  if (thrown instanceof TextError) return textRefusal(thrown);
  if (!(thrown instanceof PermanentError)) return thrown;
  const issue = { path: 'audience', message: thrown.message };
  return new RequestError(422, 'the database refuses this', [issue]);
}

const TEXT_STATUS = {
  bad_text: 422,
  unknown: 404,
  conflict: 409,
  not_allowed: 403,
  bad_picture: 422,
};

function textRefusal({ problem, message }: TextError): RequestError {
  const issues = problem === 'bad_text' ? [{ path: 'content', message }] : [];
  return new RequestError(TEXT_STATUS[problem], message, issues);
}

async function addDocs(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Leadwire campaigns',
        description: 'Bulk mail and SMS: everyone once, at exactly the provider’s pace.',
        version: '1.0.0',
      },
      components: { securitySchemes: { adminToken: { type: 'http', scheme: 'bearer' } } },
    },
    transform: withCsvBody,
    hideUntagged: true,
  });
  await app.register(fastifySwaggerUi, { routePrefix: '/docs', ...docsLook });
  app.get('/openapi.json', () => app.swagger());
}

/** The body of the one address that takes two kinds: a file, or JSON. */
const fileOrJson = {
  anyOf: [
    { type: 'string', format: 'binary', description: 'text/csv' },
    z.toJSONSchema(newListSchema, { io: 'input', target: 'openapi-3.0' }),
  ],
};

const withCsvBody: typeof jsonSchemaTransform = (document) => {
  const { schema, url } = jsonSchemaTransform(document);
  const takesCsv = document.schema?.consumes?.includes('text/csv') ?? false;
  return { url, schema: takesCsv ? { ...schema, body: fileOrJson } : schema };
};

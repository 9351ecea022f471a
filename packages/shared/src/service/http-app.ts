/**
 * The HTTP server of a service before its first route: what all of them have in common. Nothing of a request that may be a
 * person's is logged: of an address only the route's pattern.
 */
import {
  LogController,
  fastify,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
} from 'fastify';
import { sendProblem } from './http-problems.ts';

/** Asked by machines every few seconds; what they are told is logged by whoever knows why. */
export const HEALTH_PATHS: readonly string[] = ['/healthz', '/readyz', '/startedz', '/metrics'];

/** One answer, as it is measured. */
export interface Answer {
  method: string;
  /** The route's pattern, or `none`. */
  route: string;
  status: number;
  /** From the request's head to the answer's last byte. */
  seconds: number;
}

export interface HttpAppOptions extends Pick<
  FastifyServerOptions,
  | 'bodyLimit'
  | 'clientErrorHandler'
  | 'connectionTimeout'
  | 'requestTimeout'
  | 'routerOptions'
  | 'trustProxy'
> {
  log: FastifyBaseLogger;
  /** How Node's own server is made. */
  http?: { headersTimeout: number; connectionsCheckingInterval: number };
  /** Called after each answer. */
  onAnswer?: (answer: Answer) => void;
}

/** Not listening yet. Refusals of the service's own have the shape of `answerProblems` when it calls that. */
export function createHttpApp({
  log,
  onAnswer,
  routerOptions,
  ...options
}: HttpAppOptions): FastifyInstance {
  const app = fastify({
    ...options,
    loggerInstance: log,
    // Fastify's own lines quote the address with its query, where forms may put contact data.
    logController: new LogController({ disableRequestLogging: true }),
    // While stopping, whoever is connected is still served: the broker is let go last.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, ...routerOptions },
    frameworkErrors: (error, request, reply) => {
      sendProblem(error, request, reply);
    },
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request;
    const { statusCode: status, elapsedTime } = reply;
    const route = routeOptions.url ?? 'none';
    onAnswer?.({ method, route, status, seconds: elapsedTime / 1_000 });
    // What went well is told by whoever did it.
    const level = status >= 400 && !HEALTH_PATHS.includes(route) ? 'info' : 'debug';
    request.log[level]({ method, route, status, ms: Math.round(elapsedTime) }, 'answered');
    done();
  });
  return app;
}

/**
 * What of `@supabase/lite` the outside may reach: the REST API and Auth, with one of the project's two keys. The
 * library also serves a studio and its own configuration, and answers requests without any key.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Hosted keys have this shape; the library recognises a service key by it. */
export const SERVICE_KEY_PREFIX = 'sb_secret_';
/** The same for the key that may be known to everybody. */
export const PUBLISHABLE_KEY_PREFIX = 'sb_publishable_';

/** Answers one request; `peerAddress` is the socket's, never a header's. */
export type Handle = (request: Request, peerAddress: string | null) => Promise<Response>;

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

function refuse(status: number, message: string, hint: string): Response {
  return Response.json({ message, hint }, { status });
}

/** The two keys of a project. With the publishable one a request is what its user's token makes it. */
export interface ProjectKeys {
  service: string;
  /** Left out: only the service key opens the project. */
  publishable?: string | undefined;
}

/** Whether the request carries this key in `apikey`, compared in constant time. */
export function carries(request: Request, key: string | undefined): boolean {
  const given = request.headers.get('apikey');
  return key !== undefined && given !== null && timingSafeEqual(digest(given), digest(key));
}

/**
 * `/healthz` is open, `/rest/v1/*` and `/auth/v1/*` need one of the keys in the header `apikey` (the answer is 401, in
 * the shape hosted Supabase uses, when it is missing or another one), the rest is 404.
 */
export function guard(
  keys: ProjectKeys,
  isHealthy: () => Promise<boolean>,
  apis: { rest: Handle; auth: Handle },
): Handle {
  return async (request, peerAddress) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/healthz') {
      const healthy = await isHealthy();
      return Response.json({ status: healthy ? 'ok' : 'down' }, { status: healthy ? 200 : 503 });
    }
    const api = pathname.startsWith('/rest/v1/')
      ? apis.rest
      : pathname.startsWith('/auth/v1/')
        ? apis.auth
        : undefined;
    if (api === undefined) {
      return refuse(404, 'Not found', 'This server has /rest/v1, /auth/v1 and /healthz.');
    }
    if (!request.headers.has('apikey'))
      return refuse(401, 'No API key found in request', 'Send a key of the project as `apikey`.');
    if (!carries(request, keys.service) && !carries(request, keys.publishable)) {
      return refuse(401, 'Invalid API key', 'Only the keys of this project open it.');
    }
    return api(request, peerAddress);
  };
}

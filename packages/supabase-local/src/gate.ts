/**
 * What of `@supabase/lite` the outside may reach: the REST API, with the service key. The library also serves
 * auth, a studio and its own configuration, and answers anonymous requests as far as policies let it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Hosted keys have this shape; the library recognises a service key by it. */
export const SERVICE_KEY_PREFIX = 'sb_secret_';

/** Answers one request; `peerAddress` is the socket's, never a header's. */
export type Handle = (request: Request, peerAddress: string | null) => Promise<Response>;

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

function refuse(status: number, message: string, hint: string): Response {
  return Response.json({ message, hint }, { status });
}

/**
 * Wraps `handle`: `/healthz` is open, `/rest/v1/*` needs the header `apikey: <serviceKey>` (the answer is 401, in
 * the shape hosted Supabase uses, when it is missing or another key, the publishable one included), the rest is 404.
 */
export function guard(
  serviceKey: string,
  isHealthy: () => Promise<boolean>,
  handle: Handle,
): Handle {
  const expected = digest(serviceKey);
  return async (request, peerAddress) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/healthz') {
      const healthy = await isHealthy();
      return Response.json({ status: healthy ? 'ok' : 'down' }, { status: healthy ? 200 : 503 });
    }
    if (!pathname.startsWith('/rest/v1/')) {
      return refuse(404, 'Not found', 'This server has /rest/v1 and /healthz.');
    }
    const key = request.headers.get('apikey');
    if (key === null)
      return refuse(401, 'No API key found in request', 'Send the service key as `apikey`.');
    if (!timingSafeEqual(digest(key), expected)) {
      return refuse(401, 'Invalid API key', 'Only the service key opens this project.');
    }
    return handle(request, peerAddress);
  };
}

/** A POST counts only from a page of our own: another site's form carries the person's cookie, but not this. */
import type { FastifyRequest } from 'fastify';

/** @param ownHost `host:port` of CONSOLE_URL */
export function isFromOwnPage({ headers }: FastifyRequest, ownHost: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin } = headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const { host } = new URL(origin);
  return host === ownHost || host === headers.host;
}

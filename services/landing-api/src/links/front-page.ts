/** What the bare address says to whoever opens it: this is for sites and forms, not for people. */
import type { FastifyInstance } from 'fastify';
import { readPage, renderPage, sendPage } from './pages.ts';

const PAGE = readPage('front');

/** Adds `GET /`. `brand`: the name that people know. */
export function addFrontPage(app: FastifyInstance, brand: string): void {
  const page = renderPage(PAGE, brand);
  app.get('/', { schema: { hide: true } }, (_request, reply) => sendPage(reply, page));
}

/** What the bare address says to whoever opens it: this is for sites and forms, not for people. */
import type { FastifyInstance } from 'fastify';
import { readPage, sendPage } from './pages.ts';

const PAGE = readPage('front');

/** Adds `GET /`. */
export function addFrontPage(app: FastifyInstance): void {
  app.get('/', { schema: { hide: true } }, (_request, reply) => sendPage(reply, PAGE));
}

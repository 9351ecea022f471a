/** The pages that people see who follow a link in a message. */
import { readFileSync } from 'node:fs';
import type { FastifyReply } from 'fastify';

/** One of the files in `pages/`, by its name. @throws when there is none. */
export function readPage(name: string): string {
  return readFileSync(new URL(`../pages/${name}.html`, import.meta.url), 'utf8');
}

/** Answers with a page that is neither kept by anyone nor found by a search. */
export function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .headers({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' })
    .type('text/html; charset=utf-8')
    .serializer(String)
    .send(html);
}

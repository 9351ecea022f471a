/** The pages that people see who follow a link in a message. */
import { readFileSync } from 'node:fs';
import type { FastifyReply } from 'fastify';

const read = (file: string) =>
  readFileSync(new URL(`../../pages/${file}`, import.meta.url), 'utf8');

/** One of the pages in `pages/`, by its name, in their common style. @throws when there is none. */
export function readPage(name: string): string {
  return read(`${name}.html`).replace('<!-- style -->', `<style>\n${read('style.css')}</style>`);
}

/** Answers with a page that is neither kept by anyone nor found by a search. */
export function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .headers({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' })
    .type('text/html; charset=utf-8')
    .serializer(String)
    .send(html);
}

/** The pages that people see who follow a link in a message: one frame, with the brand, around what each of them says. */
import { readFileSync } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml } from '@leadwire/shared/runtime/html';

const read = (file: string) =>
  readFileSync(new URL(`../../pages/${file}`, import.meta.url), 'utf8');

const FRAME = read('frame.html');
const STYLE = `<style>\n${read('style.css')}</style>`;

/** What one of the pages in `pages/` says, by its name. @throws when there is none. */
export function readPage(name: string): string {
  return read(`${name}.html`);
}

/**
 * A whole page. `body`: of `readPage`; its heading is the title, too. `brand`: the name that people know. `parts`: what
 * stands in the body's marks, as HTML.
 */
export function renderPage(
  body: string,
  brand: string,
  parts: Record<string, string> = {},
): string {
  const filled = fillMarks(body, parts);
  const [, title = ''] = /<h1>(.*)<\/h1>/.exec(filled) ?? [];
  return fillMarks(FRAME, { title, style: STYLE, brand: escapeHtml(brand), body: filled });
}

function fillMarks(html: string, parts: Record<string, string>): string {
  return html.replace(/<!-- (\w+) -->/g, (mark, name: string) => parts[name] ?? mark);
}

/** Answers with a page that is neither kept by anyone nor found by a search. */
export function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .headers({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' })
    .type('text/html; charset=utf-8')
    .serializer(String)
    .send(html);
}

const NO_PAGE = readPage('no-page');

/** What a person sees at an address where nothing is; a program, and whoever asks below `/api`, gets JSON elsewhere. */
export function noPageSender(brand: string) {
  const page = renderPage(NO_PAGE, brand);
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined => {
    const { method, url, headers } = request;
    const isByBrowser = method === 'GET' && (headers.accept ?? '').includes('text/html');
    if (!isByBrowser || url.startsWith('/api/')) return undefined;
    return sendPage(reply.code(404), page);
  };
}

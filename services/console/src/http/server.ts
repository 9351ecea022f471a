/** Builds the HTTP server: what every answer carries, who may come in, and pages for whatever goes wrong. */
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import type { Log } from '@leadwire/shared/runtime/log';
import { createHttpApp } from '@leadwire/shared/service/http-app';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Html } from '../html.ts';
import type { Theme } from '../pages/layout.ts';
import { addAssets } from './assets.ts';
import { isFromOwnPage } from './origin.ts';

const compress = promisify(brotliCompress);
/** Quick: a page is made anew for every request. */
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
/** Fields of a form; files come with campaigns. */
const LARGEST_FORM = 64 * 1024;

export interface ServerOptions {
  log: Log;
  /** With https cookies are for https alone and browsers remember it. */
  url: string;
}

/** With assets and the rules for everybody, and no pages yet. */
export async function createServer({ log, url }: ServerOptions): Promise<FastifyInstance> {
  const app = createHttpApp({
    log,
    bodyLimit: LARGEST_FORM,
    routerOptions: { maxParamLength: 200 },
  });
  await app.register(fastifyHelmet, headersFor(url));
  await app.register(fastifyCookie);
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(body as string)),
  );
  app.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, readMultipart);
  app.addHook('onSend', async (_request, reply, payload) => compressed(reply, payload));
  addAssets(app);
  return app;
}

/** A form with files in it. What is no such form is refused as a bad request. */
async function readMultipart(
  { headers }: FastifyRequest,
  body: string | Buffer,
): Promise<FormData> {
  try {
    const type = headers['content-type'] ?? '';
    return await new Response(new Uint8Array(Buffer.from(body)), {
      headers: { 'content-type': type },
    }).formData();
  } catch (cause) {
    throw Object.assign(new Error('the form cannot be read', { cause }), { statusCode: 400 });
  }
}

/** Nothing from elsewhere, nothing inline, no frame around it. */
function headersFor(url: string) {
  const isSecure = url.startsWith('https:');
  const own = ["'self'"];
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: own,
        styleSrc: own,
        imgSrc: own,
        fontSrc: own,
        connectSrc: own,
        frameSrc: own,
        formAction: own,
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    hsts: isSecure && { maxAge: 31_536_000 },
    referrerPolicy: { policy: 'same-origin' as const },
    crossOriginEmbedderPolicy: false,
  };
}

async function compressed(reply: FastifyReply, payload: unknown): Promise<unknown> {
  const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
  const takesBrotli = /\bbr\b/.test(reply.request.headers['accept-encoding'] ?? '');
  if (!isPage || !takesBrotli || typeof payload !== 'string') return payload;
  void reply.header('content-encoding', 'br').header('vary', 'accept-encoding');
  void reply.removeHeader('content-length');
  return compress(payload, FAST);
}

/** Refuses what another site has a person's browser post. */
export function refuseForeignPosts(
  app: FastifyInstance,
  url: string,
  refuse: (request: FastifyRequest, reply: FastifyReply) => unknown,
): void {
  const { host } = new URL(url);
  app.addHook('onRequest', (request, reply, done) => {
    if (request.method === 'GET' || request.method === 'HEAD' || isFromOwnPage(request, host)) {
      return done();
    }
    refuse(request, reply);
  });
}

/** What somebody chose with the button. */
export function themeOf({ cookies }: FastifyRequest): Theme {
  const { theme } = cookies;
  return theme === 'light' || theme === 'dark' ? theme : undefined;
}

/** Pages hold contacts: nobody on the way keeps them. */
export function sendPage(reply: FastifyReply, page: Html, status = 200): FastifyReply {
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page.text);
}

/** What a mail may do inside a frame of ours: show its pictures and its own styles, and nothing else. */
const FRAME_POLICY =
  "sandbox; default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; frame-ancestors 'self'";

/** A mail as somebody gets it, for a frame of one of our pages. */
export function sendFrame(reply: FastifyReply, mail: string): FastifyReply {
  return reply
    .header('content-security-policy', FRAME_POLICY)
    .header('x-frame-options', 'SAMEORIGIN')
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(mail);
}

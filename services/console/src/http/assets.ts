/** Stylesheets, scripts, fonts and icons: read once, compressed when first asked for, served for a year under a name of their contents. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const FOLDER = path.resolve(import.meta.dirname, '../../assets');
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => path.extname(name) in TYPES)
  .sort()
  .map((name) => ({ name, body: readFileSync(path.join(FOLDER, name)) }));
const version = createHash('sha256')
  .update(Buffer.concat(files.flatMap(({ name, body }) => [Buffer.from(name), body])))
  .digest('base64url')
  .slice(0, 12);

/** The address of a file of `assets/`. A new version of any of them changes it. */
export const asset = (name: string) => `/assets/${version}/${name}`;

export function addAssets(app: FastifyInstance): void {
  for (const { name, body } of files) {
    const type = TYPES[path.extname(name)] ?? '';
    let small: Buffer | undefined;
    app.get(asset(name), (request, reply) => {
      const takesBrotli = /\bbr\b/.test(request.headers['accept-encoding'] ?? '');
      void reply.type(type).header('cache-control', 'public, max-age=31536000, immutable');
      if (name.endsWith('.woff2') || !takesBrotli) return reply.send(body);
      small ??= brotliCompressSync(body);
      return reply.header('content-encoding', 'br').header('vary', 'accept-encoding').send(small);
    });
  }
}

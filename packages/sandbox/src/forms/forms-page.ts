/**
 * The forms page: both landing forms to try the product with, under `/forms/`. The browser posts to landing-api
 * itself, from this other origin, as a landing page does. Only the lead's status goes through here, because it
 * needs the admin token, which never leaves this process.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { readFileSync } from 'node:fs';
import type { FormsSettings } from './forms-settings.ts';
import { askStatus } from './lead-status.ts';

const FOLDER = new URL('../../pages/forms/', import.meta.url);
const FILES: Readonly<Record<string, string>> = {
  'forms.css': 'text/css; charset=utf-8',
  'forms.js': 'text/javascript; charset=utf-8',
  'lead-path.js': 'text/javascript; charset=utf-8',
  'lead-steps.js': 'text/javascript; charset=utf-8',
  'people.js': 'text/javascript; charset=utf-8',
  'words.js': 'text/javascript; charset=utf-8',
};

/** The page as a plug-in of the sandbox. Without its settings it still opens, and says what is missing. */
export function formsPage(settings: FormsSettings): {
  name: string;
  mount(app: FastifyInstance): void;
} {
  const publicUrl = settings.publicApiUrl ?? settings.apiUrl;
  return {
    name: 'forms',
    mount(app) {
      app.get('/forms', (_request, reply) => reply.redirect('/forms/'));
      app.get('/forms/', (_request, reply) =>
        sendFile(
          reply.header('content-security-policy', policy(publicUrl)),
          'index.html',
          'text/html; charset=utf-8',
        ),
      );
      for (const [file, type] of Object.entries(FILES)) {
        app.get(`/forms/${file}`, (_request, reply) => sendFile(reply, file, type));
      }
      app.get('/forms/config.json', (_request, reply) =>
        reply.header('cache-control', 'no-store').send({
          apiUrl: publicUrl ?? null,
          hasStatus: settings.apiUrl !== undefined && settings.statusToken !== undefined,
        }),
      );
      app.get<{ Params: { leadId: string } }>(
        '/forms/api/leads/:leadId/status',
        async (request, reply) => {
          const { status, body } = await askStatus(settings, request.params.leadId);
          return reply.code(status).header('cache-control', 'no-store').send(body);
        },
      );
    },
  };
}

/** Scripts and styles from here alone, calls to here and to the API: a hostile name has nothing to run with. */
function policy(apiUrl: string | undefined): string {
  const api = apiUrl === undefined ? '' : ` ${new URL(apiUrl).origin}`;
  return (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    `connect-src 'self'${api}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  );
}

/** Read each time: the page can be worked on while the sandbox runs. */
function sendFile(reply: FastifyReply, file: string, type: string): FastifyReply {
  return reply
    .type(type)
    .header('cache-control', 'no-cache')
    .header('x-content-type-options', 'nosniff')
    .send(readFileSync(new URL(file, FOLDER)));
}

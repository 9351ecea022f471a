/** Texts that people write: what is there, what it looks like, what is wrong with it, new versions and earlier ones. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { checkLinks } from '@leadwire/operations/texts/check-links';
import { textPurposes, type StoredText } from '@leadwire/operations/texts/text-store';
import {
  archiveText,
  readContent,
  restoreText,
  saveText,
  textOf,
} from '@leadwire/operations/texts/texts';
import { checkOwnText } from '@leadwire/templates/own-texts/check-text';
import { addressesIn } from '@leadwire/templates/own-texts/text-addresses';
import { compileOwnText } from '@leadwire/templates/own-texts/own-template';
import { ownTextSchema, textNameSchema } from '@leadwire/templates/own-texts/own-text';
import { showOwnText } from '@leadwire/templates/own-texts/show-text';
import { checkOwnMessage, showOwnMessage } from '@leadwire/templates/own-texts/own-message';
import { TemplateError, type TemplateName } from '@leadwire/templates/templates';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { z } from 'zod';
import { problemsOf } from './answers.ts';
import { actorOf } from './audit.ts';
import type { HttpPorts } from './http-ports.ts';

/** Raw MJML with its text part. */
const LIMIT_BYTES = 512 * 1024;

const params = z.object({ name: textNameSchema });
const versionQuery = z.object({ version: z.coerce.number().int().min(1).optional() });
const success = z.literal(true);
const findingsSchema = z.array(
  z.object({
    level: z.enum(['stop', 'mend', 'know']),
    what: z.string(),
    words: z.string(),
    block: z.number().optional(),
  }),
);
const savedAnswer = z.object({
  success,
  version: z.number(),
  isNew: z.boolean().meta({ description: 'False when it says what the version before says.' }),
  findings: findingsSchema,
});
const listedAnswer = z.object({ success, texts: z.array(z.looseObject({ name: z.string() })) });
const textAnswer = z.object({ success, text: z.looseObject({ content: ownTextSchema }) });
const versionsAnswer = z.object({ success, versions: z.array(z.looseObject({})) });
const base = z.number().int().min(0).meta({
  description: 'The version that this was written on top of, 0 for a new text. Another one: 409.',
});

/** Adds everything under `/api/texts`. */
export function addTextRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const { texts, bus } = ports;
  const partsFor = ({ headers }: FastifyRequest) => ({
    bus,
    texts,
    actor: actorOf(headers),
  });

  typed.get(
    '/api/texts',
    {
      schema: {
        ...about('Every text, the newest first'),
        querystring: z.object({ purpose: z.enum(textPurposes).optional() }),
        response: { 200: listedAnswer, ...problemsOf() },
      },
    },
    async ({ query }) => ({ success: true as const, texts: await texts.list(query.purpose) }),
  );

  typed.get(
    '/api/texts/:name',
    {
      schema: {
        ...about('One text: the version that holds, or the one that is asked for'),
        params,
        querystring: versionQuery,
        response: { 200: textAnswer, ...problemsOf(404) },
      },
    },
    async ({ params: { name }, query }) => ({
      success: true as const,
      text: await textOf(texts, name, query.version),
    }),
  );

  typed.get(
    '/api/texts/:name/versions',
    {
      schema: {
        ...about('Every version, the newest first'),
        params,
        response: { 200: versionsAnswer, ...problemsOf(404) },
      },
    },
    async ({ params: { name } }) => ({
      success: true as const,
      versions: await texts.versions(name),
    }),
  );

  typed.put(
    '/api/texts/:name',
    {
      bodyLimit: LIMIT_BYTES,
      schema: {
        ...about('A new version; what Word left in it is taken out'),
        params,
        body: z.strictObject({
          title: z.string().trim().max(120).default(''),
          purpose: z.enum(textPurposes).default('campaign'),
          base,
          content: z
            .unknown()
            .meta({ description: '{ mail: { subject, preheader, blocks } | null, sms }' }),
        }),
        response: { 200: savedAnswer, ...problemsOf(409, 413, 422) },
      },
    },
    async (request) => {
      const { name } = request.params;
      const saved = await saveText(partsFor(request), { name, ...request.body });
      const findings = await findingsOf({
        ...request.body,
        name,
        content: readContent(request.body.content),
      });
      return { success: true as const, ...saved, findings };
    },
  );

  typed.post(
    '/api/texts/:name/restore',
    {
      schema: {
        ...about('Makes an earlier version the newest one'),
        params,
        body: z.strictObject({ version: z.number().int().min(1), base }),
        response: { 200: savedAnswer.omit({ findings: true }), ...problemsOf(404, 409, 422) },
      },
    },
    async (request) => {
      const { name } = request.params;
      const saved = await restoreText(partsFor(request), { name, ...request.body });
      return { success: true as const, ...saved };
    },
  );

  typed.delete(
    '/api/texts/:name',
    {
      schema: {
        ...about('Offers it no more; its versions stay, and saving or restoring brings it back'),
        params,
        response: { 200: z.object({ success }), ...problemsOf(404) },
      },
    },
    async (request) => {
      await archiveText(partsFor(request), request.params.name);
      return { success: true as const };
    },
  );
  addLookingRoutes(app, ports);
}

/** A message of the product is held to more than a campaign's text, and knows other variables. */
const findingsOf = ({
  name,
  purpose,
  content,
}: Pick<StoredText, 'name' | 'purpose' | 'content'>) =>
  purpose === 'transactional'
    ? checkOwnMessage(name as TemplateName, content)
    : checkOwnText(content);

/** What changes nothing. */
function addLookingRoutes(app: FastifyInstance, { texts, own, publicBaseUrl }: HttpPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const show = async (
    text: Pick<StoredText, 'name' | 'content' | 'purpose'>,
    name: string | null,
  ) => {
    try {
      if (text.purpose === 'transactional') {
        return await showOwnMessage(text.name as TemplateName, text.content, { ...own, name });
      }
      const files = await compileOwnText(text.name, text.content);
      return await showOwnText(files, { ...own, name, publicUrl: publicBaseUrl });
    } catch (thrown) {
      if (!(thrown instanceof TemplateError)) throw thrown;
      const issue = { path: 'content', message: thrown.message };
      throw new RequestError(422, 'the text cannot be put together', [issue]);
    }
  };

  typed.get(
    '/api/texts/:name/preview',
    {
      schema: {
        ...about('What somebody gets of it, exactly as it is sent'),
        params,
        querystring: versionQuery.extend({
          format: z.enum(['html', 'text', 'sms', 'json']).default('json'),
          who: z.string().max(60).optional().meta({ description: 'The name; empty for none.' }),
        }),
        response: { 200: previewAnswers, ...problemsOf(404, 422) },
      },
    },
    async ({ params: { name }, query }, reply) => {
      const { format, version, who } = query;
      const shown = await show(
        await textOf(texts, name, version),
        who === '' ? null : (who ?? 'Айгерим'),
      );
      if (format === 'json') return { success: true as const, ...shown };
      if (format === 'html' && shown.mail) {
        return reply
          .type('text/html; charset=utf-8')
          .header(
            'Content-Security-Policy',
            "sandbox; default-src 'none'; img-src https: http:; style-src 'unsafe-inline'",
          )
          .send(shown.mail.html);
      }
      const plain =
        format === 'text' ? shown.mail?.text : format === 'sms' ? shown.sms?.text : undefined;
      if (plain !== undefined) return reply.type('text/plain; charset=utf-8').send(plain);
      throw new RequestError(404, `this text has no ${format}`);
    },
  );

  typed.post(
    '/api/texts/:name/check',
    {
      schema: {
        ...about('What is to be mended before people get it; asks every link, which takes seconds'),
        params,
        querystring: versionQuery,
        response: { 200: z.object({ success, findings: findingsSchema }), ...problemsOf(404) },
      },
    },
    async ({ params: { name }, query }) => {
      const text = await textOf(texts, name, query.version);
      const [found, links] = await Promise.all([
        findingsOf(text),
        checkLinks(addressesIn(text.content)),
      ]);
      return { success: true as const, findings: [...found, ...links] };
    },
  );
}

const previewAnswers = {
  description: 'The mail and the SMS, or one part of them.',
  content: {
    'application/json': {
      schema: z.object({
        success,
        mail: z.object({ subject: z.string(), html: z.string(), text: z.string() }).nullable(),
        sms: z.object({ text: z.string(), segments: z.number(), encoding: z.string() }).nullable(),
      }),
    },
    'text/html; charset=utf-8': { schema: z.string() },
    'text/plain; charset=utf-8': { schema: z.string() },
  },
};

function about(summary: string) {
  return { tags: ['texts'], summary, security: [{ adminToken: [] }] };
}

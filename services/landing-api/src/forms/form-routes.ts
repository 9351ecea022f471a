/**
 * `POST /api/forms/:form`: leads from page builders and ad platforms, each in its own format, and
 * `POST /api/forms/:form/test`, which shows how a body would be read. Nothing readable is refused for being
 * unexpected: a form that nobody told us of is taken as `request` and flagged, a body without contacts is kept.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { cleanLine, isRecord } from '@leadwire/shared/contacts/clean-text';
import type { Dialect, IntakeForm, RejectReason } from '@leadwire/shared/contract/intake-forms';
import { leadIdFor } from '../intake/intake.ts';
import { RequestError } from '@leadwire/shared/service/http-problems';
import type { Access } from '@leadwire/shared/service/access';
import { customForm, readLead, type Form } from '../handler.ts';
import { HOOKS_PER_MINUTE } from '../webhooks/hook-guards.ts';
import { keptAnswer, strangerAnswer, takenAnswer, type FormAnswer } from './form-answers.ts';
import { FORM_BODY_LIMIT_BYTES, readFormBody, readUrlEncoded } from './form-body.ts';
import type { KnownForms } from './known-forms.ts';
import { createNearFields } from './near-fields.ts';
import { isProven } from './proof.ts';
import { readForm, type FormReading } from './read-form.ts';
import type { Rejects } from './rejects.ts';
import { acceptSubmission, type LandingPorts } from './routes.ts';
import type { Post } from './sent.ts';
import { usableKey } from './submission.ts';

export interface FormPorts extends LandingPorts {
  forms: Pick<KnownForms, 'find'>;
  rejects: Pick<Rejects, 'keep' | 'taken'>;
  access: Access;
}

type FormRequest = FastifyRequest<{ Params: { form: string }; Body: unknown }>;

/** One post on its way: what came, what it was taken for, and who asks. */
interface Arrived {
  slug: string;
  post: Post;
  query: string;
  form: IntakeForm;
  isUnknown: boolean;
  reading: FormReading | undefined;
  /** Somebody with the admin token: a test, or a post that is read once more. */
  isAdmin: boolean;
  /** The kept post that this one repeats. */
  rejectId: string | undefined;
  receivedAt: Date;
}

const WHY: Record<RejectReason, string> = {
  no_contacts: 'neither a phone nor an email was found in the fields',
  unreadable: 'the body is neither JSON nor a form',
  wrong_secret: 'the key of this form is missing or wrong',
  form_off: 'this form is switched off',
};

export function addFormRoutes(app: FastifyInstance, ports: FormPorts): void {
  const tellNear = createNearFields();
  // A scope of its own: bodies stay as they came, signatures are over the bytes.
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    if (ports.guard) scope.addHook('onRequest', ports.guard);
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    const options = {
      bodyLimit: FORM_BODY_LIMIT_BYTES,
      schema: { hide: true },
      config: { rateLimit: { max: HOOKS_PER_MINUTE, timeWindow: 60_000 } },
    };
    scope.post('/api/forms/:form', options, async (request: FormRequest, reply) => {
      const arrived = await arrive(ports, request);
      if (arrived.reading) tellNear(request.log, arrived.slug, arrived.reading);
      return send(reply, await take(ports, request, arrived));
    });
    scope.post('/api/forms/:form/test', options, async (request: FormRequest) => {
      await ports.access.demand(request.headers.authorization, 'admin');
      return describeReading(await arrive(ports, request));
    });
    done();
  });
}

function send(reply: FastifyReply, { status, body }: FormAnswer): FastifyReply {
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  return reply
    .code(status)
    .type(type)
    .send(typeof body === 'string' ? body : JSON.stringify(body));
}

async function arrive({ forms, access, now }: FormPorts, request: FormRequest): Promise<Arrived> {
  const { headers } = request;
  const slug = cleanLine(request.params.form, 64).replace(/[^\p{L}\p{N}_-]/gu, '_') || '_';
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const contentType = headers['content-type'] ?? '';
  const [, query = ''] = /\?(.*)$/s.exec(request.raw.url ?? '') ?? [];
  const { key: _key, ...rest } = readUrlEncoded(query);
  const [body, known] = await Promise.all([readFormBody(raw, contentType), forms.find(slug)]);
  const form = known ?? unknownForm(slug);
  const post: Post = { raw, contentType, headers, query: rest, body };
  const isAdmin = await access.has(headers.authorization, 'admin');
  const [rejectId, receivedAt] = ['x-leadwire-reject', 'x-leadwire-received-at'].map((name) =>
    isAdmin ? [headers[name]].flat()[0] : undefined,
  );
  return {
    slug,
    post,
    query: withoutKey(query),
    form,
    isUnknown: known === undefined,
    reading: readForm(post, form),
    isAdmin,
    rejectId,
    receivedAt: receivedAt === undefined ? now() : new Date(receivedAt),
  };
}

/** Tried in vain with a key that is not the form's, or taken without one: both are for a person to see. */
function unknownForm(slug: string): IntakeForm {
  return { slug, kind: 'request', dialect: 'auto', mapping: {}, secret: null, active: true };
}

function withoutKey(query: string): string {
  const kept = new URLSearchParams(query);
  kept.delete('key');
  return kept.toString();
}

async function take(ports: FormPorts, request: FormRequest, arrived: Arrived): Promise<FormAnswer> {
  const { form, post, reading, isAdmin } = arrived;
  const dialect = dialectOf(arrived);
  const { key } = request.query as { key?: unknown };
  const shown = { key: typeof key === 'string' ? key : undefined };
  if (!isAdmin && !isProven(form, post, shown)) {
    await keep(ports, arrived, 'wrong_secret');
    return strangerAnswer(dialect);
  }
  if (reading?.isTest) return takenAnswer(reading.dialect, { test: true });
  if (!form.active && !isAdmin) return notTaken(ports, arrived, 'form_off');
  if (reading === undefined) return notTaken(ports, arrived, 'unreadable');
  try {
    const { leadId, ...accepted } = await acceptReading(ports, request, { ...arrived, reading });
    ports.rejects.taken(arrived.slug);
    return takenAnswer(reading.dialect, { leadId, ...accepted });
  } catch (thrown) {
    const isUnreachable = thrown instanceof RequestError && thrown.statusCode === 400;
    if (!isUnreachable) throw thrown;
    return notTaken(ports, arrived, 'no_contacts');
  }
}

async function acceptReading(
  ports: FormPorts,
  request: FormRequest,
  arrived: Arrived & { reading: FormReading },
) {
  const { headers, log } = request;
  const { form, isUnknown, reading, rejectId, receivedAt } = arrived;
  const own =
    usableKey([headers['idempotency-key']].flat()[0]) ||
    reading.id ||
    (rejectId === undefined ? undefined : `reject:${rejectId}`);
  const key = own === undefined ? undefined : `form:${form.slug}:${own}`;
  const { referer, cookie } = headers;
  const { submissionId: _, ...body } = reading.submission;
  const isPassed = await isChallengePassed(ports, request, arrived);
  // What a sender says of its form and the moment may be another at each try of one id; whom it is about is not.
  const { metadata: __, ...told } = body;
  const content = key === undefined ? body : told;
  return acceptSubmission(
    { ...ports, now: () => receivedAt },
    { body, key, log, traces: { referer, cookie }, isChallengeFailed: !isPassed, content },
    leadFormOf(form, isUnknown),
  );
}

/**
 * Asked for where the form's mapping names the field that carries the widget's token. A builder posts from its own
 * server and has no such field, as long as nobody put the widget on its page. A kept post's token is long spent.
 */
async function isChallengePassed(
  { challenge }: FormPorts,
  { headers, ip }: FormRequest,
  { form, isAdmin, reading }: Arrived & { reading: FormReading },
): Promise<boolean> {
  const isAsked = Object.values(form.mapping).includes('challenge');
  if (challenge === undefined || !isAsked || isAdmin) return true;
  return challenge(reading.challengeToken, headers.origin === undefined ? undefined : ip);
}

function leadFormOf(form: IntakeForm, isUnknown: boolean): Form {
  return { ...customForm(form), ...(isUnknown && { isUnknown }) };
}

function dialectOf({ reading, form }: Arrived): Dialect | undefined {
  return reading?.dialect ?? (form.dialect === 'auto' ? undefined : form.dialect);
}

/** A kept post that still cannot be read stays the one it is. */
async function notTaken(
  ports: FormPorts,
  arrived: Arrived,
  reason: RejectReason,
): Promise<FormAnswer> {
  if (arrived.rejectId !== undefined) throw new RequestError(422, WHY[reason], [], { reason });
  await keep(ports, arrived, reason);
  return keptAnswer(dialectOf(arrived), WHY[reason]);
}

async function keep({ rejects }: FormPorts, arrived: Arrived, reason: RejectReason): Promise<void> {
  const { slug, post, query, reading, receivedAt } = arrived;
  const text = post.raw.toString('utf8');
  const isText = !text.includes('\0') && Buffer.from(text, 'utf8').equals(post.raw);
  const dialect = dialectOf(arrived);
  await rejects.keep({
    form: slug,
    ...(dialect !== undefined && { dialect }),
    reason,
    fields: (reading?.fields ?? []).map(({ name }) => cleanLine(name, 60)).slice(0, 50),
    contentType: cleanLine(post.contentType, 200),
    query,
    body: isText ? text : post.raw.toString('base64'),
    encoding: isText ? 'utf8' : 'base64',
    receivedAt: receivedAt.toISOString(),
  });
}

/** How the post would be read; the lead has an id that is never used. */
function describeReading(arrived: Arrived): object {
  const { form, isUnknown, reading, post, receivedAt } = arrived;
  const about = { form: form.slug, known: !isUnknown, kind: form.kind, active: form.active };
  if (reading === undefined) return { ...about, readable: false, why: WHY.unreadable };
  const { dialect, id, isTest, fields, submission } = reading;
  const { referer, cookie } = post.headers;
  const stamp = { leadId: leadIdFor(undefined), receivedAt, traces: { referer, cookie } };
  const { submissionId: _, ...body } = submission;
  const lead = readLead(body, leadFormOf(form, isUnknown), stamp);
  return {
    ...about,
    readable: lead.issues === undefined,
    dialect,
    test: isTest,
    id: id ?? null,
    fields,
    ...(lead.issues === undefined ? { lead: withoutId(lead.lead) } : { why: WHY.no_contacts }),
  };
}

function withoutId(lead: object): object {
  const { leadId: _, ...rest } = lead as { leadId?: string };
  return isRecord(rest) ? rest : {};
}

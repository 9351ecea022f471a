/** Resend's paths: sending, and reading back what was sent. */
import type { ProviderAnswer, ProviderRequest } from '../../world/provider.ts';
import type { World } from '../../world/provider.ts';
import { FaultCutError } from '../../world/provider.ts';
import { done, ResendError } from './answers.ts';
import { checkMail, checkSchedule } from './check-mail.ts';
import { hashPayload, readIdempotencyKey, type Idempotency } from './idempotency.ts';
import {
  recipientsOf,
  wireTime,
  type Mail,
  type MailDraft,
  type MailStatus,
} from '../store/mail.ts';
import type { Mailbox } from '../store/mailbox.ts';
import type { Quota } from './quota.ts';
import type { ResendSettings } from '../lifecycle/settings.ts';

export type ResendParts = {
  world: World;
  settings: () => ResendSettings;
  mailbox: Mailbox;
  idempotency: Idempotency;
  quota: Quota;
};

type Handler = (
  request: ProviderRequest,
  parts: ResendParts,
  id: string,
) => ProviderAnswer | Promise<ProviderAnswer>;
export type ResendRoute = { method: string; path: RegExp; sends: boolean; handle: Handler };

const MOST_IN_BATCH = 100;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** All routes; a key that may only send reaches those with `sends`. */
export const resendRoutes: ResendRoute[] = [
  { method: 'POST', path: /^\/emails$/, sends: true, handle: sendOne },
  { method: 'POST', path: /^\/emails\/batch$/, sends: true, handle: sendBatch },
  { method: 'GET', path: /^\/emails$/, sends: false, handle: listMails },
  { method: 'GET', path: /^\/emails\/([^/]+)$/, sends: false, handle: readMail },
  { method: 'PATCH', path: /^\/emails\/([^/]+)$/, sends: false, handle: rescheduleMail },
  { method: 'POST', path: /^\/emails\/([^/]+)\/cancel$/, sends: false, handle: cancelMail },
];

function sendOne(request: ProviderRequest, parts: ResendParts): Promise<ProviderAnswer> {
  const body = readJson(request);
  return sendUnderKey(request, parts, (key) => {
    const draft = checkMail(body, parts.settings(), parts.world.clock.now(), false);
    return { drafts: [draft], answer: (ids) => done({ id: ids[0] }), key };
  });
}

function sendBatch(request: ProviderRequest, parts: ResendParts): Promise<ProviderAnswer> {
  const body = readJson(request);
  const permissive = readValidationMode(request) === 'permissive';
  return sendUnderKey(request, parts, (key) => {
    const { drafts, errors } = checkBatch(body, parts, permissive);
    const answer = (ids: string[]) => {
      const data = ids.map((id) => ({ id }));
      return done(permissive ? { data, errors } : { data });
    };
    return { drafts, answer, key };
  });
}

type Sending = {
  drafts: MailDraft[];
  answer: (ids: string[]) => ProviderAnswer;
  key: string | undefined;
};

/** The one way in which mails are taken in: key, checks, quota, effect, answer, in this order. */
async function sendUnderKey(
  request: ProviderRequest,
  parts: ResendParts,
  prepare: (key: string | undefined) => Sending,
): Promise<ProviderAnswer> {
  const { idempotency } = parts;
  const key = readIdempotencyKey(request.headers['idempotency-key']);
  if (key !== undefined) {
    const stored = idempotency.begin(key, hashPayload(request.path, request.body));
    if (stored !== null) return stored;
  }
  let happened = false;
  try {
    const sending = prepare(key);
    parts.quota.check(countRecipients(sending.drafts));
    await request.pass('before-effect');
    const answer = takeEffect(sending, parts);
    happened = true;
    await request.pass('after-effect');
    if (key !== undefined) idempotency.finish(key, answer);
    return answer;
  } catch (error) {
    if (key !== undefined) settleFailure(key, happened, error, parts);
    throw error;
  }
}

/** Mails, quota and key become true together: one line on disk, before anybody is answered. */
function takeEffect({ drafts, answer, key }: Sending, parts: ResendParts): ProviderAnswer {
  return parts.world.store.transaction(() => {
    const ids = drafts.map((draft) => parts.mailbox.accept(draft, key ?? null));
    parts.quota.count(countRecipients(drafts));
    const answered = answer(ids);
    if (key !== undefined) parts.idempotency.effectHappened(key, answered);
    return answered;
  });
}

function settleFailure(key: string, happened: boolean, error: unknown, parts: ResendParts): void {
  const answer = error instanceof FaultCutError ? error.answer : null;
  const isServerError = answer !== null && answer.status >= 500;
  if (isServerError && parts.settings().storeServerErrorsUnderKey)
    parts.idempotency.finish(key, answer);
  else if (happened) parts.idempotency.crash(key);
  else parts.idempotency.release(key);
}

function countRecipients(drafts: MailDraft[]): number {
  return drafts.reduce((sum, draft) => sum + recipientsOf(draft).length, 0);
}

function checkBatch(body: unknown, { settings, world }: ResendParts, permissive: boolean) {
  if (!Array.isArray(body) || body.length < 1 || body.length > MOST_IN_BATCH) {
    throw new ResendError(
      422,
      'validation_error',
      `The body must be an array of 1 to ${MOST_IN_BATCH} emails.`,
    );
  }
  const drafts: MailDraft[] = [];
  const errors: { index: number; message: string }[] = [];
  for (const [index, item] of body.entries()) {
    try {
      drafts.push(checkMail(item, settings(), world.clock.now(), true));
    } catch (error) {
      if (!permissive || !(error instanceof ResendError)) throw error;
      errors.push({ index, message: error.message });
    }
  }
  return { drafts, errors };
}

function readValidationMode(request: ProviderRequest): string {
  const mode = request.headers['x-batch-validation'] ?? 'strict';
  if (mode === 'strict' || mode === 'permissive') return mode;
  throw new ResendError(
    422,
    'validation_error',
    'The `x-batch-validation` header must be strict or permissive.',
  );
}

/** Throws as Resend does for a body that is no JSON, or is not called JSON. */
function readJson(request: ProviderRequest): unknown {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\b/i.test(type)) {
    throw new ResendError(
      422,
      'validation_error',
      'The `Content-Type` header must be `application/json`.',
    );
  }
  try {
    return JSON.parse(request.body.toString('utf8')) as unknown;
  } catch {
    throw new ResendError(400, 'validation_error', 'The request body is not valid JSON.');
  }
}

function findMail(parts: ResendParts, id: string): { mail: Mail; status: MailStatus } {
  if (!UUID.test(id))
    throw new ResendError(422, 'invalid_parameter', 'The `id` must be a valid UUID.');
  const [mail, status] = [parts.mailbox.get(id), parts.mailbox.status(id)];
  if (mail === undefined || status === undefined)
    throw new ResendError(404, 'not_found', 'Email not found');
  return { mail, status };
}

function readMail(_request: ProviderRequest, parts: ResendParts, id: string): ProviderAnswer {
  const { mail, status } = findMail(parts, id);
  return done({
    object: 'email',
    ...listItem(mail, status),
    html: mail.html,
    text: mail.text,
    ...(mail.tags.length > 0 && { tags: mail.tags }),
    ...(mail.topicId !== null && { topic_id: mail.topicId }),
  });
}

/** What a list shows of a mail: no html, text, tags or object. */
function listItem(mail: Mail, status: MailStatus) {
  return {
    id: mail.id,
    message_id: mail.messageId,
    to: mail.to,
    from: mail.from,
    created_at: wireTime(mail.createdAt),
    subject: mail.subject,
    bcc: mail.bcc,
    cc: mail.cc,
    reply_to: mail.replyTo,
    last_event: status.lastEvent,
    scheduled_at: status.scheduledAt === null ? null : wireTime(status.scheduledAt),
  };
}

function listMails(request: ProviderRequest, parts: ResendParts): ProviderAnswer {
  const query = new URLSearchParams(request.query);
  const limit = Number(query.get('limit') ?? 20);
  const [after, before] = [query.get('after'), query.get('before')];
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new ResendError(
      422,
      'validation_error',
      'The `limit` parameter must be between 1 and 100.',
    );
  }
  if (after !== null && before !== null) {
    throw new ResendError(422, 'validation_error', 'Use either `after` or `before`, not both.');
  }
  for (const id of [after, before]) if (id !== null) findMail(parts, id);
  const all = parts.mailbox.newestFirst();
  const place = (id: string): number => all.findIndex((mail) => mail.id === id);
  const rest = after === null ? all : all.slice(place(after) + 1);
  const page =
    before === null
      ? rest.slice(0, limit)
      : all.slice(Math.max(place(before) - limit, 0), place(before));
  const hasMore = before === null ? rest.length > limit : place(before) > limit;
  const data = page.map((mail) => listItem(mail, findMail(parts, mail.id).status));
  return done({ object: 'list', has_more: hasMore, data });
}

function requireScheduled(parts: ResendParts, id: string): void {
  const { status } = findMail(parts, id);
  if (status.lastEvent === 'scheduled') return;
  throw new ResendError(
    422,
    'validation_error',
    'Only scheduled emails can be changed or canceled.',
  );
}

function rescheduleMail(request: ProviderRequest, parts: ResendParts, id: string): ProviderAnswer {
  requireScheduled(parts, id);
  const body = readJson(request) as { scheduled_at?: unknown } | null;
  const given = body?.scheduled_at;
  if (typeof given !== 'string') {
    throw new ResendError(422, 'missing_required_field', 'Missing `scheduled_at` field.');
  }
  const now = parts.world.clock.now();
  parts.mailbox.reschedule(id, checkSchedule(given, now) ?? now);
  return done({ object: 'email', id });
}

function cancelMail(_request: ProviderRequest, parts: ResendParts, id: string): ProviderAnswer {
  requireScheduled(parts, id);
  parts.mailbox.move(id, 'canceled');
  return done({ object: 'email', id });
}

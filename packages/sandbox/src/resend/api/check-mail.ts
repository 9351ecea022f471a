/** The rules that a mail must keep before Resend takes it, in the order in which they are looked at. */
import { ResendError } from './answers.ts';
import {
  domainOf,
  mailBodySchema,
  textFromHtml,
  type MailBody,
  type MailDraft,
} from '../store/mail.ts';
import type { ResendSettings } from '../lifecycle/settings.ts';

const ADDRESS = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+\.[^\s@<>,;:"()[\]\\]{2,}$/;
const TAG = /^[A-Za-z0-9_-]{1,256}$/;
const MOST_RECIPIENTS = 50;
const DAY_MS = 24 * 3600 * 1000;
const LATEST_SCHEDULE_MS = 30 * DAY_MS;
const LARGEST_MAIL_BYTES = 40 * 1024 * 1024;
/** Domains of documentation: refused, so that nobody warms a domain with bounces (docs KB). */
const PLACEHOLDER_DOMAINS = ['example.com', 'example.org', 'example.net', 'test.com'];
/** The vendor's own domain takes mail for tests, and lets those without a domain send to themselves only. */
const VENDOR_DOMAIN = 'resend.dev';

const invalid = (message: string) => new ResendError(422, 'validation_error', message);
const missing = (message: string) => new ResendError(422, 'missing_required_field', message);

/**
 * Turns a wire body into a draft. Throws ResendError as the vendor would answer.
 * `inBatch`: attachments are not allowed there.
 */
export function checkMail(
  input: unknown,
  settings: ResendSettings,
  now: number,
  inBatch: boolean,
): MailDraft {
  const body = readShape(input);
  const from = checkFrom(body, settings);
  const to = checkTo(body);
  if (body.subject === undefined && body.template === undefined)
    throw missing('Missing `subject` field.');
  checkContent(body);
  checkTags(body);
  const attachments = checkAttachments(body, inBatch);
  const html = body.html ?? (body.template ? `<p>template ${body.template.id}</p>` : null);
  const derived = html === null ? null : textFromHtml(html);
  return {
    from,
    to,
    cc: checkMailboxes('cc', body.cc),
    bcc: checkMailboxes('bcc', body.bcc),
    replyTo: checkMailboxes('reply_to', body.reply_to),
    subject: body.subject ?? '',
    html,
    // `text: ""` is the documented way to say: no text part.
    text: body.text === '' ? null : (body.text ?? derived),
    headers: body.headers ?? {},
    tags: body.tags ?? [],
    attachments,
    topicId: body.topic_id ?? null,
    scheduledAt: checkSchedule(body.scheduled_at, now),
  };
}

function readShape(input: unknown): MailBody {
  const parsed = mailBodySchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw invalid(
    field === '' ? 'The request body must be an object.' : `Invalid \`${field}\` field.`,
  );
}

function checkFrom(body: MailBody, settings: ResendSettings): string {
  if (body.from === undefined) throw missing('Missing `from` field.');
  checkMailboxes('from', body.from);
  const domain = domainOf(body.from);
  if (settings.verifiedDomains.map((each) => each.toLowerCase()).includes(domain)) return body.from;
  const words =
    domain === VENDOR_DOMAIN
      ? 'You can only send testing emails to your own email address. To send emails to other recipients, please verify a domain at resend.com/domains, and change the `from` address to an email using this domain.'
      : `The ${domain} domain is not verified. Please, add and verify your domain on https://resend.com/domains`;
  throw new ResendError(403, 'validation_error', words);
}

function checkTo(body: MailBody): string[] {
  const to = checkMailboxes('to', body.to);
  if (to === null || to.length === 0) throw missing('Missing `to` field.');
  if (to.length > MOST_RECIPIENTS)
    throw invalid(`The \`to\` field accepts at most ${MOST_RECIPIENTS} addresses.`);
  return to;
}

function checkMailboxes(field: string, given: string | string[] | undefined): string[] | null {
  if (given === undefined) return null;
  const list = Array.isArray(given) ? given : [given];
  for (const mailbox of list) {
    // A line break would end the header and start another one.
    if (/[\r\n]/.test(mailbox) || !ADDRESS.test(mailboxAddress(mailbox))) {
      throw invalid(
        `Invalid \`${field}\` field. The email address needs to follow the \`email@example.com\` or \`Name <email@example.com>\` format.`,
      );
    }
    if (PLACEHOLDER_DOMAINS.includes(domainOf(mailbox))) {
      throw invalid(
        `Invalid \`${field}\` field. Please use our testing email address instead of domains like \`example.com\`.`,
      );
    }
  }
  return list;
}

function mailboxAddress(mailbox: string): string {
  return (/^[^<>]*<([^<>]+)>$/.exec(mailbox.trim())?.[1] ?? mailbox).trim();
}

function checkContent(body: MailBody): void {
  if (body.template !== undefined) {
    if (body.html !== undefined || body.text !== undefined) {
      throw invalid('The `template` field cannot be used together with `html` or `text`.');
    }
    return;
  }
  if (body.html === undefined && body.text === undefined)
    throw missing('Missing `html` or `text` field.');
}

function checkTags(body: MailBody): void {
  for (const { name, value } of body.tags ?? []) {
    if (TAG.test(name) && TAG.test(value)) continue;
    throw invalid(
      'Tags should only contain ASCII letters, numbers, underscores, or dashes, and be at most 256 characters long.',
    );
  }
}

function checkAttachments(body: MailBody, inBatch: boolean): MailDraft['attachments'] {
  const attachments = body.attachments ?? [];
  if (inBatch && attachments.length > 0)
    throw invalid('The `attachments` field is not supported in batch.');
  const size = attachments.reduce((sum, each) => sum + (each.content?.length ?? 0), 0);
  if (size > LARGEST_MAIL_BYTES) throw invalid('The email is larger than 40 MB after encoding.');
  return attachments.map((each) => {
    if (each.content === undefined && each.path === undefined) {
      throw new ResendError(
        422,
        'invalid_attachment',
        'Attachment must have either a `content` or `path`.',
      );
    }
    return {
      filename: each.filename ?? 'attachment',
      contentType: each.content_type ?? null,
      bytes: Math.floor(((each.content?.length ?? 0) * 3) / 4),
    };
  });
}

/** ISO 8601 as documented; of the English phrases only `in N min|minutes|hours|days`. */
export function checkSchedule(given: string | undefined, now: number): number | null {
  if (given === undefined) return null;
  const phrase = /^in (\d+) (min|minute|hour|day)s?$/i.exec(given.trim());
  const unit = { min: 60_000, minute: 60_000, hour: 3_600_000, day: DAY_MS };
  const at = phrase
    ? now + Number(phrase[1]) * unit[phrase[2]?.toLowerCase() as keyof typeof unit]
    : Date.parse(given);
  if (Number.isNaN(at)) throw invalid('Invalid `scheduled_at` field.');
  if (at - now > LATEST_SCHEDULE_MS)
    throw invalid('The `scheduled_at` field is more than 30 days ahead.');
  return at <= now ? null : at;
}

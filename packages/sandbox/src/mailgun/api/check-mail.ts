/** The rules that a request to send must keep. Read from a form; a multipart one, for attachments, is not played. */
import { addressOf } from '../../resend/store/mail.ts';
import type { ProviderRequest } from '../../world/provider.ts';
import type { MailgunDraft } from '../store/mails.ts';
import { MailgunError } from './answers.ts';

const ADDRESS = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+\.[^\s@<>,;:"()[\]\\]{2,}$/;
const MOST_RECIPIENTS = 1_000;
const LARGEST_MAIL_BYTES = 25 * 1024 * 1024;
/** All `o:`, `h:` and `v:` parameters together. */
const MOST_OPTION_BYTES = 16 * 1024;
const MOST_TAGS = 10;

const bad = (message: string) => new MailgunError(400, message);

/** @throws MailgunError as the vendor would answer. */
export function checkMail(request: ProviderRequest): MailgunDraft {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {
    throw bad('from parameter is missing');
  }
  if (request.body.length > LARGEST_MAIL_BYTES) throw new MailgunError(413, 'Payload Too Large');
  const form = new URLSearchParams(request.body.toString('utf8'));
  const from = form.get('from');
  if (!from) throw bad('from parameter is missing');
  if (!ADDRESS.test(addressOf(from))) throw bad("'from' parameter is not a valid address");
  const to = form
    .getAll('to')
    .flatMap((each) => each.split(','))
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (to.length === 0) throw bad('to parameter is missing');
  if (to.length > MOST_RECIPIENTS) throw bad(`to parameter exceeds ${MOST_RECIPIENTS} recipients`);
  if (to.some((each) => !ADDRESS.test(addressOf(each)))) {
    throw bad("'to' parameter is not a valid address. please check documentation");
  }
  const [html, text] = [form.get('html'), form.get('text')];
  if (!html && !text) {
    throw bad("Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified");
  }
  const tags = form.getAll('o:tag');
  if (tags.length > MOST_TAGS) throw bad(`o:tag exceeds ${MOST_TAGS} tags`);
  checkOptions(form);
  const named = (prefix: string) =>
    Object.fromEntries(
      [...form]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
  return {
    from,
    to,
    html,
    text,
    tags,
    subject: form.get('subject') ?? '',
    headers: named('h:'),
    variables: named('v:'),
    isTest: ['yes', 'true', 'True'].includes(form.get('o:testmode') ?? ''),
  };
}

function checkOptions(form: URLSearchParams): void {
  const bytes = [...form]
    .filter(([name]) => /^[ohv]:/.test(name))
    .reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (bytes > MOST_OPTION_BYTES) throw bad('o:, h:, v: and t: parameters exceed 16kB');
}

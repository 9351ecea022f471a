/**
 * How each sender writes a lead, field by field. A dialect says whether a post is its, and takes the sender's
 * wrapping off; what a field means is decided by its names afterwards (field-names.ts). Where the formats
 * are described: docs/FORMS.md.
 */
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import type { Dialect } from '@leadwire/shared/contract/intake-forms';
import { facebook, googleAds } from './dialects-ads.ts';
import { googleForms, jotform, typeform } from './dialects-surveys.ts';
import type { DialectReader } from './dialect-reader.ts';
import { fieldsOf, pick, textOf } from './fields-of.ts';
import type { Post, Sent } from './sent.ts';

/**
 * Tilda's classic webhook: `$_POST`, renameable names, an id that stays over retries, `test=test` on connecting.
 * `COOKIES` has TILDAUTM, its own memory of the last visit with tags.
 */
const tilda: DialectReader = {
  fits: (_post, body) =>
    'tranid' in body || isTildaTest(body) || ('formid' in body && 'COOKIES' in body),
  read(body) {
    const { payment, ...fields } = body;
    const { meta, rest } = pick(fields, ['tranid', 'formid', 'formname', 'pageid', 'projectid']);
    const paid = isRecord(payment) ? payment : undefined;
    return {
      fields: [
        ...fieldsOf(rest),
        ...(paid ? fieldsOf(pick(paid, ['sys', 'systranid']).rest, 'payment_') : []),
        ...(paid && 'sys' in paid ? [{ names: ['payment_system'], value: paid['sys'] }] : []),
        ...(payment !== undefined && !paid ? [{ names: ['payment'], value: payment }] : []),
      ],
      id: textOf(body['tranid']),
      isTest: isTildaTest(body),
      meta,
    };
  },
};

function isTildaTest(body: Record<string, unknown>): boolean {
  return body['test'] === 'test' && Object.keys(body).length === 1;
}

/** Contact Form 7 through "CF7 to Webhook": the form's tag names, check boxes as lists, no id. */
const cf7: DialectReader = {
  fits: (_post, body) => Object.keys(body).some((key) => /^your-|^_wpcf7/.test(key)),
  read(body) {
    const technical = Object.keys(body).filter((key) => key.startsWith('_wpcf7'));
    const { meta, rest } = pick(body, technical);
    return { fields: fieldsOf(rest), meta };
  },
};

const ELEMENTOR_META = [
  'form_id',
  'form_name',
  'No Label form_id',
  'Date',
  'Time',
  'User Agent',
  'Remote IP',
  'Powered by',
  'Дата',
  'Время',
  'Юзер-агент',
  'IP-адрес',
  'Удаленный IP',
  'Удалённый IP',
];

/** Elementor Pro: labels as names (simple), or id, type, title and value of every field (advanced data). */
const elementor: DialectReader = {
  fits: (_post, body) =>
    'form_fields' in body ||
    (isRecord(body['fields']) && (isRecord(body['form']) || isRecord(body['meta']))) ||
    ('form_id' in body && 'form_name' in body),
  read(body) {
    const { form, fields, meta: about, form_fields: plainFields, ...rest } = body;
    if (isRecord(fields)) {
      return {
        fields: [...titled(fields), ...titled(about)],
        meta: isRecord(form) ? { form } : {},
      };
    }
    const { meta, rest: labelled } = pick(rest, ELEMENTOR_META);
    return { fields: [...fieldsOf(plainFields), ...fieldsOf(labelled), ...fieldsOf(about)], meta };
  },
};

/** `{ <id>: { id, title, value } }`, for Elementor's fields and for what it knows of the page. */
function titled(group: unknown): Sent['fields'] {
  if (!isRecord(group)) return [];
  return Object.entries(group).map(([id, field]) =>
    isRecord(field)
      ? { names: [id, textOf(field['title']) ?? ''], value: field['raw_value'] ?? field['value'] }
      : { names: [id], value: field },
  );
}

/** WPForms Webhooks: names chosen by whoever set it up; the entry's id when they mapped it. */
const wpforms: DialectReader = {
  fits: ({ headers }, body) => 'x-wpforms-webhook-id' in headers || 'entry_id' in body,
  read(body) {
    const { meta, rest } = pick(body, ['entry_id', 'form_id', 'form_name', 'date']);
    return { fields: fieldsOf(rest), id: textOf(body['entry_id']), meta };
  },
};

const GRAVITY_META = [
  'id',
  'form_id',
  'post_id',
  'date_created',
  'date_updated',
  'is_starred',
  'is_read',
  'ip',
  'user_agent',
  'currency',
  'payment_status',
  'payment_date',
  'payment_amount',
  'status',
  'transaction_id',
  'is_fulfilled',
  'created_by',
  'transaction_type',
  'source_id',
];

/** Gravity Forms Webhooks: an entry with values by the number of their input; `1.3` and `1.6` are a name's parts. */
const gravity: DialectReader = {
  fits: (_post, body) => 'form_id' in body && Object.keys(body).some(isInputNumber),
  read(body) {
    const { meta, rest } = pick(body, GRAVITY_META);
    return {
      fields: fieldsOf(rest).map((field) => {
        const [name = ''] = field.names;
        const [input] = name.split('.');
        // An address has parts 3 and 6 too, and always a part 1.
        const isAddress = `${input}.1` in rest;
        // A consent field: 1 when ticked, then its words, then the revision of its text.
        const isConsent = rest[`${input}.1`] === '1' && CONSENT.test(String(rest[`${input}.2`]));
        if (isConsent && name === `${input}.1`) return { ...field, as: 'consent' as const };
        if (isConsent && name === `${input}.2`) return { ...field, as: 'consentText' as const };
        if (/^\d+\.3$/.test(name) && !isAddress) return { ...field, as: 'firstName' as const };
        if (/^\d+\.6$/.test(name) && !isAddress) return { ...field, as: 'lastName' as const };
        return field;
      }),
      id: textOf(body['id']),
      meta,
    };
  },
};

const CONSENT = /соглас|персональн|agree|consent|personal|келіс/i;

function isInputNumber(key: string): boolean {
  return /^\d+(\.\d+)?$/.test(key);
}

const JSON_IDS = [
  'submissionId',
  'submission_id',
  'tranid',
  'external_id',
  'externalId',
  'lead_id',
];

/** Our own format, and whatever is close to it. */
const json: DialectReader = {
  fits: () => true,
  read(body) {
    const id = JSON_IDS.map((name) => textOf(body[name])).find((each) => each !== undefined);
    return { fields: fieldsOf(body), id };
  },
};

/** In the order in which a post is tried: those with marks of their own first. */
export const dialectReaders: Readonly<Record<Dialect, DialectReader>> = {
  'google-ads': googleAds,
  typeform,
  facebook,
  jotform,
  'google-forms': googleForms,
  tilda,
  elementor,
  gravity,
  wpforms,
  cf7,
  json,
};

/** Which dialect a post is in. */
export function detectDialect(post: Post, body: Record<string, unknown>): Dialect {
  const names = Object.keys(dialectReaders) as Dialect[];
  return names.find((name) => dialectReaders[name].fits(post, body)) ?? 'json';
}

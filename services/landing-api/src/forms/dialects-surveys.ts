/** Questionnaires, whose fields are questions with answers: Google Forms, Typeform, Jotform. */
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import type { OurField } from '@leadwire/shared/contract/intake-forms';
import type { DialectReader } from './dialect-reader.ts';
import { fieldsOf, recordsOf, textOf, unwrap } from './fields-of.ts';
import { parseJson } from './form-body.ts';
import type { SentField } from './sent.ts';

/**
 * Our own Apps Script (`{ responseId, answers }`), a sheet's event (`namedValues`), or a form's list of
 * `{ item_title, response }`.
 */
export const googleForms: DialectReader = {
  fits: (_post, body) =>
    isRecord(body['namedValues']) ||
    ('responseId' in body && isRecord(body['answers'])) ||
    recordsOf(body['items']).some((item) => 'item_title' in item),
  read(body) {
    const questions = [...fieldsOf(body['answers']), ...fieldsOf(body['namedValues'])];
    const items = recordsOf(body['items']).map((item) => ({
      names: [textOf(item['item_title']) ?? ''],
      value: item['response'],
    }));
    const { responseId, answers: _, namedValues: _values, items: _items, ...meta } = body;
    return {
      fields: [...questions, ...items].map(({ names, value }) => ({ names, value: unwrap(value) })),
      id: textOf(responseId),
      meta,
    };
  },
};

const TYPEFORM_TYPES: Readonly<Record<string, OurField>> = {
  email: 'email',
  phone_number: 'phone',
};

/** https://www.typeform.com/developers/webhooks/: the token names the response; `hidden` has the tags. */
export const typeform: DialectReader = {
  fits: (_post, body) => isRecord(body['form_response']),
  read(body) {
    const response = isRecord(body['form_response']) ? body['form_response'] : {};
    const definition = isRecord(response['definition']) ? response['definition'] : {};
    const titles = new Map(
      recordsOf(definition['fields']).map((field) => [field['id'], textOf(field['title'])]),
    );
    return {
      fields: [
        ...recordsOf(response['answers']).map((answer) => typeformAnswer(answer, titles)),
        ...fieldsOf(response['hidden']),
      ],
      id: textOf(response['token']),
      meta: { form_id: response['form_id'], submitted_at: response['submitted_at'] },
    };
  },
};

function typeformAnswer(
  answer: Record<string, unknown>,
  titles: ReadonlyMap<unknown, string | undefined>,
): SentField {
  const type = textOf(answer['type']) ?? '';
  const field = isRecord(answer['field']) ? answer['field'] : {};
  const names = [titles.get(field['id']), textOf(field['ref']), textOf(field['id'])];
  const as = TYPEFORM_TYPES[type];
  return {
    names: names.filter((name) => name !== undefined),
    value: typeformValue(answer[type]),
    ...(as && { as }),
  };
}

/** `choice: { label }`, `choices: { labels }`, or the value itself. */
function typeformValue(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return value['label'] ?? value['labels'] ?? value['other'] ?? value;
}

/** Jotform: multipart with the answers as JSON in `rawRequest`, named `q3_name`. */
export const jotform: DialectReader = {
  fits: (_post, body) => 'rawRequest' in body || ('formID' in body && 'submissionID' in body),
  read(body) {
    const { rawRequest, formID, submissionID, formTitle } = body;
    const answers = typeof rawRequest === 'string' ? parseJson(rawRequest) : rawRequest;
    const fields = fieldsOf(isRecord(answers) ? answers : body);
    return {
      fields: fields.flatMap(({ names: [name = ''], value }) => {
        const [, plainName] = /^q\d+_(.+)$/.exec(name) ?? [];
        // Hidden fields that somebody named by hand have no number; Jotform's own workings are dropped.
        if (plainName === undefined && !/utm|clid|page|referrer/i.test(name)) return [];
        return [{ names: [plainName ?? name], value: jotformValue(value) }];
      }),
      id: textOf(submissionID),
      meta: { formID, formTitle },
    };
  },
};

/** `{ first, last }`, `{ area, phone }`, `{ full }`: the parts in a line. */
function jotformValue(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const parts = Object.values(value).map(textOf);
  return parts.every((part) => part !== undefined) ? parts.join(' ') : value;
}

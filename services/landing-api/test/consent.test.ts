/** Consent as forms send it: when, to which words, and nothing that nobody agreed to. */
import { describe, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { readForm } from '../src/forms/read-form.ts';
import { customForm, readLead } from '../src/handler.ts';

const receivedAt = new Date('2026-11-20T10:00:00Z');
const now = receivedAt.toISOString();
const WORDS = 'Согласен на обработку персональных данных';

function leadOf(body: Record<string, unknown>, mapping: Record<string, string> = {}) {
  const post = { raw: Buffer.alloc(0), contentType: '', headers: {}, query: {}, body };
  const reading = readForm(post, { dialect: 'auto', mapping });
  const form = customForm({ slug: 'spring', kind: 'request' });
  const lead = readLead(reading!.submission, form, { leadId: newId(), receivedAt });
  if (lead.issues !== undefined) throw new Error(JSON.stringify(lead.issues));
  return lead.lead;
}

const person = { name: 'Айсулу', phone: '87000000101' };
const advanced = (id: string, value: string, title: string) => ({
  form: { id: '1' },
  fields: {
    phone: { id: 'phone', title: 'Телефон', value: '87000000101' },
    [id]: { id, type: 'acceptance', title, value },
  },
});
const typeform = (answer: object) => ({
  form_response: {
    token: 't',
    definition: { fields: [{ id: 'f1', title: WORDS }] },
    answers: [
      { type: 'phone_number', phone_number: '+77000000101', field: { id: 'f0' } },
      { field: { id: 'f1' }, ...answer },
    ],
  },
});

describe('consent is read from', () => {
  test.each([
    [
      'our own fields',
      { consentAt: '2026-11-20T09:59:00Z', consentText: WORDS },
      '2026-11-20T09:59:00.000Z',
      WORDS,
    ],
    ['a tick in JSON', { consent: true }, now, undefined],
    [
      'a tick and seconds',
      { consent: 1, consent_at: 1763632740 },
      '2025-11-20T09:59:00.000Z',
      undefined,
    ],
    [
      'a time without a zone, which is ours',
      { consent: 'yes', consentAt: '2026-11-20 14:59' },
      '2026-11-20T09:59:00.000Z',
      undefined,
    ],
    [
      'a clock that is a little ahead',
      { consent: 'да', consentAt: '2026-11-20T10:03:00Z' },
      now,
      undefined,
    ],
    ['Tilda', { tranid: '1:2', formid: 'f', [WORDS]: 'yes' }, now, WORDS],
    ['Contact Form 7', { 'your-name': 'Айсулу', 'acceptance-17': '1' }, now, undefined],
    ['Elementor', advanced('field_5', 'on', WORDS), now, WORDS],
    ['WPForms, with the words as value', { entry_id: '7', 'gdpr-agreement': WORDS }, now, WORDS],
    [
      'Gravity Forms',
      { form_id: '1', '1': '87000000101', '7.1': '1', '7.2': WORDS, '7.3': '2' },
      now,
      WORDS,
    ],
    [
      'Google Forms',
      { responseId: 'r', answers: { Телефон: '87000000101', [WORDS]: ['Согласна'] } },
      now,
      WORDS,
    ],
    ['Typeform', typeform({ type: 'boolean', boolean: true }), now, WORDS],
    [
      'Jotform',
      {
        formID: '1',
        submissionID: '2',
        rawRequest: { q3_phone: '87000000101', q4_consent: 'Accepted' },
      },
      now,
      undefined,
    ],
    [
      'Facebook',
      {
        id: '1',
        field_data: [{ name: 'phone_number', values: ['87000000101'] }],
        custom_disclaimer_responses: [{ checkbox_key: 'pdn_box', is_checked: '1' }],
      },
      now,
      undefined,
    ],
    ['a Kazakh label', { 'Дербес деректерді өңдеуге келісемін': 'иә' }, now, undefined],
    [
      'a label that also says phone',
      { 'Я согласна на звонки по телефону': 'on' },
      now,
      'Я согласна на звонки по телефону',
    ],
  ] as const)('%s', (_who, body, at, words) => {
    const hasOwn = ['form', 'form_response', 'rawRequest'].some((key) => key in body);
    const lead = leadOf(hasOwn ? body : { ...body, ...person });
    expect(lead).toMatchObject({
      phone: '+77000000101',
      consentAt: at,
      ...(words !== undefined && { consentText: words }),
    });
  });

  test('a field that is mapped to it', () => {
    const lead = leadOf({ ...person, 'Поле 9': 'on' }, { 'Поле 9': 'consent' });
    expect(lead.consentAt).toBe(now);
  });
});

describe('consent is not', () => {
  test.each([
    ['a box that says no', { consent: 'no', consentText: WORDS }],
    ['a box that is false', { consent: false, consentAt: now }],
    ['a refusal in words', { Согласие: 'Не согласен на обработку' }],
    ['something else', { consent: { a: 1 } }],
    ['an answer of the test', { 'Вы согласны, что дизайн полезен?': 'да' }],
    ['a time that is none, and nothing else', { consentAt: 'вчера' }],
  ])('%s, which stays with the lead as it came', (_what, body) => {
    const lead = leadOf({ ...person, ...body });
    expect(lead).not.toHaveProperty('consentAt');
    expect(lead).not.toHaveProperty('consentText');
    expect({ ...lead.metadata, ...lead.answers }).toMatchObject(body);
  });

  test.each([['2031-01-01T00:00:00Z'], ['1970-01-02'], ['20.11.2026'], ['скоро']])(
    'at %s: it counts from when it came, and what was sent is kept',
    (consentAt) => {
      const lead = leadOf({ ...person, consent: 'on', consentAt });
      expect(lead).toMatchObject({ consentAt: now, metadata: { consentAt } });
    },
  );

  test('cut without a copy of all its words', () => {
    const consentText = 'Согласен '.repeat(400).trim();
    const lead = leadOf({ ...person, consentText });
    expect(lead.consentText!.length).toBeLessThanOrEqual(2_000);
    expect(lead.metadata).toMatchObject({ consentText });
  });

  test('given by a second box: both stay', () => {
    const lead = leadOf({ ...person, consent: 'on', privacy: 'on' });
    expect(lead).toMatchObject({ consentAt: now, metadata: { privacy: 'on' } });
  });
});

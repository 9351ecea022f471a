import { describe, expect, test } from 'vitest';
import { leadSchema, type Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { proftestForm, purchaseForm, readLead, type Form } from '../src/handler.ts';
import { submissionKey, submissionSchema } from '../src/forms/submission.ts';

const stamp = { leadId: newId(), receivedAt: new Date('2026-11-20T10:00:00Z') };
const person = { name: 'Айгерим', email: 'aigerim@mail.kz', phone: '87051234567' };

function read(body: Record<string, unknown>, form: Form = proftestForm('spring_a')) {
  return readLead(submissionSchema.parse(body), form, stamp);
}

function leadOf(body: Record<string, unknown>, form?: Form): Lead {
  const reading = read(body, form);
  if (reading.issues) throw new Error(JSON.stringify(reading.issues));
  return leadSchema.parse(reading.lead);
}

describe('a submission', () => {
  test('becomes a lead with everything that the form sent', () => {
    const body = {
      ...person,
      answers: { q1: 'дизайн' },
      utm_source: 'ig',
      metadata: { page: '/test' },
      referrer: 'https://example.kz',
      submissionId: 'abc',
    };
    const touch = { utm: { source: 'ig' }, referrer: 'https://example.kz' };
    expect(leadOf(body)).toEqual({
      leadId: stamp.leadId,
      kind: 'proftest',
      source: 'proftest_spring_a',
      campaign: 'spring_a',
      name: 'Айгерим',
      email: 'aigerim@mail.kz',
      phone: '+77051234567',
      contactIssues: [],
      paymentMethod: null,
      answers: { q1: 'дизайн' },
      utm: { source: 'ig' },
      attribution: { clickIds: {}, first: touch, last: touch },
      metadata: { referrer: 'https://example.kz', page: '/test' },
      receivedAt: '2026-11-20T10:00:00.000Z',
    });
  });

  test.each([
    ['kaspi', 'kaspi'],
    [' Halyk ', 'halyk'],
    ['ROBOKASSA', 'robokassa'],
    ['Freedom Pay', 'Freedom Pay'],
    ['', null],
    [undefined, null],
    [{ bank: 'kaspi' }, null],
  ])('paid with %j has the payment method %j', (paymentMethod, kept) => {
    expect(leadOf({ ...person, paymentMethod }, purchaseForm)).toMatchObject({
      kind: 'purchase',
      source: 'course_purchase',
      campaign: null,
      paymentMethod: kept,
    });
  });

  test.each([
    ['only a phone', { email: '' }, ['email_missing']],
    ['only an address', { phone: null }, ['phone_missing']],
    ['a phone that is a digit short', { phone: '+7 705 123 45 6' }, ['phone_invalid']],
    ['an address that is none', { email: 'aigerim@' }, ['email_invalid']],
    ['a typo in the domain', { email: 'a@gamil.com' }, ['email_typo_suspected']],
    ['both unusual', { email: 'a@mal.ru', phone: '12' }, ['phone_invalid', 'email_typo_suspected']],
    [
      'a phone that a mask cut',
      { phone: '+7 (877) 705-00-01' },
      ['phone_invalid', 'phone_cut_by_mask'],
    ],
    ['a phone of Russia without its plus', { phone: '79260000106' }, []],
    ['a phone as a number', { phone: 77051234567 }, []],
    ['a phone of the wrong type', { phone: ['8705'] }, ['phone_missing']],
    [
      'only digits that are no number',
      { email: null, phone: '123456' },
      ['phone_invalid', 'email_missing'],
    ],
  ])('with %s is taken and flagged', (_what, contacts, issues) => {
    expect(leadOf({ ...person, ...contacts }).contactIssues).toEqual(issues);
  });

  test('has its attribution from the metadata when it is nowhere else', () => {
    const metadata = { utm_source: 'tiktok', utm: { medium: 'cpc' } };
    expect(leadOf({ ...person, utm_source: 'ig', metadata })).toMatchObject({
      utm: { source: 'ig', medium: 'cpc' },
      metadata,
    });
  });

  test.each([
    [{ email: 'anna.k @mail.leadwire-sample.kz' }, 'anna.k@mail.leadwire-sample.kz', []],
    [{ email: 'anna@mail,ru' }, 'anna@mail.ru', []],
    [{ email: 'an na@mail.ru' }, null, ['email_invalid']],
  ])('with %j and no phone is taken, and kept as typed', (contacts, email, issues) => {
    expect(leadOf({ name: 'Анна', ...contacts })).toMatchObject({
      email,
      contactIssues: ['phone_missing', ...issues],
      metadata: { emailAsTyped: contacts.email },
    });
  });

  test('with two phones in the field has a mobile one, and both beside it', () => {
    expect(leadOf({ ...person, phone: '8 7172 00 00 00, 8 700 000 01 10' })).toMatchObject({
      phone: '+77000000110',
      metadata: { phoneAsTyped: '8 7172 00 00 00, 8 700 000 01 10' },
    });
  });

  test('with a phone where the address belongs is taken', () => {
    expect(leadOf({ name: 'Анна', email: '8 700 000 01 10' })).toMatchObject({
      phone: '+77000000110',
      contactIssues: ['email_invalid'],
    });
  });

  test.each([
    ['no contact', { name: 'Айгерим' }, ['email', 'phone']],
    ['unusable contacts', { name: 'Айгерим', email: 'x', phone: 'нет' }, ['email', 'phone']],
    ['nothing filled in', { name: '', email: '', phone: '' }, ['email', 'phone']],
  ])('with %s is refused, field by field', (_what, body, paths) => {
    expect(read(body).issues?.map(({ path }) => path)).toEqual(paths);
  });

  test.each([[undefined], [null], [''], [' \u200B']])(
    'with the name %j is taken, called Без имени and flagged',
    (name) => {
      const lead = leadOf({ ...person, name });
      expect(lead).toMatchObject({ name: 'Без имени', contactIssues: ['name_missing'] });
    },
  );

  test('with a very long name is taken and the name is cut at 200 characters', () => {
    expect(leadOf({ ...person, name: 'я'.repeat(5_000) }).name).toHaveLength(200);
  });

  test.each([
    [['a', 'b'], { value: ['a', 'b'] }],
    ['free text', { value: 'free text' }],
    [42, { value: 42 }],
    [null, {}],
    ['', {}],
  ])('with answers %j keeps them', (answers, kept) => {
    expect(leadOf({ ...person, answers }).answers).toEqual(kept);
  });

  test.each([
    ['https://spam.kz', true],
    [1, true],
    [{}, true],
    ['', false],
    ['  ', false],
    [null, false],
    [false, false],
  ])('with %j in the trap is spam: %j', (website, isSpam) => {
    expect(read({ ...person, website })).toMatchObject({ isSpam });
  });

  test('keeps what was in the trap for a look, and no trace of an empty trap', () => {
    expect(leadOf({ ...person, website: 'https://spam.kz' }).metadata).toEqual({
      website: 'https://spam.kz',
    });
    expect(leadOf({ ...person, website: '' }).metadata).toEqual({});
  });
});

test.each([
  ['spring_a', 'spring_a'],
  ['Весна-2026', 'Весна-2026'],
  ['a b/../<c>', 'a_b_..__c_'],
  ['x'.repeat(300), 'x'.repeat(64)],
])('the landing page %j is the campaign %j', (slug, campaign) => {
  expect(proftestForm(slug)).toEqual({
    kind: 'proftest',
    source: `proftest_${campaign}`,
    campaign,
  });
});

test.each([
  ['a header before the body', 'h', 'b', 'h'],
  ['the body', undefined, 'b', 'b'],
  ['a number in the body', undefined, 17, '17'],
  ['an empty header: the body', '', 'b', 'b'],
  ['nothing', undefined, undefined, undefined],
  ['empty ones', ' ', '', undefined],
])('the key of a submission is %s', (_what, header, submissionId, key) => {
  expect(submissionKey(header, submissionSchema.parse({ ...person, submissionId }))).toBe(key);
});

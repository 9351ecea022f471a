import { describe, expect, test } from 'vitest';
import { someLead } from '@leadwire/testing/lead';
import { leadNote } from '../src/deal-note.ts';
import { isTracked, leadDealName, leadTags, trackingFields } from '../src/deal-text.ts';
import type { Known } from '../src/known.ts';

const KNOWN = { slugs: new Set(['spring_a']), methods: ['kaspi', 'halyk'] };
const note = (lead = someLead(), known?: Known, isUnknownPayment = false) =>
  leadNote(lead, { isUnknownPayment, known });

describe('tags', () => {
  test('come from known slugs and payment methods', () => {
    const lead = someLead({ paymentMethod: ' Kaspi ' });
    expect(leadTags(lead, KNOWN)).toEqual(['proftest_spring_a', 'spring_a', 'kaspi']);
  });

  test('come from forms of the table, and not from an address that no form has', () => {
    const lead = someLead({
      kind: 'request',
      source: 'form_tilda',
      campaign: 'tilda',
      form: 'tilda',
    });
    expect(leadTags(lead, KNOWN)).toEqual(['form_tilda', 'tilda']);
    expect(leadTags({ ...lead, contactIssues: ['form_unknown'] }, KNOWN)).toEqual(['request']);
  });

  test('are not what a stranger makes up', () => {
    const lead = someLead({
      source: 'proftest_evil.kz',
      campaign: 'evil.kz',
      paymentMethod: 'constructor',
    });
    expect(leadTags(lead, KNOWN)).toEqual(['proftest']);
  });
});

describe('tracking', () => {
  const attribution = { clickIds: { gclid: 'Cj0KCQ', fbp: 'fb.1.1' } };

  test('has the click’s ids where the account has fields for them', () => {
    const lead = someLead({ utm: { source: 'google' }, attribution });
    const codes = (has: string[]) =>
      trackingFields(lead, new Set(has)).map(({ field_code }) => field_code);
    expect(codes(['GCLID', 'FBCLID'])).toEqual(['UTM_SOURCE', 'GCLID']);
    expect(codes([])).toEqual(['UTM_SOURCE']);
  });

  test.each([
    ['one tag of a click', [{ field_code: 'UTM_SOURCE', values: [{ value: 'instagram' }] }], true],
    ['other fields only', [{ field_code: 'LEADWIRE_ID', values: [{ value: 'x' }] }], false],
    ['nothing', null, false],
  ])('of a deal with %s', (_what, custom_fields_values, isSo) => {
    expect(isTracked({ custom_fields_values })).toBe(isSo);
  });
});

describe('a note', () => {
  test('tells who came, from where and how they pay, with our words for the answers', () => {
    const lead = someLead({
      paymentMethod: 'kaspi',
      answers: { result: 'Аналитик данных', city: 'Алматы' },
      utm: { source: 'google', medium: 'cpc', campaign: 'brand' },
      attribution: { clickIds: { gclid: 'Cj0KCQ' }, first: { utm: { source: 'instagram' } } },
    });
    expect(note(lead).split('\n')).toEqual([
      'Профтест (proftest_spring_a)',
      'Имя: Айгерим',
      `Телефон: ${lead.phone}`,
      `Почта: ${lead.email}`,
      'Оплата: kaspi',
      'UTM: google / cpc / brand',
      'Первое касание: instagram',
      'Клик: gclid Cj0KCQ',
      'Итог теста: Аналитик данных',
      'Город: Алматы',
      '',
      `Leadwire ${lead.leadId}`,
    ]);
  });

  test.each<[Known, string[]]>([
    [{ foundBy: 'both' }, ['совпали телефон и почта']],
    [{ foundBy: 'email', stays: 'unproven' }, ['совпала только почта', 'Этап не изменён']],
    [{ foundBy: 'phone', stays: 'unsorted', differs: true }, ['Неразобранном', 'не изменена']],
    [{ foundBy: 'phone', stays: 'refused' }, ['AmoCRM не принял перенос']],
  ])('of a known person says how they were recognised and what was left: %o', (known, words) => {
    const text = note(someLead(), known);
    expect(text).toContain('Повторно');
    for (const each of words) expect(text).toContain(each);
  });

  test('shows what cannot be read as it was typed, and an unknown payment as such', () => {
    const lead = someLead({
      phone: '8705 12',
      email: null,
      contactIssues: ['phone_invalid', 'email_invalid'],
      metadata: { emailAsTyped: 'anna собака' },
      paymentMethod: 'crypto',
    });
    const text = note(lead, undefined, true);
    expect(text).toContain('Телефон записан так: 8705 12');
    expect(text).toContain('В поле почты было: anna собака');
    expect(text).toContain('Неизвестный способ оплаты: «crypto»');
  });

  test.each(['https://evil.kz/win', 'приз.рус', 'evil。kz', '185.10.20.30/win'])(
    'has no link in it, wherever %s was typed; nor has the deal’s name',
    (link) => {
      const lead = someLead({
        name: `Приз ${link}`,
        source: `proftest_${link}`,
        paymentMethod: link,
        utm: { source: link, campaign: `x ${link}` },
        answers: { result: link, [link]: 'да', city: link },
        metadata: { phoneAsTyped: link },
        attribution: { clickIds: { gclid: link }, first: { utm: { source: link } } },
      });
      expect(note(lead, undefined, true)).not.toContain(link);
      expect(leadDealName(lead)).not.toContain(link);
    },
  );
});

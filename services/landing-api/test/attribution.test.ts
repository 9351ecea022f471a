import { describe, expect, test } from 'vitest';
import { readAttribution, takeAttribution } from '../src/forms/attribution.ts';

const whole = { source: 'ig', medium: 'cpc', campaign: 'spring', content: 'b1', term: 'design' };
const receivedAt = new Date('2026-11-20T10:00:00Z');
const read = (fields: Record<string, unknown>, traces = {}, metadata: unknown = undefined) =>
  readAttribution(fields, metadata, traces, receivedAt);

describe('attribution', () => {
  test.each([
    ['an object', { utm: whole }],
    [
      'snake case',
      {
        utm_source: 'ig',
        utm_medium: 'cpc',
        utm_campaign: 'spring',
        utm_content: 'b1',
        utm_term: 'design',
      },
    ],
    [
      'camel case',
      {
        utmSource: 'ig',
        utmMedium: 'cpc',
        utmCampaign: 'spring',
        utmContent: 'b1',
        utmTerm: 'design',
      },
    ],
    [
      'an object of prefixed names',
      {
        utm: { utm_source: 'ig', utm_medium: 'cpc', utmCampaign: 'spring', UTM_CONTENT: 'b1' },
        utm_term: 'design',
      },
    ],
  ])('is read from %s', (_form, fields) => {
    expect(takeAttribution(fields)).toEqual({ utm: whole, repeated: {}, rest: {} });
  });

  test('is trimmed, and empty values are none', () => {
    const fields = { utm_source: ' ig\n', utm_medium: '', utm_term: null };
    expect(takeAttribution(fields)).toMatchObject({ utm: { source: 'ig' }, rest: {} });
  });

  test('leaves what it does not know, and values that are no text, where they were', () => {
    const fields = { utm_id: '7', utm: { source: { a: 1 }, placement: 'feed' }, other: 1 };
    expect(takeAttribution(fields)).toMatchObject({ utm: {}, rest: { ...fields } });
    expect(takeAttribution({ utm: 'utm_source=ig' }).rest).toEqual({ utm: 'utm_source=ig' });
  });

  test('that comes twice counts with its first value, and keeps all of them', () => {
    expect(read({ utm_source: ['instagram', 'instagram'] })).toMatchObject({
      utm: { source: 'instagram' },
      attribution: { repeated: { utm_source: ['instagram', 'instagram'] } },
    });
    const page = 'https://school.leadwire-sample.kz/?utm_source=a&utm_source=b';
    expect(read({ page })).toMatchObject({
      utm: { source: 'a' },
      attribution: { repeated: { utm_source: ['a', 'b'] } },
    });
  });

  test.each([
    ['%D0%BB%D0%B5%D1%82%D0%BE+2027', 'лето 2027'],
    ['%25D0%25BB%25D0%25B5%25D1%2582%25D0%25BE', 'лето'],
    ['a+b', 'a+b'],
    ['100%', '100%'],
    ['%zz', '%zz'],
  ])('percent-encoded %s is %s', (given, campaign) => {
    expect(read({ utm_campaign: given }).utm).toEqual({ campaign });
  });

  test.each(['{{ad.name}}', '{campaign_name}', '__CAMPAIGN_NAME__', 'undefined', 'null'])(
    'that the platform did not fill in (%s) is none',
    (macro) => {
      const page = `https://school.leadwire-sample.kz/?utm_source=fb&utm_content=${macro}`;
      expect(read({ utm_campaign: macro, page }).utm).toEqual({ source: 'fb' });
    },
  );
});

describe('attribution is looked for', () => {
  const page = 'https://school.leadwire-sample.kz/test?utm_source=ig&utm_medium=story';
  const cookies = `TILDAUTM=${encodeURIComponent('utm_source=tilda|||utm_campaign=c')}; _fbp=fb.1.1.2`;
  const referrer = 'https://l.leadwire-sample.kz/?utm_source=referrer';

  test.each([
    ['fields first', { utm_source: 'field', page, cookies, referrer }, { source: 'field' }],
    ['then the page', { page, cookies, referrer }, { source: 'ig', medium: 'story' }],
    ['then cookies', { cookies, referrer }, { source: 'tilda', campaign: 'c' }],
    ['then the referrer', { referrer }, { source: 'referrer' }],
    [
      'in fields and the page together, when they are of one click',
      { utm_source: 'ig', page, cookies },
      { source: 'ig', medium: 'story' },
    ],
  ])('in %s', (_where, fields, utm) => {
    expect(read(fields).utm).toEqual(utm);
  });

  test('in what the browser says, and in metadata', () => {
    expect(read({}, { referer: page }).utm).toEqual({ source: 'ig', medium: 'story' });
    expect(read({}, { cookie: 'utm_source=own' }).utm).toEqual({ source: 'own' });
    expect(read({}, {}, { utm_source: 'meta' }).utm).toEqual({ source: 'meta' });
    expect(read({}, {}, { page }).utm).toEqual({ source: 'ig', medium: 'story' });
  });

  test('with click ids, their case kept, and Meta’s cookie made of its click', () => {
    const visit = 'https://school.leadwire-sample.kz/?fbclid=IwAR0aBc&yclid=77';
    const { clickIds } = read({ page: visit, gclid: 'Cj0K', cookies }).attribution!;
    expect(clickIds).toEqual({
      fbclid: 'IwAR0aBc',
      yclid: '77',
      gclid: 'Cj0K',
      fbp: 'fb.1.1.2',
      fbc: `fb.1.${receivedAt.getTime()}.IwAR0aBc`,
    });
  });

  test('with the first touch apart from the last', () => {
    const fields = { first_utm_source: 'google', initial_utm_campaign: 'autumn', page, referrer };
    expect(read(fields).attribution).toMatchObject({
      first: { utm: { source: 'google', campaign: 'autumn' } },
      last: { utm: { source: 'ig', medium: 'story' }, page, referrer },
    });
    expect(read({ page }).attribution!.first).toEqual({
      utm: { source: 'ig', medium: 'story' },
      page,
    });
  });

  test('and not made up: a lead without traces has none, and cookies go no further', () => {
    expect(read({ other: 1 })).toEqual({ utm: {}, attribution: undefined, rest: { other: 1 } });
    expect(read({ cookies: 'session=secret' })).toMatchObject({ attribution: undefined, rest: {} });
  });
});

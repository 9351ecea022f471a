import { describe, expect, test } from '@jest/globals';
import { takeAttribution } from '../src/forms/attribution.ts';

const whole = { source: 'ig', medium: 'cpc', campaign: 'spring', content: 'b1', term: 'design' };

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
    expect(takeAttribution(fields)).toEqual({ utm: whole, rest: {} });
  });

  test('is trimmed, and empty values are none', () => {
    expect(takeAttribution({ utm_source: ' ig\n', utm_medium: '', utm_term: null })).toEqual({
      utm: { source: 'ig' },
      rest: {},
    });
  });

  test('leaves what it does not know, and values that are no text, where they were', () => {
    const fields = { utm_id: '7', utm: { source: ['a', 'b'], placement: 'feed' }, other: 1 };
    expect(takeAttribution(fields)).toEqual({ utm: {}, rest: { ...fields } });
    expect(takeAttribution({ utm: 'utm_source=ig' }).rest).toEqual({ utm: 'utm_source=ig' });
  });
});

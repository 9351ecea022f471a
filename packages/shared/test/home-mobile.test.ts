import { describe, expect, test } from 'vitest';
import { homeMobile } from '@leadwire/shared/contacts/home-mobile';
import { isMobileOf } from '@leadwire/shared/contacts/mobile-numbers';

describe('a mobile number of Kazakhstan', () => {
  test('is known without the library exactly where the library knows one', () => {
    const codes = Array.from({ length: 1_000 }, (_, code) => String(code).padStart(3, '0'));
    const numbers = codes.flatMap((code) =>
      ['0000110', '5550000', '9999999'].map((rest) => `+7${code}${rest}`),
    );
    const known = numbers.filter((number) => homeMobile(number) !== undefined);
    expect(known).toEqual(numbers.filter((number) => isMobileOf(number, ['KZ'])));
    expect(known.length).toBeGreaterThan(50);
  });

  test.each(['+7 (700) 000-01-10', '8 700 000 01 10', '87000000110', '7-700-000-01-10'])(
    'is read as people type it: %s',
    (typed) => expect(homeMobile(typed)).toBe('+77000000110'),
  );

  test.each([
    '+8 700 000 01 10',
    '+7 700 000 01 1',
    '+7 700 000 01 100',
    '8 7OO 000 01 10',
    '+7 700 000 01 10, 8 701 000 01 10',
    '+7 8 700 000 01 1',
    '7 700 000 01 10 доб. 5',
  ])('is left to the library when it is anything else: %s', (typed) =>
    expect(homeMobile(typed)).toBeUndefined(),
  );
});

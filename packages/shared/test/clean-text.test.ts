import { describe, expect, test } from 'vitest';
import { cleanJson, cleanLine, cleanText } from '../src/contacts/clean-text.ts';

describe('a line', () => {
  test.each([
    ['  Анна   Ким ', 'Анна Ким'],
    ['Анна\r\nBcc: everybody@mail.kz', 'Анна Bcc: everybody@mail.kz'],
    ['Ан\u0000на\u001B[31m\u0085', 'Ан на [31m'],
    ['\u202Eанна\u202C \u2066Ким\u2069', 'анна Ким'],
    ['Анна\u2028Ким\u2029', 'Анна Ким'],
    ['Ан\u00ADна\uFEFF\u200B', 'Анна'],
    ['И\u0306ога', 'Йога'],
    ['Анна \uD800', 'Анна'],
    ['\uDC00\uFFFD', ''],
    ['\u200B\u200D\u00A0', ''],
    ['👩\u200D💻 Анна', '👩\u200D💻 Анна'],
    ['<b>Анна</b> & "Ко"', '<b>Анна</b> & "Ко"'],
    ['Әсел Ғабитқызы', 'Әсел Ғабитқызы'],
  ])('%j becomes %j', (typed, clean) => {
    expect(cleanLine(typed, 200)).toBe(clean);
  });

  test('is cut between characters, never inside one', () => {
    expect(cleanLine('😀😀😀', 2)).toBe('😀😀');
  });
});

test('a text keeps its lines and loses everything else that cannot be seen', () => {
  expect(cleanText(' one\r\ntwo\u0000\tthree\u202E\u200B ')).toBe('one\ntwo \tthree');
});

describe('a JSON value', () => {
  test('is clean in every text and key', () => {
    expect(cleanJson({ 'a\u0000b': ['x\uD800', { c: '\u202Ed' }, 1, true, null] })).toEqual({
      'a b': ['x', { c: 'd' }, 1, true, null],
    });
  });

  test('loses keys that reach a prototype, also those that only cleaning would make one', () => {
    const hostile: unknown = JSON.parse(
      '{"__proto__\\u0000":{"admin":true},"constructor":{"prototype":{"admin":true}},"a":{"__proto__":1,"b":2}}',
    );
    const clean = cleanJson(hostile);
    expect(JSON.stringify(clean)).toBe('{"a":{"b":2}}');
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
  });

  test('has no number that JSON cannot say', () => {
    expect(cleanJson([JSON.parse('1e999'), -0.5])).toEqual([null, -0.5]);
  });
});

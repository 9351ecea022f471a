import { describe, expect, test } from 'vitest';
import { findCommonText } from '../src/sending/sms-text.ts';

/** What Mobizon makes of a text and a person's placeholders. */
function filled(texts: readonly string[]): string[] {
  const { text, placeholders } = findCommonText(texts);
  return placeholders.map((values) =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole),
  );
}

describe('the common text', () => {
  test('of equal texts is the text, braces and all', () => {
    expect(findCommonText(['Эфир {завтра} в 19:00', 'Эфир {завтра} в 19:00'])).toEqual({
      text: 'Эфир {завтра} в 19:00',
      placeholders: [{}, {}],
    });
  });

  test('has placeholders where words differ, neighbours as one', () => {
    const texts = [
      'Анна Ким, эфир перенесён на 25 ноября https://lw.kz/s/aaa',
      'Борис Ли, эфир перенесён на 25 ноября https://lw.kz/s/bbb',
    ];
    expect(findCommonText(texts)).toEqual({
      text: '{p1} эфир перенесён на 25 ноября {p2}',
      placeholders: [
        { p1: 'Анна Ким,', p2: 'https://lw.kz/s/aaa' },
        { p1: 'Борис Ли,', p2: 'https://lw.kz/s/bbb' },
      ],
    });
  });

  test('keeps both ends when the numbers of words differ', () => {
    const texts = ['Эфир для Анны Марии в 19:00', 'Эфир для Бориса в 19:00'];
    expect(findCommonText(texts).text).toBe('Эфир для {p1} в 19:00');
  });

  test.each([
    ['nothing in common', ['раз', 'два три', 'четыре']],
    ['one text inside the other', ['Эфир', 'Эфир завтра', 'Эфир']],
    ['one text twice in the other', ['Эфир Эфир', 'Эфир']],
    ['braces in what differs', ['{name} привет', '{p1} привет']],
    ['braces in what is common', ['Анна, {p1} завтра', 'Борис, {p1} завтра']],
    ['dollar signs', ['$1 $& Анна', '$1 $& Борис']],
    ['lines and double spaces', ['Анна,\n\nэфир  в 19', 'Борис,\n\nэфир  в 19']],
    ['an empty text', ['', 'Эфир']],
  ])('gives everybody their own text again: %s', (_what, texts) => {
    expect(filled(texts)).toEqual(texts);
  });
});

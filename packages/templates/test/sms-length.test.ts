import { describe, expect, test } from 'vitest';
import { SegmentedMessage } from 'sms-segments-calculator';

import { explainSms, measureSms } from '../src/sms-length.ts';

describe('an SMS', () => {
  test.each([
    ['a'.repeat(160), 1, 'GSM-7'],
    ['a'.repeat(161), 2, 'GSM-7'],
    ['{'.repeat(80), 1, 'GSM-7'],
    ['{'.repeat(81), 2, 'GSM-7'],
    ['я'.repeat(70), 1, 'UCS-2'],
    ['я'.repeat(71), 2, 'UCS-2'],
    ['я'.repeat(134), 2, 'UCS-2'],
    ['я'.repeat(135), 3, 'UCS-2'],
    [`${'a'.repeat(69)}🎉`, 2, 'UCS-2'],
    ['👩🏽‍💻'.repeat(10), 1, 'UCS-2'],
    ['Ұлжан, эфир', 1, 'UCS-2'],
  ])('%j takes %i segments', (text, segments, encoding) => {
    expect(measureSms(text)).toEqual({ segments, encoding });
  });

  test('is counted as the library counts it, whatever texts shared its shape before', () => {
    const words = ['Айгерим', 'Ұлжан', 'Anna', 'Zoë', 'ß{}', '🎉', '👩🏽‍💻', 'é', 'e\u0301', '数', '€'];
    for (const first of words) {
      for (const second of words) {
        const text = `Leadwire: ${first.repeat(5)} эфир ${second.repeat(3)} 27.11`;
        const { segmentsCount, encodingName } = new SegmentedMessage(text);
        expect(measureSms(text)).toEqual({ segments: segmentsCount, encoding: encodingName });
        const latin = `${first} ${second}`;
        expect(measureSms(latin).encoding).toBe(new SegmentedMessage(latin).encodingName);
      }
    }
  });
});

describe('what an SMS costs', () => {
  test('one emoji makes a long Latin text dearer, and is named', () => {
    const text = `${'Sale! '.repeat(20)}🎉`;
    expect(explainSms(text)).toEqual({
      segments: 2,
      encoding: 'UCS-2',
      length: 122,
      oneSegment: 70,
      special: ['🎉'],
      segmentsWithoutSpecial: 1,
      segmentsWithoutEmoji: 1,
    });
  });

  test('Cyrillic costs even without emoji', () => {
    const text = `${'Эфир '.repeat(15)}👩🏽‍💻`;
    const cost = explainSms(text);
    expect(cost).toMatchObject({ segments: 2, segmentsWithoutSpecial: 1, segmentsWithoutEmoji: 2 });
    expect(cost.special).toEqual(expect.arrayContaining(['Э', 'ф']));
  });

  test('plain Latin has nothing special', () => {
    expect(explainSms('Sale today')).toMatchObject({
      segments: 1,
      encoding: 'GSM-7',
      length: 10,
      oneSegment: 160,
      special: [],
    });
  });
});

/** What becomes of a message of a sequence that is due, case by case. */
import { describe, expect, test } from 'vitest';
import { delayMs, delayText, sequenceSchema } from '@leadwire/shared/contract/sequences';
import { LATEST_MS, decide, type Known } from '../src/sequences/decide.ts';

const DUE = '2026-11-29T11:00:00.000Z';
const known: Known = {
  trigger: 'payment_form',
  stopOnClick: true,
  dueAt: DUE,
  factAt: '2026-11-29T10:00:00.000Z',
  hasContact: true,
  boughtAt: null,
  hasStudied: false,
  hasClicked: false,
  suppressed: null,
  isExcluded: false,
};
const at = (more: Partial<Known>, lateMs = 0) =>
  decide({ ...known, ...more }, Date.parse(DUE) + lateMs);
const stop = (reason: string) => ({ kind: 'stop', reason });
const skip = (reason: string) => ({ kind: 'skip', reason });

describe('a message that is due', () => {
  test('is sent when nothing else came', () => {
    expect(at({})).toEqual({ kind: 'send' });
    expect(at({}, LATEST_MS)).toEqual({ kind: 'send' });
  });

  const before = '2026-11-28T10:00:00.000Z';
  const after = '2026-11-29T10:30:00.000Z';
  test.each<[string, Partial<Known>, object]>([
    ['a purchase after the payment form', { boughtAt: after }, stop('bought')],
    ['another course, bought before', { boughtAt: before }, { kind: 'send' }],
    [
      'a test, and a purchase at any time',
      { trigger: 'test_taken', boughtAt: before },
      stop('bought'),
    ],
    [
      'a student who has bought, of course',
      { trigger: 'student_joined', boughtAt: before },
      { kind: 'send' },
    ],
    ['a student with a lesson', { trigger: 'student_joined', hasStudied: true }, stop('studied')],
    ['a click', { hasClicked: true }, stop('clicked')],
    ['a click that does not end it', { hasClicked: true, stopOnClick: false }, { kind: 'send' }],
    ['an unsubscription', { suppressed: 'unsubscribed' }, stop('unsubscribed')],
    ['a complaint', { suppressed: 'complained' }, stop('complained')],
    ['a block by hand', { suppressed: 'manual' }, stop('manual')],
    [
      'a mailbox that is not there: the SMS may still arrive',
      { suppressed: 'bounced' },
      skip('bounced'),
    ],
    ['staff', { isExcluded: true }, stop('excluded_standing')],
    ['somebody who was erased', { hasContact: false }, stop('erased')],
    [
      'both a purchase and an unsubscription',
      { boughtAt: after, suppressed: 'unsubscribed' },
      stop('bought'),
    ],
  ])('%s', (_what, more, expected) => {
    expect(at(more)).toEqual(expected);
  });

  test('is left out when everything stood still for more than a day', () => {
    expect(at({}, LATEST_MS + 1)).toEqual(skip('stale'));
    expect(at({ boughtAt: after }, LATEST_MS + 1)).toEqual(stop('bought'));
  });
});

describe('a sequence as it is typed', () => {
  test('has delays of minutes, hours and days, up to 90 of them', () => {
    expect(['30m', '1h', '3d', '90 d', '45s'].map(delayMs)).toEqual([
      1_800_000, 3_600_000, 259_200_000, 7_776_000_000, 45_000,
    ]);
    expect(['', 'h', '0h', '91d', '1w', '-1h', '1.5h'].map(delayMs)).toEqual(
      Array(7).fill(undefined),
    );
    expect([1_800_000, 86_400_000, 90_000, 1_000].map(delayText)).toEqual([
      '30m',
      '1d',
      '90s',
      '1s',
    ]);
  });

  test('is refused without a step, and with one that cannot be read', () => {
    const base = { name: 'Не оплатили', trigger: 'payment_form' };
    const step = { after: '1h', channel: 'email', text: 'pay-1' };
    expect(sequenceSchema.parse({ ...base, steps: [step] })).toMatchObject({ stopOnClick: true });
    for (const steps of [[], [{ ...step, after: 'soon' }], [{ ...step, channel: 'telegram' }]]) {
      expect(sequenceSchema.safeParse({ ...base, steps }).success).toBe(false);
    }
  });
});

import { describe, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { referralCodesIn } from '@leadwire/shared/delivery/referral-codes';
import { LATE_LEAD_MS, commissionOf, decide, tierOf, type Decision } from '../src/rules.ts';
import type { OpenSale, Tier } from '../src/store.ts';

const TIERS: Tier[] = [
  { fromSales: 10, percent: 20, amount: 500 },
  { fromSales: 1, percent: 10, amount: null },
  { fromSales: 4, percent: null, amount: 700 },
];

type OpenLead = OpenSale['leads'][number];
const SOLD_AT = '2026-11-27T10:00:00.000Z';

function lead(
  more: Partial<OpenLead> = {},
  referrer: Partial<OpenLead['referrer']> = {},
): OpenLead {
  return {
    leadId: newId(),
    code: 'dana',
    email: 'buyer@leadwire-sample.kz',
    phone: null,
    leftAt: '2026-11-20T10:00:00.000Z',
    ...more,
    referrer: {
      referrerId: newId(),
      email: 'dana@leadwire-sample.kz',
      phone: '+77000001234',
      isActive: true,
      sales: 0,
      ...referrer,
    },
  };
}

function sale(more: Partial<OpenSale> = {}): OpenSale {
  return {
    saleId: newId(),
    studentId: 'st-1',
    product: 'Аналитика',
    amount: 5_000,
    email: 'buyer@leadwire-sample.kz',
    phone: null,
    soldAt: SOLD_AT,
    isRefunded: false,
    isStudentKnown: false,
    leads: [lead()],
    ...more,
  };
}

function converted(decision: Decision) {
  if (decision.kind !== 'convert') throw new Error(`it is ${decision.why}`);
  return decision.conversion;
}

describe('a tier', () => {
  test.each([
    [0, undefined],
    [1, 1],
    [3, 1],
    [4, 4],
    [9, 4],
    [10, 10],
    [1_000, 10],
  ])('of %i sales begins at %s', (n, from) => {
    expect(tierOf(TIERS, n)?.fromSales).toBe(from);
  });

  test('gives a share, an amount, or both, to the tiyn', () => {
    expect(commissionOf(tierOf(TIERS, 1), 5_000)).toBe(500);
    expect(commissionOf(tierOf(TIERS, 4), 5_000)).toBe(700);
    expect(commissionOf(tierOf(TIERS, 10), 5_000)).toBe(1_500);
    expect(commissionOf(tierOf(TIERS, 1), 333.33)).toBe(33.33);
    expect(commissionOf(undefined, 5_000)).toBe(0);
  });
});

describe('a sale', () => {
  test('earns what the next sale of the referrer earns', () => {
    expect(converted(decide(sale(), TIERS))).toMatchObject({
      commission: 500,
      tier: 1,
      status: 'pending',
      reason: null,
    });
    const fourth = sale({ leads: [lead({}, { sales: 3 })] });
    expect(converted(decide(fourth, TIERS))).toMatchObject({ commission: 700, tier: 4 });
  });

  test('that was refunded before it was known is a conversion that is reversed', () => {
    const { status } = converted(decide(sale({ isRefunded: true }), TIERS));
    expect(status).toBe('reversed');
  });

  test('belongs to the first code, and the second one is told', () => {
    const [first, second] = [lead({ code: 'dana' }), lead({ code: 'timur' })];
    const decision = decide(sale({ leads: [first, second] }), TIERS);
    expect(converted(decision).referrerId).toBe(first.referrer.referrerId);
    expect(decision.remarks).toMatchObject([
      { kind: 'second_code', about: second.leadId, details: { counts: 'dana', ignored: 'timur' } },
    ]);
  });

  test('with the code of a referrer who is not active earns nobody anything, and is told', () => {
    const leads = [lead({}, { isActive: false }), lead({ code: 'timur' })];
    expect(decide(sale({ leads }), TIERS)).toMatchObject({
      kind: 'close',
      why: 'referrer_inactive',
      remarks: [{ kind: 'referrer_inactive' }],
    });
  });

  test.each([
    ['by mail, in another case', { email: 'DANA@leadwire-sample.kz' }, {}],
    [
      'by a number that somebody wrote by hand',
      { phone: '+77000001234' },
      { phone: '8 700 000 12 34' },
    ],
  ])('of the referrer themself is held (%s)', (_how, buyer, referrer) => {
    const decision = decide(sale({ ...buyer, leads: [lead({}, referrer)] }), TIERS);
    expect(converted(decision)).toMatchObject({ status: 'held', reason: 'self_referral' });
    expect(decision.remarks).toMatchObject([{ kind: 'self_referral' }]);
  });

  test('may be told before its lead, but nobody is brought a day after they bought', () => {
    const after = (ms: number) =>
      lead({ leftAt: new Date(Date.parse(SOLD_AT) + ms).toISOString() });
    expect(decide(sale({ leads: [after(LATE_LEAD_MS)] }), TIERS).kind).toBe('convert');
    expect(decide(sale({ leads: [after(LATE_LEAD_MS + 1)] }), TIERS)).toMatchObject({
      kind: 'close',
      why: 'lead_too_late',
    });
  });

  test('of a student who was sold something before changes nothing', () => {
    expect(decide(sale({ isStudentKnown: true }), TIERS)).toMatchObject({
      kind: 'close',
      why: 'student_known',
      remarks: [],
    });
  });
});

describe('the code of a lead', () => {
  const page = 'https://leadwire-sample.kz/?ref=Page-1&utm_source=ref_tag';
  test.each([
    ['a field', { metadata: { Ref: ' Dana-24 ' }, utm: {} }, ['dana-24']],
    ['a tag', { metadata: {}, utm: { source: 'ref_Dana' } }, ['dana']],
    ['its page', { metadata: {}, utm: {}, attribution: { last: { utm: {}, page } } }, ['page-1']],
    [
      'the visit that was the first',
      {
        metadata: {},
        utm: { source: 'ig' },
        attribution: { first: { utm: { source: 'ref_one' } } },
      },
      ['one'],
    ],
    [
      'several of them',
      { metadata: { ref: 'dana' }, utm: { source: 'ref_timur' } },
      ['dana', 'timur'],
    ],
    ['nothing', { metadata: { ref: 'd' }, utm: { source: 'referral' } }, []],
  ])('is read from %s', (_where, carried, codes) => {
    expect(referralCodesIn(carried)).toEqual(codes);
  });
});

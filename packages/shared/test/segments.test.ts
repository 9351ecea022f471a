import { expect, test } from 'vitest';
import { parseCondition, segmentFilterSchema } from '../src/contract/segments.ts';

test('conditions are read as they are typed', () => {
  expect(parseCondition('utm_source=facebook, instagram')).toEqual({
    field: 'utm_source',
    op: 'is',
    value: ['facebook', 'instagram'],
  });
  expect(parseCondition('stage!=Отказ')).toMatchObject({ op: 'is_not', value: ['Отказ'] });
  expect(parseCondition('lead_at>=30d')).toEqual({ field: 'lead_at', op: 'since', value: '30d' });
  expect(parseCondition('bought=no')).toEqual({ field: 'bought', op: 'is', value: false });
  expect(parseCondition('campaign_opened!=any')).toMatchObject({ op: 'is_not', value: 'any' });
});

test.each([
  ['utm_source', 'expected field=value'],
  ['password=x', 'there is no field password'],
  ['lead_at=yesterday', 'expected lead_at>=30d'],
  ['lead_at>=2026-13-40', 'expected lead_at>=30d'],
  ['bought=maybe', 'expected bought=yes or bought=no'],
  ['campaign_sent=spring', 'expected campaign_sent=<id of a campaign>'],
])('%s cannot be read, and the answer says what can be', (typed, words) => {
  expect(() => parseCondition(typed)).toThrow(words);
});

test('a filter has a depth and a size', () => {
  const one = { field: 'kind', op: 'is', value: 'proftest' };
  const nested = { any: [{ all: [one] }, one] };
  expect(segmentFilterSchema.safeParse(nested).success).toBe(true);
  expect(segmentFilterSchema.safeParse({ all: [] }).success).toBe(true);
  expect(segmentFilterSchema.safeParse({ all: [nested, { any: [nested] }] }).success).toBe(false);
  expect(segmentFilterSchema.safeParse({ all: Array(21).fill(one) }).success).toBe(false);
});

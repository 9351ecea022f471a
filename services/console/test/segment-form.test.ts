/** The form of a segment without a browser: what it says of a filter, and the filter that it says again. */
import { expect, test } from 'vitest';
import type { SegmentFilter } from '@leadwire/shared/contract/segments';
import { conditionFields, filterOf } from '../src/pages/segment-form.ts';

/** What a browser would send of it. */
function formOf(page: string): URLSearchParams {
  const form = new URLSearchParams();
  const inputs = /<input\b[^>]*?\bname="([^"]+)"[^>]*?\bvalue="([^"]*)"[^>]*>|<select\b[^>]*?\bname="([^"]+)"[^>]*>([\s\S]*?)<\/select>/g; // prettier-ignore
  for (const [, name, value = '', select, options = ''] of page.matchAll(inputs)) {
    const [, chosen] = /<option value="([^"]*)"\s+selected/.exec(options) ?? [];
    const [, first = ''] = /<option value="([^"]*)"/.exec(options) ?? [];
    if (name !== undefined) form.append(name, value);
    if (select !== undefined) form.append(select, (chosen ?? first).replace('&gt;', '>').replace('&lt;', '<')); // prettier-ignore
  }
  return form;
}

const facebook = { field: 'utm_source', op: 'is', value: ['facebook', 'instagram'] } as const;
const google = { field: 'utm_source', op: 'is', value: ['google'] } as const;
const recent = { field: 'lead_at', op: 'since', value: '30d' } as const;
const noBuyer = { field: 'bought', op: 'is', value: false } as const;
const opened = { field: 'campaign_opened', op: 'is_not', value: 'any' } as const;

test.each<[string, SegmentFilter]>([
  ['conditions that all hold', { all: [facebook, recent] as SegmentFilter[] }],
  ['conditions of which one holds', { any: [facebook, noBuyer] as SegmentFilter[] }],
  ['a group within', { all: [recent, noBuyer, { any: [facebook, opened] }] as SegmentFilter[] }],
  ['groups of which one holds', { any: [{ all: [facebook, recent] }, { all: [google, noBuyer] }] as SegmentFilter[] }], // prettier-ignore
])('%s stand in the form and come back as they were', (_what, filter) => {
  expect(filterOf(formOf(conditionFields(filter).text))).toEqual(filter);
  expect(filterOf(formOf(conditionFields(filter, 1).text))).toEqual(filter);
});

test('one condition is a filter with one, and none is refused in words', () => {
  expect(filterOf(formOf(conditionFields(recent).text))).toEqual({ all: [recent] });
  expect(() => filterOf(formOf(conditionFields(undefined, 2).text))).toThrow(
    'нет ни одного условия',
  );
});

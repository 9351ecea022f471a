/** The form of a segment without a browser: what it says of a filter, and the filter that it says again. */
import { expect, test } from 'vitest';
import type { SegmentFilter } from '@leadwire/shared/contract/segments';
import { conditionFields, filterOf, groupsIn, groupsOf } from '../src/pages/segment-form.ts';

/** What a browser would send of it. */
function formOf(page: string): URLSearchParams {
  const form = new URLSearchParams();
  const inputs =
    /<input\b[^>]*?\bname="([^"]+)"[^>]*?\bvalue="([^"]*)"[^>]*>|<select\b[^>]*?\bname="([^"]+)"[^>]*>([\s\S]*?)<\/select>/g;
  for (const [, name, value = '', select, options = ''] of page.matchAll(inputs)) {
    const [, chosen] = /<option value="([^"]*)"\s+selected/.exec(options) ?? [];
    const [, first = ''] = /<option value="([^"]*)"/.exec(options) ?? [];
    if (name !== undefined) form.append(name, value);
    if (select !== undefined)
      form.append(select, (chosen ?? first).replace('&gt;', '>').replace('&lt;', '<'));
  }
  return form;
}

const facebook = { field: 'utm_source', op: 'is', value: ['facebook', 'instagram'] } as const;
const google = { field: 'utm_source', op: 'is', value: ['google'] } as const;
const recent = { field: 'lead_at', op: 'since', value: '30d' } as const;
const noBuyer = { field: 'bought', op: 'is', value: false } as const;
const opened = { field: 'campaign_opened', op: 'is_not', value: 'any' } as const;

const campaigns = [{ id: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0011', name: 'Зовём в субботу' }];
const clicked = { field: 'campaign_clicked', op: 'is', value: campaigns[0]?.id ?? '' } as const;
const bought = { field: 'bought_at', op: 'before', value: '2026-11-01' } as const;

const pageOf = (filter: SegmentFilter | undefined, spareGroups = 0) =>
  conditionFields(groupsOf(filter, campaigns), campaigns, spareGroups).text;
const readOf = (page: string) => filterOf(groupsIn(formOf(page)), campaigns);

test.each<[string, SegmentFilter]>([
  ['conditions that all hold', { all: [facebook, recent] as SegmentFilter[] }],
  ['conditions of which one holds', { any: [facebook, noBuyer] as SegmentFilter[] }],
  ['a day and a campaign', { all: [bought, clicked] as SegmentFilter[] }],
  ['a group within', { all: [recent, noBuyer, { any: [facebook, opened] }] as SegmentFilter[] }],
  [
    'groups of which one holds',
    { any: [{ all: [facebook, recent] }, { all: [google, noBuyer] }] as SegmentFilter[] },
  ],
])('%s stand in the form and come back as they were', (_what, filter) => {
  expect(readOf(pageOf(filter))).toEqual(filter);
  expect(readOf(pageOf(filter, 1))).toEqual(filter);
});

test('a form speaks as people do: days, dates, names of campaigns', () => {
  const page = pageOf({ all: [recent, bought, opened, clicked] });
  for (const words of ['30\u00a0дней', '01.11.2026', 'любая', 'Зовём в субботу']) {
    expect(page).toContain(`value="${words}"`);
  }
  expect(page).not.toMatch(/30d|any"\s+list|2026-11-01/);
});

test('one condition is a filter with one, and none is refused in words', () => {
  expect(readOf(pageOf(recent))).toEqual({ all: [recent] });
  expect(() => readOf(pageOf(undefined, 2))).toThrow('нет ни одного условия');
});

test('a condition that cannot be read is refused in words and stays in the form, in its place', () => {
  const form = new URLSearchParams(
    'group=0&0.match=all&0.field=lead_at&0.sign=%3D&0.value=вчера&0.field=bought&0.sign=%3D&0.value=нет',
  );
  const groups = groupsIn(form);
  expect(() => filterOf(groups, [])).toThrow(
    /^«Дата заявки: вчера», нужно «с» или «раньше» и дата/,
  );
  expect(formOf(conditionFields(groups, []).text).getAll('0.value').slice(0, 2)).toEqual([
    'вчера',
    'нет',
  ]);
});

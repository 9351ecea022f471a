import { expect, test } from 'vitest';
import { cohortsAsked, isOver, unitOf } from './cohorts.ts';
import type { ReportQuery } from './report.ts';

const query = (more: Partial<ReportQuery> = {}): ReportQuery => ({
  since: '2026-11-01',
  until: '2026-11-30',
  timeZone: 'Asia/Almaty',
  by: 'source',
  touch: 'last',
  ...more,
});
const cohort = { cohort: '2026-11-02', leads: 10, sales: 1, within: [1, 1, 1, 1, 1] };

test('cohorts are weeks, and months where months are asked for or the period is long', () => {
  expect(unitOf(query())).toBe('week');
  expect(unitOf(query({ by: 'month' }))).toBe('month');
  expect(unitOf(query({ since: '2026-01-01' }))).toBe('month');
  expect(cohortsAsked(query({ source: 'google' }))).toMatchObject({
    unit: 'week',
    source: 'google',
    days: [7, 14, 30, 60, 90],
  });
});

test('a number is whole once its days have passed for the last lead of the cohort', () => {
  // The week ends on the 8th; seven days after it is the 15th, which has to be over in Almaty.
  const at = (text: string) => isOver(cohort, 7, query(), new Date(text));
  expect(at('2026-11-15T18:59:00Z')).toBe(false);
  expect(at('2026-11-15T19:00:00Z')).toBe(true);
  const cut = query({ until: '2026-11-03' });
  expect(isOver(cohort, 7, cut, new Date('2026-11-10T19:00:00Z'))).toBe(true);
  const month = { ...cohort, cohort: '2026-02-01' };
  const year = query({ since: '2026-01-01', until: '2026-12-31' });
  expect(isOver(month, 7, year, new Date('2026-03-07T18:59:00Z'))).toBe(false);
  expect(isOver(month, 7, year, new Date('2026-03-07T19:00:00Z'))).toBe(true);
});

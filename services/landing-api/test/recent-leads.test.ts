import { expect, test } from 'vitest';
import { createRecentLeads } from '../src/intake/recent-leads.ts';
import { someFact } from './journal-folder.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-01-05T10:00:00.000Z');
const unkeyed = (receivedAt: number, contentHash = 'equal') => ({
  ...someFact({ receivedAt: new Date(receivedAt).toISOString() }, { isKeyed: false }),
  contentHash,
});
const lead = { leadId: 'first', contentHash: 'equal', isKeyed: false, receivedAt: NOW };

test('equal content within two minutes is a double click, whichever of the two is looked at first', () => {
  const recent = createRecentLeads([lead]);
  expect(recent.findDoubleClick(unkeyed(NOW + 2 * MINUTE))).toBe('first');
  expect(recent.findDoubleClick(unkeyed(NOW - 2 * MINUTE))).toBe('first');
  expect(recent.findDoubleClick(unkeyed(NOW + 2 * MINUTE + 1))).toBeUndefined();
  expect(recent.findDoubleClick(unkeyed(NOW, 'other'))).toBeUndefined();
});

test('a later lead of the same content takes the place of the earlier one', () => {
  const recent = createRecentLeads([lead]);
  recent.remember({ ...lead, leadId: 'later', receivedAt: NOW + 5 * MINUTE });
  expect(recent.findDoubleClick(unkeyed(NOW + 6 * MINUTE))).toBe('later');
});

test('what was taken under a key is known by the id that follows from it', () => {
  const recent = createRecentLeads([]);
  recent.remember({ ...lead, isKeyed: true });
  expect(recent.findContent('first')).toBe('equal');
  expect(recent.findDoubleClick(unkeyed(NOW))).toBeUndefined();
});

test('the oldest of more than 50,000 leads are forgotten', () => {
  const recent = createRecentLeads([]);
  for (let n = 0; n <= 50_000; n += 1) {
    recent.remember({ ...lead, leadId: `lead-${n}`, contentHash: `content-${n}` });
  }
  expect(recent.findDoubleClick(unkeyed(NOW, 'content-0'))).toBeUndefined();
  expect(recent.findDoubleClick(unkeyed(NOW, 'content-1'))).toBe('lead-1');
});

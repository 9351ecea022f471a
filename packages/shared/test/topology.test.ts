import { describe, expect, test } from 'vitest';
import { consumers } from '@leadwire/shared/contract/consumers';
import { isUnder, streamOf, streams, subjects } from '@leadwire/shared/contract/topology';

describe('a subject', () => {
  test.each([
    ['leads.created.*.*', 'leads.created.proftest.1', true],
    ['leads.created.*.*', 'leads.created.proftest', false],
    ['leads.created.*.*', 'leads.created.proftest.1.2', false],
    ['dead.>', 'dead.notifier-sms.notify.due.sms.1', true],
    ['dead.>', 'dead', false],
    ['notify.at.*.*', 'notify.due.sms.1', false],
  ])('of %s matches %s: %s', (pattern, subject, is) => {
    expect(isUnder(pattern, subject)).toBe(is);
  });

  test('is taken by one stream', () => {
    expect(streamOf(subjects.notifyAt('sms', '1'))).toBe('NOTIFICATIONS');
    expect(streamOf(subjects.redrive('lead-store-calls', '1-1', 'calls.notifier.ok'))).toBe(
      'CALLS',
    );
    expect(() => streamOf('orders.created.1')).toThrow('no stream of the topology');
  });
});

describe('every durable', () => {
  test.each(Object.entries(consumers))('%s can be given a fact once more', (name, spec) => {
    const isWork = streams[spec.stream].retention === 'workqueue';
    const filters: readonly string[] = spec.filters;
    expect(isWork || filters.includes(`redrive.${name}.>`)).toBe(true);
  });
});

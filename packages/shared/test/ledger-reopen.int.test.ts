import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { TransientError } from '@leadwire/shared/errors';
import type { Delivery } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createLedger, type Ledger, type SettledState } from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';

let broker: TestBroker;
let bus: Bus;
let ledger: Ledger;
const now = new Date('2026-11-20T10:00:00.000Z');
const cause = new Date('2026-11-20T09:00:00.000Z');
const later = new Date('2026-11-20T09:30:00.000Z');

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'ledger-test');
  ledger = createLedger(bus, () => now);
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

async function planned(): Promise<Delivery> {
  const base = { channel: 'email', template: 'proftest-result' } as const;
  const delivery = { deliveryId: newId(), leadId: newId(), ...base };
  const shortLink = { code: 'abc2345', url: 'https://leadwire.kz/r' };
  await ledger.plan(delivery, { dueAt: new Date('2026-11-01T10:00:00.000Z'), shortLink });
  return delivery;
}

async function end(delivery: Delivery, state: SettledState): Promise<void> {
  const claim = await ledger.claim(delivery, 'owner', 60_000, { to: 'somebody' });
  if (claim.kind !== 'claimed') throw new Error(claim.kind);
  await ledger.settle(claim.entry, { state, reason: 'attempts_spent', error: 'it said no' });
}

async function ended(state: SettledState): Promise<Delivery> {
  const delivery = await planned();
  await end(delivery, state);
  return delivery;
}

describe('a delivery that failed', () => {
  test('is planned again, due now, with nothing left of the earlier try but its count and time', async () => {
    const delivery = await ended('failed');
    const { firstClaimAt } = (await ledger.find(delivery))!;
    const { kind } = await ledger.reopen(delivery, { from: ['failed'], cause });
    expect(kind).toBe('reopened');
    expect(firstClaimAt).toBeDefined();
    expect(await ledger.find(delivery)).toEqual({
      ...delivery,
      state: 'planned',
      dueAt: now.toISOString(),
      attempts: 1,
      shortLink: { code: 'abc2345', url: 'https://leadwire.kz/r' },
      askedSince: firstClaimAt,
      reopenedFor: cause.toISOString(),
    });
    const claim = await ledger.claim(delivery, 'another', 60_000, { to: 'somebody else' });
    expect(claim).toMatchObject({
      kind: 'claimed',
      entry: { entry: { attempts: 2, request: { to: 'somebody else' } } },
    });
  });

  test('is reopened once by one cause, and again by a newer one only', async () => {
    const delivery = await ended('failed');
    await ledger.reopen(delivery, { from: ['failed'], cause: later });
    expect(await ledger.reopen(delivery, { from: ['failed'], cause: later })).toMatchObject({
      kind: 'open',
    });
    await end(delivery, 'failed');
    for (const answered of [cause, later]) {
      const again = await ledger.reopen(delivery, { from: ['failed'], cause: answered });
      expect(again).toMatchObject({ kind: 'settled', isAnswered: true });
    }
    expect(await ledger.reopen(delivery, { from: ['failed'], cause: now })).toMatchObject({
      kind: 'reopened',
    });
  });

  test('is reopened by one of two who do it at once', async () => {
    const delivery = await ended('failed');
    const both = await Promise.allSettled(
      [cause, cause].map((each) => ledger.reopen(delivery, { from: ['failed'], cause: each })),
    );
    const kinds = both.map((one) =>
      one.status === 'fulfilled' ? one.value.kind : (one.reason as Error).name,
    );
    expect(kinds.filter((kind) => kind === 'reopened')).toHaveLength(1);
    expect(['open', TransientError.name]).toContain(kinds.find((kind) => kind !== 'reopened'));
  });
});

describe('a delivery that did not fail', () => {
  test.each(['sent', 'skipped', 'unknown'] as const)('stays as it is when %s', async (state) => {
    const delivery = await ended(state);
    const before = await ledger.find(delivery);
    expect(await ledger.reopen(delivery, { from: ['failed'], cause })).toMatchObject({
      kind: 'settled',
      isAnswered: false,
      entry: { state },
    });
    expect(await ledger.find(delivery)).toEqual(before);
  });

  test('is reopened from unknown when that is asked for', async () => {
    const delivery = await ended('unknown');
    const { kind } = await ledger.reopen(delivery, { from: ['failed', 'unknown'], cause });
    expect(kind).toBe('reopened');
  });

  test('is called open while it is planned, and missing when nobody planned it', async () => {
    expect((await ledger.reopen(await planned(), { from: ['failed'], cause })).kind).toBe('open');
    const unplanned = { ...(await planned()), leadId: newId() };
    expect((await ledger.reopen(unplanned, { from: ['failed'], cause })).kind).toBe('missing');
  });
});

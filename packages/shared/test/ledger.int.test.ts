import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { TransientError } from '@leadwire/shared/errors';
import type { Delivery } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import {
  createLedger,
  settledStates,
  type HeldEntry,
  type Ledger,
} from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startTcpProxy, type TcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';

let broker: TestBroker;
let proxy: TcpProxy;
let bus: Bus;
let slowBus: Bus;
let ledger: Ledger;
let now = Date.parse('2026-11-20T10:00:00.000Z');

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'ledger-test');
  proxy = await startTcpProxy(Number(new URL(broker.url).port));
  slowBus = await openTestBus({ url: `nats://127.0.0.1:${proxy.port}` }, 'ledger-proxied');
  ledger = createLedger(bus, () => new Date(now));
});
afterAll(async () => {
  await bus.drain();
  await slowBus.drain();
  await proxy.close();
  await broker.close();
});

const LEASE_MS = 60_000;
const request = { to: 'aigerim@mail.example-lead.kz', subject: 'Ваш результат' };
const dueAt = new Date('2026-11-20T10:10:00.000Z');

function delivery(change: Partial<Delivery> = {}): Delivery {
  const base = { channel: 'email', template: 'proftest-result' } as const;
  return { deliveryId: newId(), leadId: newId(), ...base, ...change };
}

async function planned(): Promise<Delivery> {
  const target = delivery();
  await ledger.plan(target, { dueAt });
  return target;
}

async function hold(target: Delivery, by = ledger): Promise<HeldEntry> {
  const claim = await by.claim(target, 'owner', LEASE_MS, request);
  if (claim.kind !== 'claimed' && claim.kind !== 'inherited') throw new Error(claim.kind);
  return claim.entry;
}

describe('planning', () => {
  test('enters a delivery once; the first plan stays', async () => {
    const target = delivery();
    const shortLink = { code: 'abc2345', url: 'https://leadwire.kz/r' };
    const first = await ledger.plan(target, { dueAt, shortLink });
    expect(first).toMatchObject({
      isNew: true,
      entry: { state: 'planned', attempts: 0, shortLink },
    });
    const again = await ledger.plan(target, { dueAt: new Date(0), settled: { state: 'skipped' } });
    expect(again.isNew).toBe(false);
    expect(again.entry).toEqual(first.entry);
  });

  test('fifty at once enter it once', async () => {
    const target = delivery();
    const plans = await Promise.all(
      Array.from({ length: 50 }, () => ledger.plan(target, { dueAt })),
    );
    expect(plans.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  test('can be a skip, which is settled from the beginning', async () => {
    const target = delivery({ channel: 'sms' });
    await ledger.plan(target, { dueAt, settled: { state: 'skipped', reason: 'phone_invalid' } });
    const claim = await ledger.claim(target, 'o', LEASE_MS, request);
    expect(claim).toMatchObject({
      kind: 'settled',
      entry: { state: 'skipped', reason: 'phone_invalid', settledAt: new Date(now).toISOString() },
    });
  });

  test('whose answer was lost finds its own entry', async () => {
    const target = delivery();
    const proxied = createLedger(slowBus);
    await proxied.find(target);
    proxy.spoil('drop answers');
    const plan = proxied.plan(target, { dueAt });
    await waitFor(() => ledger.find(target));
    proxy.spoil(undefined);
    expect((await plan).entry).toMatchObject({ state: 'planned', deliveryId: target.deliveryId });
  });
});

describe('claiming', () => {
  test('of fifty at once, from several connections, exactly one may send', async () => {
    const target = await planned();
    const other = createLedger(slowBus, () => new Date(now));
    const claims = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        (n % 2 ? ledger : other).claim(target, `owner-${n}`, LEASE_MS, request),
      ),
    );
    const kinds = claims.map((claim) =>
      claim.status === 'fulfilled' ? claim.value.kind : (claim.reason as Error).name,
    );
    expect(kinds.filter((kind) => kind === 'claimed')).toHaveLength(1);
    expect(new Set(kinds)).toEqual(
      new Set(['claimed', ...kinds.filter((kind) => kind === 'busy' || kind === 'TransientError')]),
    );
  });

  test('of twenty who have seen it planned, exactly one may send; what was written since is found', async () => {
    const target = await planned();
    const seen = await ledger.find(target);
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ledger.claim(target, `owner-${n}`, LEASE_MS, request, 'resend', seen),
      ),
    );
    const kinds = claims.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'claimed')).toHaveLength(1);
    expect(new Set(kinds)).toEqual(new Set(['claimed', 'busy']));
    const held = claims.find((claim) => claim.kind === 'claimed')!.entry;
    await ledger.settle(held, { state: 'sent', providerId: 'id' });
    expect(await ledger.claim(target, 'late', LEASE_MS, request, 'resend', seen)).toMatchObject({
      kind: 'settled',
      entry: { state: 'sent' },
    });
  });

  test('finds it busy for the rest of the lease', async () => {
    const target = await planned();
    await hold(target);
    now += 20_000;
    expect(await ledger.claim(target, 'o', LEASE_MS, request)).toEqual({
      kind: 'busy',
      retryAfterMs: 40_000,
    });
  });

  test('after the lease is inherited, with the request of the first one', async () => {
    const target = await planned();
    const first = await hold(target);
    now += LEASE_MS;
    const claim = await ledger.claim(target, 'second', LEASE_MS, { to: 'somebody else' });
    expect(claim).toMatchObject({
      kind: 'inherited',
      entry: { entry: { owner: 'second', request, attempts: 2 } },
    });
    const { entry } = (claim as { entry: HeldEntry }).entry;
    expect(entry.firstClaimAt).toBe(first.entry.firstClaimAt);
    expect(entry.lastClaimAt).toBe(first.entry.lastClaimAt);
    // Who held it before can write nothing any more.
    await expect(ledger.settle(first, { state: 'sent' })).rejects.toBeInstanceOf(TransientError);
    await expect(ledger.release(first, 'late')).rejects.toBeInstanceOf(TransientError);
  });

  test('after a release is a fresh claim', async () => {
    const target = await planned();
    await ledger.release(await hold(target), 'refused before sending');
    expect(await ledger.find(target)).toMatchObject({
      state: 'planned',
      error: 'refused before sending',
    });
    expect((await ledger.find(target))?.owner).toBeUndefined();
    const claim = await ledger.claim(target, 'second', LEASE_MS, { to: 'changed' });
    expect(claim).toMatchObject({ kind: 'claimed', entry: { entry: { request, attempts: 2 } } });
  });

  test('after an abandoned attempt is inherited at once', async () => {
    const target = await planned();
    await ledger.abandon(await hold(target), 'timeout');
    const claim = await ledger.claim(target, 'second', LEASE_MS, request);
    expect(claim).toMatchObject({ kind: 'inherited', entry: { entry: { error: 'timeout' } } });
  });

  test('of what was never planned finds nothing', async () => {
    expect(await ledger.claim(delivery(), 'o', LEASE_MS, request)).toEqual({ kind: 'missing' });
    expect(await ledger.find(delivery())).toBeUndefined();
  });

  test('whose answer was lost leaves an entry that has to be reconciled', async () => {
    const target = await planned();
    // The time is asked for between the read and the write: from there on no answer comes back.
    const proxied = createLedger(slowBus, () => {
      proxy.spoil('drop answers');
      return new Date(now);
    });
    await expect(proxied.claim(target, 'lost', LEASE_MS, request)).rejects.toMatchObject({
      name: 'TransientError',
    });
    proxy.spoil(undefined);
    expect(await ledger.find(target)).toMatchObject({ state: 'sending', owner: 'lost' });
    expect(await ledger.claim(target, 'o', LEASE_MS, request)).toMatchObject({ kind: 'busy' });
    now += LEASE_MS;
    expect(await ledger.claim(target, 'o', LEASE_MS, request)).toMatchObject({ kind: 'inherited' });
  });
});

describe('settling', () => {
  test('drops the frozen request and the claim, keeps what happened', async () => {
    const target = await planned();
    const held = await hold(target);
    const settled = await ledger.settle(held, { state: 'sent', providerId: 're_1' });
    expect(settled).toMatchObject({ state: 'sent', providerId: 're_1', attempts: 1 });
    const raw = await (
      await bus.bucket('deliveries')
    ).get(`${target.leadId}.email.proftest-result`);
    expect(raw?.string()).not.toContain('aigerim');
    expect(raw?.json()).not.toHaveProperty('owner');
    expect(raw?.json()).not.toHaveProperty('leaseUntil');
    expect(await ledger.find(target)).toEqual(settled);
  });

  test.each(settledStates)(
    '%s is the end: nothing claims, plans or writes it again',
    async (state) => {
      const target = await planned();
      const held = await hold(target);
      const settled = await ledger.settle(held, { state, reason: 'why' });
      now += 10 * LEASE_MS;
      expect(await ledger.claim(target, 'o', LEASE_MS, request)).toEqual({
        kind: 'settled',
        entry: settled,
      });
      expect((await ledger.plan(target, { dueAt })).entry).toEqual(settled);
      await expect(ledger.settle(held, { state: 'failed' })).rejects.toThrow('faster');
      await expect(ledger.release(held, 'x')).rejects.toThrow('faster');
      await expect(ledger.abandon(held, 'x')).rejects.toThrow('faster');
      expect(await ledger.find(target)).toEqual(settled);
    },
  );
});

describe('reading', () => {
  test('gives every delivery of a lead and nobody else’s', async () => {
    const leadId = newId();
    const email = delivery({ leadId });
    const sms = delivery({ leadId, channel: 'sms' });
    for (const each of [email, sms, delivery()]) await ledger.plan(each, { dueAt });
    const entries = await ledger.ofLead(leadId);
    expect(entries.map(({ deliveryId }) => deliveryId).sort()).toEqual(
      [email.deliveryId, sms.deliveryId].sort(),
    );
    expect(await ledger.ofLead(newId())).toEqual([]);
  });

  test('survives a kill of the broker; meanwhile everything is a TransientError', async () => {
    const target = await planned();
    const held = await hold(target);
    await broker.kill();
    await waitFor(() => !bus.isConnected());
    for (const call of [
      () => ledger.find(target),
      () => ledger.ofLead(target.leadId),
      () => ledger.plan(target, { dueAt }),
      () => ledger.claim(target, 'o', LEASE_MS, request),
      () => ledger.settle(held, { state: 'sent' }),
    ]) {
      await expect(call()).rejects.toMatchObject({ name: 'TransientError', outage: true });
    }
    await broker.start();
    await waitFor(() => bus.isConnected());
    expect(await ledger.settle(held, { state: 'sent' })).toMatchObject({ state: 'sent' });
  });
});

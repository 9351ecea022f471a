/** What the ledger dropped of a person goes from a file that others use as well, and their entries stay what they were. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { newId } from '@leadwire/shared/contract/ids';
import { LEDGER_STREAM, createLedger, deliveryOf } from '@leadwire/shared/delivery/ledger';
import type { Ledger } from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { clearLedger } from '../src/person/freed-space.ts';

/** Without the filling. */
const ENTRIES = '$KV.deliveries.*.*.>';
const PHONE = '+77000007721';
/** Of those on each side of the person's own: with them most of a file (4 MB) is in use. */
const NEIGHBOURS = 150;
const REFUSAL = 'refused '.repeat(1_200);

let broker: TestBroker;
let bus: Bus;
let ledger: Ledger;
beforeEach(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
  ledger = createLedger(bus);
});
afterEach(async () => {
  await bus.drain();
  await broker.close();
});

const someSms = () =>
  deliveryOf({ leadId: newId(), channel: 'sms' as const, template: 'proftest-result' });

/** Settled as they were planned: nothing of them is dropped. */
async function addNeighbours(): Promise<void> {
  const settled = { state: 'failed' as const, error: REFUSAL };
  for (let left = NEIGHBOURS; left > 0; left -= 50) {
    const some = Array.from({ length: Math.min(50, left) }, someSms);
    await Promise.all(some.map((sms) => ledger.plan(sms, { dueAt: new Date(), settled })));
  }
}

async function claim(sms: ReturnType<typeof someSms>, to: string) {
  await ledger.plan(sms, { dueAt: new Date() });
  const claimed = await ledger.claim(sms, 'test', 60_000, { to, text: 'Здравствуйте' });
  if (claimed.kind !== 'claimed') throw new Error(`the SMS is ${claimed.kind}`);
  return claimed.entry;
}

/** A ledger in which the person was written to between others. */
async function fillLedger() {
  const [own, held, planned] = [someSms(), someSms(), someSms()];
  await ledger.plan(planned, { dueAt: new Date() });
  await addNeighbours();
  const holding = await claim(held, '+77000007722');
  await ledger.settle(await claim(own, PHONE), { state: 'sent', providerId: '1' });
  await addNeighbours();
  return { own, planned, holding };
}

const filesWith = (word: string) =>
  readdirSync(broker.storeDir!, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.blk'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(word));

async function entriesNow(): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  for await (const { subject, data } of readStream(bus, LEDGER_STREAM, { subject: ENTRIES }))
    entries.set(subject, Buffer.from(data).toString());
  return entries;
}

test('no byte of the person is left in a file that is more than half in use', async () => {
  const { own, planned, holding } = await fillLedger();
  const before = await entriesNow();
  const size = [...before.values()].reduce((sum, text) => sum + text.length, 0);
  expect(size).toBeGreaterThan(2 * 1024 * 1024);
  expect(filesWith(PHONE)).toHaveLength(1);

  await clearLedger(bus, [own.leadId]);
  expect(filesWith(PHONE)).toEqual([]);
  expect(await entriesNow()).toEqual(before);

  // Whoever holds one has the revision that was handed out, and nobody else's claim is disturbed.
  expect(await ledger.settle(holding, { state: 'sent' })).toMatchObject({ state: 'sent' });
  expect(await ledger.claim(planned, 'test', 60_000, {})).toMatchObject({ kind: 'claimed' });
});

test('a broker that dies meanwhile leaves every entry, and the same call again ends it', async () => {
  const { own } = await fillLedger();
  const before = await entriesNow();
  // At the first entry that is stored again, with as many on their way as there may be.
  let killed: Promise<void> | undefined;
  bus.connection().subscribe(ENTRIES, {
    callback: () => {
      killed ??= broker.kill();
    },
  });
  await expect(clearLedger(bus, [own.leadId])).rejects.toThrow('KV_deliveries');
  await killed;
  await broker.start();
  await waitFor(() => bus.isConnected(), { what: 'the connection' });
  await clearLedger(bus, [own.leadId]);
  expect(filesWith(PHONE)).toEqual([]);
  expect(await entriesNow()).toEqual(before);
});

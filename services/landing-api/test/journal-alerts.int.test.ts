import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import type { Bus } from '@leadwire/shared/broker/bus';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createLog } from '@leadwire/shared/runtime/log';
import { readStream } from '@leadwire/shared/broker/read-stream';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { startJournalAlerts } from '../src/intake/journal-alerts.ts';
import type { JournalEntry } from '../src/intake/journal-entry.ts';

let broker: TestBroker;
let bus: Bus;
let watch: BackgroundWork;
let looks = 0;
let entries: JournalEntry[] = [];
/** One entry less at each look. */
let isDraining = false;
const journal = {
  waiting: () => entries,
  depth: () => {
    looks += 1;
    if (isDraining) entries = entries.slice(1);
    return entries.length;
  },
};
const aged = (minutes: number, count: number): JournalEntry[] =>
  Array.from({ length: count }, (_, n) => {
    const receivedAt = Date.now() - minutes * 60_000;
    return { file: `${n}.json`, leadId: String(n), receivedAt } as JournalEntry;
  });
const moreLooks = async () => {
  const before = looks;
  await waitFor(() => looks > before + 3);
};

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'landing-api');
});
beforeEach(() => {
  entries = [];
  const alerts = createAlerts(bus);
  watch = startJournalAlerts({ journal, alerts, log: createLog('test', 'silent'), everyMs: 20 });
});
afterEach(() => watch.stop());
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

const told = async (): Promise<string[]> => {
  const all: string[] = [];
  const subject = 'alerts.critical.journal_not_draining';
  for await (const { json } of readStream(bus, 'ALERTS', { subject })) {
    const { state = 'raised', message } = eventSchemas['alert.raised.v1'].parse(json).data;
    all.push(`${state}: ${message}`);
  }
  return all;
};

test('leads that stay are told once, and once when they are gone; young and shrinking ones are not', async () => {
  entries = aged(2, 50);
  await moreLooks();
  isDraining = true;
  entries = aged(20, 30);
  await waitFor(() => entries.length === 0);
  isDraining = false;
  await moreLooks();
  expect(await told()).toEqual([]);

  entries = aged(7, 3);
  await waitFor(async () => (await told()).length === 1);
  await moreLooks();
  entries = [];
  await waitFor(async () => (await told()).length === 2);
  await moreLooks();
  expect(await told()).toEqual([
    expect.stringMatching(/^raised: 3 leads wait in landing-api's journal, the oldest for 7 min/),
    'resolved: no lead waits in the journal for long any more',
  ]);
});

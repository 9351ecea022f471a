import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
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
import { startDiskAlerts } from '../src/disk-alerts.ts';
import { openJournal } from '../src/intake/journal.ts';
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
  problem: () => undefined,
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

const told = async (what: string): Promise<string[]> => {
  const all: string[] = [];
  const subject = `alerts.critical.${what}`;
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
  expect(await told('journal_not_draining')).toEqual([]);

  entries = aged(7, 3);
  await waitFor(async () => (await told('journal_not_draining')).length === 1);
  await moreLooks();
  entries = [];
  await waitFor(async () => (await told('journal_not_draining')).length === 2);
  await moreLooks();
  expect(await told('journal_not_draining')).toEqual([
    expect.stringMatching(/^raised: 3 leads wait in landing-api's journal, the oldest for 7 min/),
    'resolved: no lead waits in the journal for long any more',
  ]);
});

test('a journal that a disk does not take is told once, and once when it does', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'leadwire-journal-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await watch.stop();
  const log = createLog('test', 'silent');
  const real = await openJournal({ dir: join(dir, 'journal'), log });
  const alerts = createAlerts(bus);
  const look = startJournalAlerts({ journal: real, alerts, log, everyMs: 20 });
  onTestFinished(() => look.stop());

  await rm(join(dir, 'journal'), { recursive: true });
  await writeFile(join(dir, 'journal'), '');
  await real.check();
  await waitFor(async () => (await told('journal_not_writable')).length === 1);
  await rm(join(dir, 'journal'));
  await mkdir(join(dir, 'journal'));
  await real.check();
  await waitFor(async () => (await told('journal_not_writable')).length === 2);
  expect(await told('journal_not_writable')).toEqual([
    expect.stringMatching(/^raised: the journal cannot take leads: there is a file/),
    'resolved: the journal takes leads again',
  ]);
});

test('streams that fill their room are told, and that they were emptied', async () => {
  const log = createLog('test', 'silent');
  const fill = Buffer.alloc(700_000, 'x');
  await bus.publish('calls.test.a', fill);
  const ports = { bus, alerts: createAlerts(bus), log, dir: tmpdir(), everyMs: 20 };
  const look = startDiskAlerts({ ...ports, streamBytes: 1_000_000 });
  onTestFinished(() => look.stop());
  await waitFor(async () => (await told('disk')).length === 1);
  expect((await told('disk'))[0]).toMatch(/^raised: Хранилище событий \(NATS\): занято \d+ %/);
  await (await bus.manager()).streams.purge('CALLS');
  await waitFor(async () => (await told('disk')).at(-1)?.startsWith('resolved: '));
});

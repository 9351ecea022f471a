import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { createLog } from '@leadwire/shared/runtime/log';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { subjects } from '@leadwire/shared/contract/topology';
import { startDrain } from '../src/intake/drain.ts';
import type { Journal } from '../src/intake/journal.ts';
import {
  doubleClickId,
  keyConflictFact,
  publishLead,
  type LeadFact,
} from '../src/intake/lead-fact.ts';
import { createFolder, someFact, type JournalFolder } from './journal-folder.ts';
import { storedLeads } from './start-api.ts';

const log = createLog('landing-api', 'silent');
const idOf = (fact: LeadFact) => fact.event.data.leadId;

let broker: TestBroker;
let bus: Bus;
let folder: JournalFolder;
let journal: Journal;
const drains: BackgroundWork[] = [];

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'landing-api');
});
beforeEach(async () => {
  folder = await createFolder();
  journal = await folder.open();
});
afterEach(async () => {
  await Promise.all(drains.splice(0).map((drain) => drain.stop()));
  await folder.remove();
  const manager = await bus.manager();
  await manager.streams.purge('LEADS');
});
afterAll(async () => {
  await bus?.drain();
  await broker?.close();
});

async function putAll(facts: LeadFact[]): Promise<void> {
  for (const fact of facts) await journal.put(fact);
}

function drainOf(own: Journal): void {
  drains.push(startDrain({ bus, journal: own, log }));
}

/** Two submissions of one content without a key. */
function equalFacts(): [LeadFact, LeadFact] {
  const options = { isKeyed: false, content: newId() };
  return [someFact({}, options), someFact({}, options)];
}

async function drained(): Promise<void> {
  drainOf(journal);
  await waitFor(() => journal.depth() === 0, { what: 'the journal to be empty' });
}

test('entries become leads in the order in which they were put, as the events they are', async () => {
  const facts = Array.from({ length: 60 }, (_, n) => someFact({}, { isKeyed: n % 2 === 0 }));
  await putAll(facts);
  await drained();
  expect(await storedLeads(bus)).toEqual(facts.map(idOf));
  const last = await bus.lastUnder('LEADS', subjects.anyLead(idOf(facts[59]!)));
  expect(last?.event).toEqual(facts[59]!.event);
  expect(last?.header('Leadwire-Content-Hash')).toBe(facts[59]!.contentHash);
  expect(await folder.files('new')).toEqual([]);
});

describe('an entry that the broker has already', () => {
  test.each([
    ['with a key', true, undefined],
    ['without a key', false, 'double click'],
    ['without a key, remembered by nothing but its id', false, undefined],
  ])('%s, because its answer was lost, is one lead', async (_what, isKeyed, remembered) => {
    const fact = someFact({}, { isKeyed });
    await publishLead(bus, fact, remembered ? { msgId: doubleClickId(fact) } : {});
    await journal.put(fact);
    await drained();
    expect(await storedLeads(bus)).toEqual([idOf(fact)]);
    expect(await folder.files('refused')).toEqual([]);
  });

  test('for the same key and content, from another replica, is one lead', async () => {
    const leadId = newId();
    const [theirs, ours] = [someFact({ leadId }), someFact({ leadId })];
    await publishLead(bus, theirs);
    await journal.put(ours);
    await drained();
    expect(await storedLeads(bus)).toEqual([leadId]);
    expect(await folder.files('refused')).toEqual([]);
  });

  test('for the same key and other content is a lead of its own, and the first one stays', async () => {
    const leadId = newId();
    const theirs = someFact({ leadId });
    await publishLead(bus, theirs);
    const next = someFact();
    const other = someFact({ leadId, name: 'Данияр' });
    await putAll([other, next]);
    await drained();
    const otherId = idOf(keyConflictFact(other));
    expect(await storedLeads(bus)).toEqual([leadId, otherId, idOf(next)]);
    expect((await bus.lastUnder('LEADS', subjects.anyLead(leadId)))?.event).toEqual(theirs.event);
    // Killed before the file was gone: the next run finds the lead in its place.
    await journal.put(other);
    await drained();
    expect(await storedLeads(bus)).toHaveLength(3);
    expect(await folder.files('refused')).toEqual([]);
  });
});

describe('an entry without a key', () => {
  test('is not swallowed by an equal lead that the broker remembers', async () => {
    const [earlier, ours] = equalFacts();
    await publishLead(bus, earlier, { msgId: doubleClickId(earlier) });
    await journal.put(ours);
    await drained();
    expect(await storedLeads(bus)).toEqual([earlier, ours].map(idOf));
  });

  test('received just now is remembered by the broker for a second click elsewhere', async () => {
    const [fact, second] = equalFacts();
    await journal.put(fact);
    await drained();
    expect(await publishLead(bus, second, { msgId: doubleClickId(second) })).toMatchObject({
      stored: false,
      existing: { event: { subject: idOf(fact) } },
    });
  });

  test('received long ago is not: by now the same answers are a new lead', async () => {
    const receivedAt = new Date(Date.now() - 10 * 60_000).toISOString();
    const [fact, retake] = equalFacts();
    fact.event.data.receivedAt = receivedAt;
    await journal.put(fact);
    await drained();
    expect(await publishLead(bus, retake, { msgId: doubleClickId(retake) })).toMatchObject({
      stored: true,
    });
  });
});

describe('the entries behind', () => {
  test('one made by hand that is no lead are not held up', async () => {
    const facts = [someFact(), someFact()];
    await putAll(facts);
    await writeFile(folder.path('new', '0000-by-hand.json'), '{ "name": "half');
    await drained();
    expect(await storedLeads(bus)).toEqual(facts.map(idOf));
    expect(await folder.files('refused')).toEqual(['0000-by-hand.json']);
  });

  test('one that the broker refuses by name are not held up, and it is tried again', async () => {
    const { streams } = await bus.manager();
    const limit = (max_msg_size: number) => streams.update('LEADS', { max_msg_size });
    const large = someFact({ answers: { essay: 'х'.repeat(4_000) } });
    const facts = [large, someFact(), someFact()];
    await putAll(facts);
    await limit(4_000);
    drainOf(journal);
    await waitFor(() => journal.depth() === 1, { what: 'the small ones to be taken' });
    expect(await folder.leadIds()).toEqual([idOf(large)]);

    await limit(-1);
    await waitFor(() => journal.depth() === 0, { what: 'the large one to be taken' });
    expect(await storedLeads(bus)).toEqual([facts[1]!, facts[2]!, large].map(idOf));
  });
});

test('two processes that drain one folder make each lead once', async () => {
  const facts = Array.from({ length: 40 }, () => someFact());
  await putAll(facts);
  const other = await folder.open();
  drainOf(other);
  await drained();
  await waitFor(() => other.depth() === 0, { what: 'the other to see it' });
  expect((await storedLeads(bus)).sort()).toEqual(facts.map(idOf).sort());
  expect(await folder.files('refused')).toEqual([]);
});

test('a drain that is stopped leaves the rest for the next one', async () => {
  const facts = Array.from({ length: 100 }, () => someFact());
  await putAll(facts);
  drainOf(journal);
  await waitFor(() => journal.depth() < 100, { what: 'the first to be taken' });
  await drains[0]?.stop();
  const left = await folder.leadIds();
  const stored = await storedLeads(bus);
  expect([...stored, ...left]).toEqual(facts.map(idOf));
  await drained();
  expect(await storedLeads(bus)).toEqual(facts.map(idOf));
});

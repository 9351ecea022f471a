/** The service as it is run, a process of its own, killed and starved. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';
import { createFolder, someFact, type JournalFolder } from './journal-folder.ts';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { answerOf, form, storedLeads, type Answer } from './start-api.ts';

const run = promisify(execFile);
const PROFTEST = '/api/landing/proftest';

let broker: TestBroker;
let folder: JournalFolder;
const services: ServiceProcess[] = [];

beforeEach(async () => {
  [broker, folder] = await Promise.all([startNats(), createFolder()]);
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.kill()));
  await broker.close();
  await folder.remove();
});

async function start(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const service = await startServiceProcess({
    entry: 'services/landing-api/src/main.ts',
    env: {
      NATS_URL: broker.url,
      ADMIN_TOKEN,
      JOURNAL_DIR: folder.dir,
      RATE_LIMIT_PER_MINUTE: '100000',
      FLOOD_LEADS_PER_MINUTE: '100000',
      ...env,
    },
    until: 'listening',
  });
  services.push(service);
  return service;
}

function post({ url }: ServiceProcess, id: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return answerOf(
    fetch(url + PROFTEST, { method: 'POST', headers, body: JSON.stringify(form(id)) }),
  );
}

const entries = async () => (await folder.files('new')).length;
const drained = () =>
  waitFor(async () => (await entries()) === 0, { what: 'the journal to be empty' });

/** What is in the stream, by a connection of its own. */
async function stored(): Promise<string[]> {
  const bus = await openTestBus(broker, 'crash-test');
  try {
    return await storedLeads(bus);
  } finally {
    await bus.drain();
  }
}

test('a drain killed -9 four times among 300 entries loses none, doubles none, keeps their order', async () => {
  const journal = await folder.open();
  const facts = Array.from({ length: 300 }, () => someFact());
  await Promise.all(facts.map((fact) => journal.put(fact)));
  for (const left of [260, 190, 120, 50]) {
    const service = await start();
    await waitFor(async () => (await entries()) <= left, { what: `${left} entries to be left` });
    await service.kill();
    expect(await entries()).toBeGreaterThan(0);
  }
  const survivor = await start();
  await drained();
  expect(await survivor.stop()).toBe(0);
  expect(await stored()).toEqual(facts.map(({ event }) => event.data.leadId));
  expect(await folder.files('refused')).toEqual([]);
});

test('killed -9 while it takes leads without a broker, it loses none that it answered', async () => {
  await broker.kill();
  const first = await start();
  const answered: string[] = [];
  const posts = Array.from({ length: 150 }, async (_, n) => {
    const { status, body } = await post(first, `crash-${n}`);
    if (status === 201) answered.push(String(body['leadId']));
  });
  const allOver = Promise.allSettled(posts);
  await waitFor(() => answered.length >= 40, { what: '40 leads to be taken' });
  await first.kill();
  await allOver;
  expect(await folder.leadIds()).toEqual(expect.arrayContaining(answered));

  await broker.start();
  await start();
  await drained();
  const leads = await stored();
  expect(leads).toEqual(expect.arrayContaining(answered));
  expect(new Set(leads).size).toBe(leads.length);
});

test('ended with SIGTERM while the broker is away, it answers what came and keeps what it holds', async () => {
  await broker.kill();
  const first = await start();
  const posts = Array.from({ length: 30 }, (_, n) => post(first, `term-${n}`));
  await Promise.race(posts);
  expect(await first.stop()).toBe(0);
  const answers = await Promise.allSettled(posts);
  const taken = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(new Set(taken.map(({ status }) => status))).toEqual(new Set([201]));
  const ids = taken.map(({ body }) => body['leadId']);
  expect([...(await folder.leadIds())].sort()).toEqual([...ids].sort());
  expect(await folder.files('tmp')).toEqual([]);
});

test('on a disk that takes nothing more, a lead gets a 503, and it says why until there is room', async () => {
  await broker.kill();
  const service = await start();
  const ready = async () => {
    const { status, body } = await answerOf(fetch(`${service.url}/readyz`));
    return { status, problem: body['problem'] };
  };
  expect((await post(service, 'fits')).status).toBe(201);

  // The kernel's limit on the size of files stands in for a full disk: no write gets through.
  await run('prlimit', ['--pid', String(service.pid), '--fsize=0:']);
  const refused = await post(service, 'no-room');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  const reason = 'the journal cannot take leads: the limit on the size of files is reached (EFBIG)';
  expect(await ready()).toMatchObject({ status: 503, problem: expect.stringContaining(reason) });
  expect(service.logs).toContainEqual(expect.objectContaining({ level: 'error', msg: reason }));
  expect(await folder.files('tmp')).toEqual([]);
  expect(await entries()).toBe(1);

  await run('prlimit', ['--pid', String(service.pid), '--fsize=unlimited:']);
  await waitFor(async () => (await ready()).status === 200, { what: 'it to be ready again' });
  expect((await post(service, 'no-room')).status).toBe(201);
  expect(JSON.stringify(service.logs)).not.toMatch(/aigerim|Айгерим|7051234567|123-45-67/);
});

test('takes a lead, keeps contact data out of its log and ends cleanly', async () => {
  const service = await start({ LOG_LEVEL: 'trace' });
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).ok);
  expect((await post(service, 'process')).status).toBe(201);
  await fetch(`${service.url}/nothing?phone=87051234567&email=aigerim@mail.kz`);
  expect(await service.stop()).toBe(0);
  const log = JSON.stringify(service.logs);
  expect(log).toContain('"outcome":"created"');
  expect(log).not.toMatch(/aigerim|Айгерим|7051234567|123-45-67/);
});

test('a bad variable stops it with its name and what was expected', async () => {
  await expect(start({ ADMIN_TOKEN: 'short', CORS_ORIGINS: '*' })).rejects.toThrow(
    /ADMIN_TOKEN: expected a secret[\s\S]*CORS_ORIGINS: expected exact origins/,
  );
});

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '@leadwire/testing/nats';
import { startTcpProxy, type TcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';
import { newId } from '@leadwire/shared/contract/ids';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import type { JournalFolder } from './journal-folder.ts';
import { createStage, drained, idOf, lose, statuses } from './outage-stage.ts';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { form, storedLeads, type Answer, type TestApi } from './start-api.ts';

const PROFTEST = '/api/landing/proftest';
const unavailable = {
  status: 503,
  body: { success: false, error: expect.any(String), issues: [] },
};

const stage = createStage();
const { startBroker, startFolder, start, startThenLose } = stage;
afterEach(() => stage.close());

async function gauges({ url }: TestApi): Promise<Record<string, number>> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const text = await (await fetch(`${url}/metrics`, { headers })).text();
  const lines = text.matchAll(/^journal_(\w+)\{[^}]*\} (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value]) => [name, Number(value)]));
}

test('without a broker from the start a lead is taken at once, shown, counted, and carried over', async () => {
  const broker = await startBroker();
  await broker.kill();
  const folder = await startFolder();
  const api = await start(broker, { away: true, folder });
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200);

  const startedAt = Date.now();
  const taken = await api.post(PROFTEST, form('early'));
  expect(Date.now() - startedAt).toBeLessThan(5_000);
  expect(taken).toMatchObject({ status: 201, body: { success: true } });
  expect(await folder.leadIds()).toEqual([idOf(taken)]);
  const pending = { sent: false, status: 'pending' };
  expect(await api.status(idOf(taken))).toMatchObject({
    status: 200,
    body: { lead: { email: 'aigerim.early@mail.kz' }, channels: { email: pending, sms: pending } },
  });
  expect(await api.status(newId())).toMatchObject(unavailable);
  await waitFor(async () => (await gauges(api))['oldest_seconds']! > 0.5);
  expect(await gauges(api)).toMatchObject({ depth: 1, refused: 0, writable: 1 });

  await broker.start();
  await drained(api);
  expect(await api.lead(idOf(taken))).toMatchObject({ email: 'aigerim.early@mail.kz' });
  expect(await gauges(api)).toMatchObject({ depth: 0, oldest_seconds: 0 });
  expect(await api.post(PROFTEST, form('early'))).toMatchObject({
    status: 200,
    body: { leadId: idOf(taken) },
  });
});

describe('a broker killed under load', () => {
  test('costs no lead and doubles none: 240 forms, every 201 is in the stream once', async () => {
    const broker = await startBroker();
    const api = await start(broker);
    const posts: Promise<Answer>[] = [];
    const send = (count: number) => {
      for (let n = 0; n < count; n += 1) {
        const headers = posts.length % 2 ? { 'idempotency-key': newId() } : {};
        posts.push(api.post(PROFTEST, form(`load-${posts.length}`), headers));
      }
    };
    send(100);
    await Promise.race(posts);
    await broker.kill();
    send(70);
    await waitFor(() => api.journal.depth() > 0, { what: 'the journal to take leads' });
    await broker.start();
    send(70);
    const answers = await Promise.all(posts);
    expect(new Set(statuses(answers))).toEqual(new Set([201]));
    await drained(api);
    expect((await storedLeads(api.bus)).sort()).toEqual(answers.map(idOf).sort());
  });

  test('new leads go past a journal that is being drained', async () => {
    const folder = await startFolder();
    const { broker, api } = await startThenLose({ folder });
    const posts = Array.from({ length: 150 }, (_, n) => api.post(PROFTEST, form(`old-${n}`)));
    const old = (await Promise.all(posts)).map(idOf);
    expect(await folder.files('new')).toHaveLength(150);
    const order = await folder.leadIds();

    await broker.start();
    await waitFor(() => api.bus.isConnected() && api.journal.depth() < 150);
    const young: string[] = [];
    while (api.journal.depth() > 0) {
      young.push(idOf(await api.post(PROFTEST, form(`young-${young.length}`))));
    }
    const stored = await storedLeads(api.bus);
    expect(young.length).toBeGreaterThan(0);
    expect(stored.filter((leadId) => old.includes(leadId))).toEqual(order);
    expect([...stored].sort()).toEqual([...old, ...young].sort());
  });
});

describe('a broker that is there and does not answer', () => {
  async function startBehindProxy(folder?: JournalFolder): Promise<[TestApi, TcpProxy]> {
    const broker = await startBroker();
    const proxy = await startTcpProxy(Number(new URL(broker.url).port), await freePort());
    stage.onClose(() => proxy.close());
    const env = { INTAKE_TIMEOUT_MS: '300' };
    const url = `nats://127.0.0.1:${proxy.port}`;
    return [await start({ url }, { env, ...(folder && { folder }) }), proxy];
  }

  test.each([
    ['drop answers', 'stored the lead'],
    ['black hole', 'did not store the lead'],
  ] as const)('(%s: it %s) has its time, then the journal takes it, once', async (fault, _what) => {
    const [api, proxy] = await startBehindProxy();
    proxy.spoil(fault);
    const startedAt = Date.now();
    const clicks = [1, 2].map(() => api.post(PROFTEST, form('slow')));
    const keyed = api.post(PROFTEST, form('keyed'), { 'idempotency-key': newId() });
    const answers = await Promise.all([...clicks, keyed]);
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    expect(statuses(answers).sort()).toEqual([200, 201, 201]);
    answers.push(await api.post(PROFTEST, form('slow')));
    expect(answers[3]?.status).toBe(200);
    expect(await api.status(idOf(answers[3]!))).toMatchObject({ status: 200 });

    proxy.spoil(undefined);
    proxy.cut();
    await drained(api);
    expect((await storedLeads(api.bus)).sort()).toEqual([...new Set(answers.map(idOf))].sort());
  });

  test('is waited for when the journal cannot take the lead', async () => {
    const folder = await startFolder();
    const [api, proxy] = await startBehindProxy(folder);
    await rm(folder.dir, { recursive: true });
    await writeFile(folder.dir, 'a file in its place');
    proxy.spoil('black hole');
    const posted = api.post(PROFTEST, form('patient'));
    await waitFor(() => api.journal.problem(), { what: 'the journal to be tried' });
    proxy.spoil(undefined);
    // The client repeats a publish that was not answered for three seconds.
    expect(await posted).toMatchObject({ status: 201 });
    expect(await api.lead(idOf(await posted))).toMatchObject({ email: 'aigerim.patient@mail.kz' });
  });
});

test('with neither broker nor journal a form is told to come back, and monitoring why', async () => {
  const folder = await startFolder();
  const broker = await startBroker();
  const api = await start(broker, { folder });
  const link = await createShortLinks(api.bus).ensure(
    { deliveryId: newId(), leadId: newId(), channel: 'sms', template: 'proftest-result' },
    'https://leadwire.kz/result',
  );
  await rm(folder.dir, { recursive: true });
  await writeFile(folder.dir, 'a file in its place');
  // One disk is enough.
  await api.journal.check();
  expect((await api.post(PROFTEST, form('broker'))).status).toBe(201);
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
  expect(await gauges(api)).toMatchObject({ writable: 0 });

  await lose(broker, api);
  const refused = await api.post(PROFTEST, form('nowhere'));
  expect(refused).toMatchObject(unavailable);
  expect(refused.headers.get('retry-after')).toBe('5');
  const readiness = await fetch(`${api.url}/readyz`);
  expect(readiness.status).toBe(503);
  expect(((await readiness.json()) as { problem: string }).problem).toMatch(
    /^the broker does not take leads, and the journal cannot take leads: there is a file/,
  );
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  // Bad input is bad whether there is a disk or not, and a link needs the broker.
  expect(await api.post(PROFTEST, '{')).toMatchObject({ status: 400 });
  const visitor = await fetch(`${api.url}/s/${link.code}`, { redirect: 'manual' });
  expect(visitor.status).toBe(503);
  expect(await visitor.text()).toContain('Попробуйте ещё раз');

  await rm(folder.dir);
  await mkdir(folder.dir);
  await waitFor(async () => (await fetch(`${api.url}/readyz`)).ok, { what: 'it to be ready' });
  expect((await api.post(PROFTEST, form('nowhere'))).status).toBe(201);
});

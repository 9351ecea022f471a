/** More leads than can be real are stored and held; people are told once, and real leads can be let out. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { releaseLeads } from '@leadwire/operations/leads/release';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { createLog } from '@leadwire/shared/runtime/log';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { createFloodGate } from '../src/intake/flood-gate.ts';
import { form, startApi, type TestApi } from './start-api.ts';

const PROFTEST = '/api/landing/proftest';
const LIMIT = 20;
const FLOOD = 120;
const silent = () => Promise.resolve();
const REAL = ['before-1', 'before-2', 'before-3'];

interface Rate {
  flood: { held: number } | null;
}

let broker: TestBroker;
let replicas: TestApi[];

beforeAll(async () => {
  broker = await startNats();
  const env = { FLOOD_LEADS_PER_MINUTE: String(LIMIT), TRUST_PROXY: 'loopback' };
  replicas = [await startApi(broker, { env }), await startApi(broker, { env })];
});
afterAll(async () => {
  await Promise.all(replicas.map((api) => api.stop()));
  await broker.close();
});

async function idsUnder(subject: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const message of readStream(replicas[0]!.bus, 'LEADS', { subject })) {
    ids.push(message.subject.split('.').at(-1)!);
  }
  return ids;
}

async function alerts(what: string): Promise<Alert[]> {
  const found: Alert[] = [];
  const subject = subjects.alert('*', what);
  for await (const { json } of readStream(replicas[0]!.bus, 'ALERTS', { subject })) {
    found.push((json as { data: Alert }).data);
  }
  return found;
}

test('a flood from many addresses is held on every replica, told once, and let out once', async () => {
  const [one, other] = replicas as [TestApi, TestApi];
  for (const id of REAL) expect((await one.post(PROFTEST, form(id))).status).toBe(201);

  const flood = Array.from({ length: FLOOD }, (_, n) => n);
  const post = async (n: number) => {
    const from = { 'x-forwarded-for': `203.0.113.${n % 250}` };
    const { status, body } = await one.post(PROFTEST, form(`flood-${n}`), from);
    return { status, leadId: String(body['leadId']) };
  };
  const answers = await Promise.all(flood.map(post));
  // Nobody is refused, whatever they are.
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  const created = await idsUnder('leads.created.*.*');
  expect(created).toHaveLength(LIMIT);
  const held = answers.filter(({ leadId }) => !created.includes(leadId));
  // Nobody keeps what is never let out; what came in by itself stays as long as its stream.
  const ageOf = async (leadId: string) =>
    (await one.bus.lastUnder('LEADS', subjects.anyLead(leadId)))?.header('Nats-TTL');
  expect(await ageOf(held[0]!.leadId)).toBe('720h');
  expect(await ageOf(created[0]!)).toBeUndefined();
  expect((await one.status(held[0]!.leadId)).body).toMatchObject({
    lead: { quarantined: true, quarantine: 'flood' },
    channels: { sms: { status: 'skipped' } },
  });

  const alert = await waitFor(async () => (await alerts('flood'))[0]);
  expect(alert).toMatchObject({
    severity: 'critical',
    message: expect.stringContaining(`порог ${LIMIT}`),
    release: { reason: 'flood', since: expect.any(String) },
  });
  // The other replica hears of it from the broker.
  let n = 0;
  await waitFor(
    async () => {
      const { body } = await other.post(PROFTEST, form(`other-${(n += 1)}`));
      const { body: status } = await other.status(String(body['leadId']));
      return (status['lead'] as { quarantined: boolean }).quarantined;
    },
    { what: 'the other replica to hold leads' },
  );
  expect(await alerts('flood')).toHaveLength(1);

  const chosen = held.slice(0, 3).map(({ leadId }) => leadId);
  const parts = { bus: one.bus, actor: 'test' };
  await Promise.all([1, 2].map(() => releaseLeads(parts, { leadIds: chosen })));
  expect((await idsUnder('leads.released.*.*')).sort()).toEqual([...chosen].sort());
  // A release is no lead that came.
  expect((await one.status(chosen[0]!)).body).toMatchObject({ lead: { quarantined: false } });
});

test('it is over when a minute has brought half of that, and the end is told with the number held', async () => {
  const { bus } = replicas[0]!;
  const ended = async () => (await alerts('flood')).find(({ state }) => state === 'resolved');
  // Both replicas have put what they held into the shared count, or a minute has gone by already.
  const shared = async () => (await (await bus.bucket('limits')).get('intake_rate'))?.json<Rate>();
  await waitFor(
    async () => ((await shared())?.flood?.held ?? 0) >= FLOOD - LIMIT || (await ended()),
  );
  const inTwoMinutes = () => Date.now() + 120_000;
  const log = createLog('landing-api', 'silent');
  const gate = createFloodGate({
    bus,
    alerts: createAlerts(bus),
    log,
    limit: LIMIT,
    now: inTwoMinutes,
  });
  const work = gate.start();
  try {
    const told = await waitFor(ended);
    expect(told).toMatchObject({ release: { reason: 'flood' } });
    expect(told.message).toMatch(/Удержано заявок: 1\d\d/);
    expect(gate.arrive().isHeld).toBe(false);
  } finally {
    await work.stop();
  }
});

test('repeats of one lead are no flood', async () => {
  const api = await startApi(broker, { env: { FLOOD_LEADS_PER_MINUTE: '1000' } });
  try {
    const gate = createFloodGate({
      bus: api.bus,
      alerts: { raise: silent, resolve: silent },
      log: createLog('landing-api', 'silent'),
      limit: 2,
    });
    for (let n = 0; n < 10; n += 1) gate.arrive().cancel();
    expect([gate.arrive().isHeld, gate.arrive().isHeld, gate.arrive().isHeld]).toEqual([
      false,
      false,
      true,
    ]);
  } finally {
    await api.stop();
  }
});

test('a held lead that could be reached is told of once, with what lets it out', async () => {
  const api = replicas[0]!;
  const trap = { lw_topic: 'x', website: 'https://aisulu.leadwire-sample.kz' };
  await api.post(PROFTEST, { name: 'Айсулу', phone: '8 705 000 01 12', ...trap });
  const [alert] = await waitFor(async () => {
    const found = await alerts('quarantined');
    return found.length > 0 ? found : undefined;
  });
  expect(alert).toMatchObject({
    severity: 'warning',
    message: expect.stringContaining('контактами: 1'),
    release: { reason: 'honeypot' },
  });
  // What it names lets the lead out, and with the last of them it is over.
  const { since } = alert!.release!;
  const selection = { since: new Date(since), reason: 'honeypot' } as const;
  const { released } = await releaseLeads({ bus: api.bus, actor: 'test' }, selection);
  expect(released).toHaveLength(1);
  expect((await alerts('quarantined')).map(({ state }) => state)).toEqual([undefined, 'resolved']);
});

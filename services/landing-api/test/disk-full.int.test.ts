/** A disk that fills: people are told at 70 %, messages stop when the broker has no room, and leads are taken all the same. */
import { afterEach, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { createLedger, deliveryOf } from '@leadwire/shared/delivery/ledger';
import type { Bus } from '@leadwire/shared/broker/bus';
import { startNats } from '@leadwire/testing/nats';
import { waitFor } from '@leadwire/testing/wait-for';
import { createStage, drained, idOf, statuses } from './outage-stage.ts';
import { form, type TestApi } from './start-api.ts';

const PROFTEST = '/api/landing/proftest';
const ROOM = '16MB';
const ROOM_BYTES = 16 * 1024 * 1024;
const MESSAGE = new Uint8Array(256 * 1024);

const stage = createStage();
afterEach(() => stage.close());

const storedBytes = async (bus: Bus) => (await (await bus.manager()).getAccountInfo()).storage;
/** Publishes calls to providers, the most numerous facts there are. */
const addCall = (bus: Bus) => bus.publish('calls.resend.200', MESSAGE, { msgId: newId() });
const lastAlert = async ({ bus }: TestApi) =>
  (await bus.lastUnder('ALERTS', 'alerts.critical.disk'))?.event;
const messageOf = (leadId: string) =>
  deliveryOf({ leadId, channel: 'sms' as const, template: 'proftest-result' });

test('it is told at 70 %; full, nothing is sent any more, and every lead is still taken and carried over', async () => {
  const broker = await startNats({ maxStore: ROOM });
  stage.onClose(() => broker.close());
  const env = { NATS_MAX_STORE: ROOM };
  const calm = await stage.start(broker, { env });
  while ((await storedBytes(calm.bus)) < 0.75 * ROOM_BYTES) await addCall(calm.bus);
  await calm.stop();

  const folder = await stage.startFolder();
  const api = await stage.start(broker, { env, folder });
  const told = await waitFor(() => lastAlert(api), { what: 'the alert' });
  expect(JSON.stringify(told)).toMatch(/Хранилище событий \(NATS\): занято 7\d %/);

  const ledger = createLedger(api.bus);
  const planned = messageOf(newId());
  await ledger.plan(planned, { dueAt: new Date() });
  const full = async (): Promise<never> => {
    for (;;) await addCall(api.bus);
  };
  await expect(full()).rejects.toMatchObject({ name: 'TransientError' });
  // Whoever would send has to write that first.
  await expect(ledger.claim(planned, 'test', 60_000, {})).rejects.toThrow('insufficient resources');
  const answers = await Promise.all(
    ['full-1', 'full-2', 'full-3'].map((name) => api.post(PROFTEST, form(name))),
  );
  expect(statuses(answers)).toEqual([201, 201, 201]);
  expect((await folder.leadIds()).sort()).toEqual(answers.map(idOf).sort());

  await (await api.bus.manager()).streams.purge('CALLS');
  await drained(api);
  for (const answer of answers) expect(await api.lead(idOf(answer))).toBeDefined();
  expect(await api.countLeads()).toBe(3);
  expect(await ledger.claim(planned, 'test', 60_000, {})).toMatchObject({ kind: 'claimed' });
  await api.stop();
  const after = await stage.start(broker, { env, folder });
  await waitFor(async () => JSON.stringify(await lastAlert(after)).includes('resolved'), {
    what: 'the end of the alert',
  });
});

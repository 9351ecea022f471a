import { describe, expect, test } from 'vitest';
import qs from 'qs';
import { ownStages } from '../src/amocrm/store/seed.ts';
import { amo, makeLead, manyCalls, PIPELINE, type List } from './amocrm-calls.ts';
import { openReceiver, openSandbox, type Received } from './sandbox-calls.ts';

const MINUTE_MS = 60_000;
const STATUS_ONLY = ['status_lead'] as const;

type Item = Record<string, string>;
const leadsOf = ({ body }: Received, event: string) =>
  (qs.parse(body, { depth: 6 }) as { leads?: Record<string, Item[]> }).leads?.[event];
const eventsOf = (received: Received[]) =>
  received.flatMap(({ body }) => Object.keys((qs.parse(body) as { leads?: object }).leads ?? {}));

describe('a change of a deal', () => {
  test('is told as a form of strings: one call for the stage and one for the update', async () => {
    const { url, received } = await openReceiver();
    const sandbox = await openSandbox({
      amocrm: { webhooks: [{ url, settings: ['status_lead', 'update_lead'] }] },
    });
    const { id } = await makeLead(sandbox);
    await amo(sandbox, 'PATCH', `/api/v4/leads/${id}`, { status_id: ownStages.kaspi });
    await sandbox.control.advance(0);
    expect(eventsOf(received).sort()).toEqual(['status', 'update']);
    const [told] = received.flatMap((each) => leadsOf(each, 'status') ?? []);
    expect(told).toMatchObject({
      id: String(id),
      status_id: String(ownStages.kaspi),
      old_status_id: '83201002',
      pipeline_id: String(PIPELINE),
      modified_user_id: '9100001',
      account_id: '31850330',
    });
    expect(received[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  test('by a manager carries the manager, several deals share a call', async () => {
    const { url, received } = await openReceiver();
    const sandbox = await openSandbox({
      amocrm: { ...manyCalls.amocrm, webhooks: [{ url, settings: [...STATUS_ONLY] }] },
    });
    const first = await makeLead(sandbox);
    const second = await makeLead(sandbox);
    await sandbox.control.amocrm.moveLead(first.id, ownStages.halyk);
    await amo(sandbox, 'PATCH', '/api/v4/leads', [
      { id: first.id, status_id: ownStages.lesson1 },
      { id: second.id, status_id: ownStages.lesson1 },
    ]);
    await sandbox.control.advance(0);
    const told = received.map((each) => leadsOf(each, 'status') ?? []);
    const byManager = told.find((items) => items.length === 1);
    expect(byManager?.[0]?.['modified_user_id']).toBe('9100002');
    const together = told.find((items) => items.length === 2);
    expect(together?.map((item) => item['id'])).toEqual([String(first.id), String(second.id)]);
  });

  test('a deletion tells where the deal was', async () => {
    const { url, received } = await openReceiver();
    const sandbox = await openSandbox({
      amocrm: { webhooks: [{ url, settings: ['delete_lead'] }] },
    });
    const { id } = await makeLead(sandbox);
    await sandbox.control.amocrm.deleteLead(id);
    await sandbox.control.advance(0);
    expect(leadsOf(received[0] as Received, 'delete')).toEqual([
      { id: String(id), status_id: '83201002', pipeline_id: String(PIPELINE) },
    ]);
  });
});

describe('delivery', () => {
  test.each([
    [404, 3],
    [500, 5],
  ])('an answer of %i is tried %i times in all', async (status, attempts) => {
    const { url, received } = await openReceiver(Array<number>(10).fill(status));
    const sandbox = await openSandbox({
      amocrm: { webhooks: [{ url, settings: [...STATUS_ONLY] }] },
    });
    const { id } = await makeLead(sandbox);
    await sandbox.control.amocrm.moveLead(id, ownStages.kaspi);
    await sandbox.control.advance(5 * MINUTE_MS);
    expect(received).toHaveLength(2);
    await sandbox.control.advance(24 * 60 * MINUTE_MS);
    expect(received).toHaveLength(attempts);
  });

  test('a hook that fails too often is switched off until it is saved again', async () => {
    const { url, received } = await openReceiver(Array<number>(101).fill(403));
    const sandbox = await openSandbox({
      amocrm: { ...manyCalls.amocrm, webhooks: [{ url, settings: [...STATUS_ONLY] }] },
    });
    const { id } = await makeLead(sandbox);
    for (let move = 0; move < 101; move++) {
      const to = move % 2 === 0 ? ownStages.kaspi : ownStages.halyk;
      await sandbox.control.amocrm.moveLead(id, to);
    }
    await sandbox.control.advance(0);
    expect((await sandbox.control.amocrm.hooks()).disabled).toEqual([url]);
    await sandbox.control.advance(60 * MINUTE_MS);
    const before = received.length;
    await sandbox.control.amocrm.moveLead(id, ownStages.lesson1);
    await sandbox.control.advance(0);
    expect(received).toHaveLength(before);
    await sandbox.control.amocrm.enableHooks();
    await sandbox.control.amocrm.moveLead(id, ownStages.lesson2);
    await sandbox.control.advance(0);
    expect(received).toHaveLength(before + 1);
  });

  test('can be doubled and put into the wrong order', async () => {
    const { url, received } = await openReceiver();
    const trouble = { duplicates: 1, reorder: true };
    const sandbox = await openSandbox({
      amocrm: { webhooks: [{ url, settings: [...STATUS_ONLY], trouble }] },
    });
    const { id } = await makeLead(sandbox);
    await sandbox.control.amocrm.moveLead(id, ownStages.lesson1);
    await sandbox.control.amocrm.moveLead(id, ownStages.lesson2);
    await sandbox.control.advance(1_000);
    const stages = received.map((each) => leadsOf(each, 'status')?.[0]?.['status_id']);
    const [one, two] = [String(ownStages.lesson1), String(ownStages.lesson2)];
    expect(stages).toEqual([two, two, one, one]);
  });
});

test('a program subscribes, looks and leaves by itself', async () => {
  const { url, received } = await openReceiver();
  const sandbox = await openSandbox(manyCalls);
  const wrong = { destination: url, settings: ['update_task'] };
  expect((await amo(sandbox, 'POST', '/api/v4/webhooks', wrong)).status).toBe(400);
  const hook = { destination: url, settings: ['add_lead'] };
  expect((await amo(sandbox, 'POST', '/api/v4/webhooks', hook)).status).toBe(200);
  const query = `filter[destination]=${encodeURIComponent(url)}`;
  const listed = await amo<List<'webhooks', { disabled: boolean }>>(
    sandbox,
    'GET',
    `/api/v4/webhooks?${query}`,
  );
  expect(listed.body._embedded.webhooks).toMatchObject([{ ...hook, disabled: false }]);
  await makeLead(sandbox);
  await sandbox.control.advance(0);
  expect(eventsOf(received)).toEqual(['add']);
  expect((await amo(sandbox, 'DELETE', '/api/v4/webhooks', hook)).status).toBe(204);
  expect((await amo(sandbox, 'DELETE', '/api/v4/webhooks', hook)).status).toBe(404);
});

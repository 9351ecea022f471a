/** Whose a deal becomes when its lead was taken in Telegram: AmoCRM and the map as they stand in memory. */
import { expect, test } from 'vitest';
import { makeEvent } from '@leadwire/shared/contract/events';
import { SnoozeError } from '@leadwire/shared/errors';
import { createLog } from '@leadwire/shared/runtime/log';
import { createStaffUsers } from '../src/staff-users.ts';
import { createGiveDeal, type TakenPorts } from '../src/taken.ts';

const LEAD = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001';
const STAFF = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0002';
const NOW = Date.parse('2026-11-29T10:00:00.000Z');
const event = (at = new Date(NOW).toISOString()) =>
  makeEvent('crm.lead_taken.v1', {
    source: 'test',
    subject: LEAD,
    data: { leadId: LEAD, staffId: STAFF, at },
  });

function office(
  more: { active?: boolean; dealId?: number | undefined; effect?: TakenPorts['effect'] } = {},
) {
  const { active = true, effect = 'task' } = more;
  const dealId = 'dealId' in more ? more.dealId : 7;
  const deal = { id: 7, status_id: 1, pipeline_id: 1, responsible_user_id: 1 };
  const tasks: { id: number; text: string; userId: number; until: number }[] = [];
  const calls: string[] = [];
  const told: unknown[] = [];
  const data = {
    staffId: STAFF,
    email: 'Dana@leadwire-sample.kz',
    name: 'Дана',
    role: 'sales' as const,
    utmSources: [],
    active,
    at: event().data.at,
  };
  const staff = makeEvent('staff.changed.v1', { source: 'test', subject: STAFF, data });
  const give = createGiveDeal({
    effect,
    now: () => NOW,
    log: createLog('test', 'silent'),
    staffUsers: createStaffUsers({
      bus: { lastUnder: () => Promise.resolve({ event: staff } as never) },
      amocrm: {
        users: () =>
          Promise.resolve([
            { id: 1, email: 'crm@leadwire-sample.kz' },
            { id: 2, email: 'dana@leadwire-sample.kz' },
          ]),
      },
      everybody: () => Promise.resolve([data]),
    }),
    leases: {
      acquire: () =>
        Promise.resolve({ renew: () => Promise.resolve(), release: () => Promise.resolve() }),
    },
    responsible: {
      follow({ responsible_user_id: userId }, except) {
        told.push([userId, except]);
        return Promise.resolve();
      },
    },
    map: { lead: () => Promise.resolve({ state: 'done', dealId } as never) },
    amocrm: {
      deal: () => Promise.resolve(deal),
      updateDeal(_id, patch) {
        calls.push('update');
        Object.assign(deal, patch);
        return Promise.resolve();
      },
      openTasks: () => Promise.resolve(tasks),
      addTask({ userId, text, until }) {
        tasks.push({ id: tasks.length + 1, userId, text, until });
        return Promise.resolve();
      },
    },
  });
  return { give, deal, tasks, calls, told };
}

test('the deal and a task for the next hour are theirs, however often it is told', async () => {
  const { give, deal, tasks, calls, told } = office();
  await give(event());
  await give(event());
  // Other leads of the deal go with it; the lead itself was told by who took it.
  expect(told).toEqual([
    [2, LEAD],
    [2, LEAD],
  ]);
  expect([deal.responsible_user_id, calls, tasks]).toEqual([
    2,
    ['update'],
    [{ id: 1, userId: 2, text: expect.stringContaining('Связаться'), until: NOW / 1_000 + 3_600 }],
  ]);
});

test('a task is given where it is wanted, and nothing where nothing is', async () => {
  const some = office({ effect: 'responsible' });
  await some.give(event());
  expect([some.deal.responsible_user_id, some.tasks]).toEqual([2, []]);
  const none = office({ effect: 'off' });
  await none.give(event());
  expect(none.deal.responsible_user_id).toBe(1);
});

test('somebody who does not work here any more gets nothing', async () => {
  const { give, deal } = office({ active: false });
  await give(event());
  expect(deal.responsible_user_id).toBe(1);
});

test('a deal that is still being made is waited for, and given up after an hour', async () => {
  const { give } = office({ dealId: undefined });
  await expect(give(event())).rejects.toBeInstanceOf(SnoozeError);
  await give(event('2026-11-29T08:59:00.000Z'));
});

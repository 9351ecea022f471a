import { expect, test } from 'vitest';
import { AmbiguousError, SnoozeError, toError } from '@leadwire/shared/errors';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import type { TelegramNotice } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { createBackoff } from '../src/groups/backoff.ts';
import { MOST_TRIES, createRelay, type RelayPorts } from '../src/handler.ts';

const at = '2026-01-05T10:00:00.000Z';
const group: TelegramGroup = {
  groupId: newId(),
  bot: 'leads',
  chatId: '-100',
  formerChatIds: [],
  title: 'Отдел продаж',
  leadKinds: [],
  state: 'active',
  activatedAt: at,
  createdAt: at,
  changedAt: at,
};
const lost = new AmbiguousError('Telegram: no answer', { outage: true });

/** A relay whose Telegram is well and loses every answer. */
function relay(more: Partial<RelayPorts> = {}) {
  const lead = someLead();
  const delivery = { deliveryId: newId(), leadId: lead.leadId, channel: 'telegram' as const };
  const due = { ...delivery, template: group.groupId, lead };
  const entry = { ...due, state: 'planned', dueAt: at, attempts: 0 } as const;
  const held = { entry: { ...entry, leaseUntil: '2099-01-01T00:00:00.000Z' }, revision: 1 };
  const ports = {
    groups: { byId: () => Promise.resolve(group), list: () => Promise.resolve([group]) },
    ledger: {
      find: () => Promise.resolve(entry),
      claim: () => Promise.resolve({ kind: 'claimed', entry: held }),
      abandon: () => Promise.resolve(),
    },
    sender: {
      turn: () => Promise.resolve(),
      say: () => Promise.reject(lost),
      answers: () => Promise.resolve(true),
    },
    outages: createBackoff({ firstMs: 1, longestMs: 1 }),
    refusals: createBackoff({ firstMs: 1, longestMs: 1 }),
    newsOf: () => Promise.resolve({ lead, dealUrl: undefined, leadUrl: undefined }),
    areGroupsKnown: () => true,
    groupRatePerMinute: 20,
    timeZone: 'Asia/Almaty',
    owner: 'test',
    ...more,
  } as unknown as RelayPorts;
  const { sendNotice, planLead } = createRelay(ports);
  const send = (attempt: number) =>
    sendNotice({ data: due } as TelegramNotice, { attempt }).catch(toError);
  return { send, planLead };
}

test('a notice whose answer is lost again and again ends as a dead letter, never in silence', async () => {
  const { send } = relay();
  expect(await send(MOST_TRIES - 1)).toMatchObject({ name: 'AmbiguousError', outage: false });
  expect(await send(MOST_TRIES)).toMatchObject({ name: 'PermanentError', code: 'no_answer' });
});

test('no lead is planned before the groups are known', async () => {
  const { planLead } = relay({ areGroupsKnown: () => false });
  await expect(planLead(leadCreated(someLead()))).rejects.toThrow(SnoozeError);
});
